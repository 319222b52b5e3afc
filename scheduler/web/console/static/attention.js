// One key a verdict: it presses the button of the row that has the focus.
"use strict";

let sent = false;
const rowOf = (element) => element.closest("[data-keys] tbody tr");
const firstButton = (row) => row?.querySelector("button[data-key]");

document.addEventListener("keydown", (event) => {
  const row = event.target instanceof Element ? rowOf(event.target) : null;
  if (!row || sent || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  const beside = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
  const button = beside ? null : row.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (beside) firstButton(beside)?.focus();
  else button?.click();
  if (beside || button) event.preventDefault();
});
document.addEventListener("submit", () => { sent = true; });
window.addEventListener("pageshow", () => { sent = false; });
