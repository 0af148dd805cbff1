// Which page is shown, the color scheme, the download, and the selection of curves.

const DATA = JSON.parse(document.getElementById("data").textContent);
const PAGES = [...document.querySelectorAll(".page")];

/** A number of the JSON, where infinity and NaN are strings and missing numbers are null. */
function number(value) {
  if (typeof value !== "string") return value ?? NaN;
  return { inf: Infinity, "-inf": -Infinity }[value] ?? NaN;
}

/** A number as text, with four significant digits. */
function show(value) {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e5)) return String(Number(value.toPrecision(4)));
  return Number.isFinite(value) ? value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e") : String(value);
}

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** Shows the page that the address names, alone. */
function route() {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = document.getElementById(id);
  const page = target?.closest(".page") ?? document.querySelector(".page.current") ?? PAGES[0];
  for (const other of PAGES) other.classList.toggle("current", other === page);
  for (const link of document.querySelectorAll(".pages a")) {
    if (link.hash.slice(1) === page?.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (target instanceof HTMLDetailsElement) target.open = true;
  if (target === page) scrollTo(0, 0);
  else target?.scrollIntoView();
}

function isDark() {
  const chosen = document.documentElement.dataset.scheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function nameScheme() {
  document.getElementById("scheme").textContent = isDark() ? "Light" : "Dark";
}

function download() {
  const file = new Blob([document.getElementById("data").textContent], { type: "application/json" });
  const link = element("a", { href: URL.createObjectURL(file), download: "depth-sweep.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The checked values of a page's labels or depths. */
function checked(page, key) {
  const boxes = page.querySelectorAll(`.selection [data-key="${key}"] input:checked`);
  return new Set([...boxes].map((box) => Number(box.value)));
}

/** The configurations of a page that are selected, as [label, depth, index]; no more than can be told apart. */
function selected(page) {
  const [labels, depths] = [checked(page, "label"), checked(page, "depth")];
  const all = page.dataset.places.split(" ").map((place, index) => [...place.split(",").map(Number), index]);
  return all.filter(([label, depth]) => labels.has(label) && depths.has(depth));
}

/** Shows what belongs to the selection. */
function select(page) {
  const wanted = selected(page);
  const drawn = wanted.slice(0, MOST_CURVES);
  const labels = new Set(drawn.map((place) => String(place[0])));
  const depths = new Set(drawn.map((place) => String(place[1])));
  const pairs = new Set(drawn.map((place) => `${place[0]},${place[1]}`));
  for (const mark of page.querySelectorAll(".figures [data-l], .figures [data-d]")) {
    const { l, d } = mark.dataset;
    const shown = d === undefined ? labels.has(l) : l === undefined ? depths.has(d) : pairs.has(`${l},${d}`);
    mark.classList.toggle("off", !shown);
  }
  const all = page.dataset.places.split(" ").length;
  const cut = wanted.length > drawn.length ? `; ${wanted.length} are selected, the first ${MOST_CURVES} are drawn` : "";
  page.querySelector(".selection .count").textContent = `${drawn.length} of ${all}${cut}`;
  page.dispatchEvent(new CustomEvent("select", { detail: drawn }));
}

function prepareSelection(page) {
  const box = page.querySelector(".selection");
  if (!box) return;
  box.addEventListener("change", () => select(page));
  box.addEventListener("click", (event) => {
    if (event.target.dataset.all === undefined) return;
    const choices = event.target.closest("fieldset").querySelectorAll("label:not([hidden]) input");
    for (const choice of choices) choice.checked = Boolean(event.target.dataset.all);
    select(page);
  });
  box.addEventListener("input", (event) => {
    if (!event.target.classList.contains("find")) return;
    const text = event.target.value.toLowerCase();
    for (const label of event.target.closest("fieldset").querySelectorAll("label")) {
      label.hidden = !label.textContent.toLowerCase().includes(text);
    }
  });
}

document.documentElement.classList.add("routed");
addEventListener("hashchange", route);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameScheme);
document.getElementById("scheme").addEventListener("click", () => {
  document.documentElement.dataset.scheme = isDark() ? "light" : "dark";
  nameScheme();
});
document.getElementById("download").addEventListener("click", download);
addEventListener("DOMContentLoaded", () => {
  route();
  for (const page of PAGES) prepareSelection(page);
  for (const page of PAGES) if (page.querySelector(".selection")) select(page);
});
nameScheme();
