"use strict";
(() => {
  const table = document.getElementById("table");
  const bodies = Array.from(table.tBodies);
  const filter = document.getElementById("filter");
  const input = filter.querySelector("input");
  const told = filter.querySelector("output");
  const texts = new Map();
  const textOf = (body) => {
    if (!texts.has(body)) texts.set(body, body.textContent.toLowerCase());
    return texts.get(body);
  };
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const body of bodies) {
      body.hidden = wanted !== "" && !textOf(body).includes(wanted);
      shown += body.hidden ? 0 : 1;
    }
    told.textContent = wanted === "" ? "" : `${shown} of ${bodies.length}`;
  });
  filter.hidden = false;

  const valueOf = (body, column) => {
    const cell = body.rows[0].cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  const headers = Array.from(table.tHead.rows[0].cells);
  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = header.getAttribute("aria-sort") !== "ascending";
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", up ? "ascending" : "descending");
      const isNumber = header.classList.contains("n");
      bodies
        .map((body) => [valueOf(body, column), body])
        .sort(([a], [b]) => (isNumber ? a - b : a.localeCompare(b)) * (up ? 1 : -1))
        .forEach(([, body]) => table.append(body));
    });
  });
})();
