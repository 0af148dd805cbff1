// Tables that sort by a click on a heading, and that filter by text.

/** What a cell is sorted by: its number, if it begins with one; what is missing comes last. */
function sortKey(text) {
  if (text === "–") return NaN;
  const value = parseFloat(text.replace(/^inf/, "Infinity").replace(/^-inf/, "-Infinity"));
  return Number.isNaN(value) ? text : value;
}

function compare(a, b) {
  const missing = [a, b].map((key) => Number.isNaN(key));
  if (missing[0] || missing[1]) return missing[0] - missing[1];
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}

function sort(heading) {
  const table = heading.closest("table");
  const column = [...heading.parentElement.children].indexOf(heading);
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [sortKey(row.cells[column].textContent), row]);
  rows.sort(([a], [b]) => (Number.isNaN(a) || Number.isNaN(b) || !descending ? compare(a, b) : compare(b, a)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

/** Shows the rows that hold all the words. */
function filter(table, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  for (const row of rows) {
    const content = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
    row.hidden = !words.every((word) => content.includes(word));
  }
  const count = table.querySelector(".count");
  if (count) count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows.`;
}

addEventListener("click", (event) => {
  const heading = event.target.closest?.("table.sortable th");
  if (heading) sort(heading);
});
addEventListener("input", (event) => {
  const id = event.target.dataset.filter;
  if (id) filter(document.getElementById(id), event.target.value);
});
for (const table of document.querySelectorAll("table.sortable")) filter(table, "");
