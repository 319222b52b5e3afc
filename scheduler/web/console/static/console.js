// What makes pages live. Every page works without it.
"use strict";

// Times in the reader's zone, with the contact's beside them.
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const written = (moment, zone) =>
  new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone }).format(moment);
function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const zone = time.dataset.zone;
    let text = written(moment, own);
    if (zone && zone !== own) {
      try { text += ` (${written(moment, zone)} ${zone})`; } catch { /* a zone that this browser does not know */ }
    }
    if (time.textContent !== text) time.textContent = text;
    time.title = `${own}, ${moment.toISOString()}`;
  }
}

// A part that the reader has in hand is left alone: focus, a selection, an open dialog.
function inHand(part) {
  const chosen = document.getSelection();
  return part.querySelector("dialog[open]") !== null
    || (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button"))
    || (chosen && !chosen.isCollapsed && part.contains(chosen.anchorNode));
}

// The parts marked `data-live` are read again when something has happened, once a second at most.
let reading = false, wanted = false;
async function refresh() {
  if (document.hidden) { wanted = true; return; }
  if (reading) { wanted = true; return; }
  reading = true; wanted = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) { if (answer.redirected) location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    showTimes(fresh);
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(part.id);
      if (next && !inHand(part)) Idiomorph.morph(part, next, { ignoreActiveValue: true });
    }
  } catch { /* the stream tells of a lost connection */ } finally {
    setTimeout(() => { reading = false; if (wanted) refresh(); }, 1000);
  }
}

let stream = null;
function listen() {
  if (stream || document.hidden || !document.querySelector("[data-live]")) return;
  stream = new EventSource("/api/v1/events?pulse=1");
  stream.addEventListener("pulse", refresh);
  stream.onopen = () => { document.getElementById("connection").hidden = true; refresh(); };
  stream.onerror = () => { document.getElementById("connection").hidden = false; };
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { stream?.close(); stream = null; } else { listen(); if (wanted) refresh(); }
});
document.addEventListener("DOMContentLoaded", () => { showTimes(document); listen(); });
