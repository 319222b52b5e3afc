"use strict";
(() => {
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const tools = document.getElementById("tools");
  const input = tools.querySelector("input");
  const told = tools.querySelector("output");
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      const said = document.getElementById(row.id.replace("row-", "said-"));
      texts.set(row, `${row.textContent} ${said ? said.textContent : ""}`.toLowerCase());
    }
    return texts.get(row);
  };
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = wanted !== "" && !textOf(row).includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = wanted === "" ? "" : `${shown} of ${rows.length}`;
  });
  tools.hidden = false;

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  };
  const headers = Array.from(table.tHead.rows[0].cells);
  const names = headers.map((header) => header.dataset.name ?? header.textContent);
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
      rows
        .map((row) => [valueOf(row, column), row])
        .sort(([a], [b]) => (isNumber ? a - b : a.localeCompare(b)) * (up ? 1 : -1))
        .forEach(([, row]) => body.append(row));
    });
  });

  // For a program: instants and lengths as such. What a spreadsheet would take for a formula is text.
  const written = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const cellText = (cell) => {
    const time = cell.querySelector("time");
    if (time) return time.dateTime;
    if (cell.dataset.value !== undefined) return cell.dataset.value.replace(/^-1$/, "");
    const seen = Array.from(cell.childNodes).filter((node) => node.ariaHidden !== "true");
    return seen.map((node) => node.textContent).join("").trim();
  };
  const download = tools.querySelector("button");
  download.addEventListener("click", () => {
    const shown = Array.from(body.rows).filter((row) => !row.hidden);
    const lines = [names, ...shown.map((row) => Array.from(row.cells, cellText))];
    const text = lines.map((cells) => cells.map(written).join(",")).join("\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" }));
    link.download = `${download.dataset.name}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
