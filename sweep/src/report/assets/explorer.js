// Small plots of every measure of the layers, and the table of one configuration: drawn from the data when asked for.

/** Measures: key, title, whether it is shown on a logarithmic scale. */
const MEASURES = [
  ["delta_norm", "gradient norm ‖δ‖", true],
  ["weight_grad_norm", "gradient of the weights", true],
  ["q", "mean square q of z", true],
  ["correlation", "correlation of two samples", false],
  ["effective_rank", "effective rank", false],
  ["dead", "share of dead units", false],
  ["saturated", "share of saturated values", false],
  ["activation_mean", "mean activation", false],
  ["activation_std", "deviation of activations", true],
  ["update_ratio", "update / weights", true],
  ["gradient_snr", "gradient signal / noise", true],
  ["change", "change of z", true],
];
const COLORS = 8;
const SIZE = { width: 300, height: 200, left: 58, right: 290, top: 12, bottom: 162 };
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function svg(name, attributes, parent, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

/** A round step that makes at most five of a span. */
function roundStep(span) {
  const least = span / 5;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999);
}

/** Round ticks of a range, as [place, label]. */
function linearTicks(low, high) {
  const step = roundStep(high - low);
  const found = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-6; index++) {
    found.push([index * step, plain(index * step)]);
  }
  return found;
}

/** Ticks of a range of exponents: powers of ten, and 2 and 5 times those where there are few. */
function logTicks(low, high) {
  const found = [];
  if (high - low > 2) {
    const step = Math.max(1, roundStep(high - low));
    for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push([at, power(at)]);
    return found;
  }
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const factor of [1, 2, 5]) {
      const text = decade >= -3 && decade <= 4 ? plain(factor * 10 ** decade) : (factor > 1 ? `${factor}·` : "") + power(decade);
      found.push([decade + Math.log10(factor), text]);
    }
  }
  return found.filter(([at]) => at >= low && at <= high);
}

/** Ticks of layers: the first, and round ones. */
function layerTicks(deepest) {
  const round = linearTicks(0, deepest).map(([at]) => at).filter((at) => Number.isInteger(at) && at > 1);
  return [1, ...round].map((at) => [at, plain(at)]);
}

function plain(value) {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

function power(exponent) {
  return exponent ? "10" + [...String(exponent)].map((digit) => RAISED[digit]).join("") : "1";
}

/** The range of the values with some room. */
function rangeOf(values, log) {
  const finite = values.filter(Number.isFinite);
  let [low, high] = [Math.min(...finite), Math.max(...finite)];
  const least = log ? 1 : Math.max(Math.abs(high), 1e-9) * 0.1;
  if (high - low < least) [low, high] = [(low + high - least) / 2, (low + high + least) / 2];
  const room = 0.05 * (high - low);
  return [low - room, high + room];
}

/** The lines of a measure: of each selected configuration, in each wanted phase, measured and predicted. */
function linesOf(page, drawn, measure, phases) {
  const summaries = DATA[PAGES.indexOf(page)].summaries;
  const [key, , log] = measure;
  const severalLabels = new Set(drawn.map((place) => place[0])).size > 1;
  const depths = [...new Set(drawn.map((place) => place[1]))].sort((a, b) => a - b);
  const lines = [];
  for (const [label, depth, index] of drawn) {
    const shade = Math.round((depths.indexOf(depth) * (COLORS - 1)) / Math.max(1, depths.length - 1));
    const color = severalLabels ? labelColor(page, label) : `d${depths.length > 1 ? shade : COLORS - 1}`;
    for (const phase of phases) {
      const layers = summaries[index][phase]?.layers;
      for (const [name, dash, told] of [[`predicted_${key}`, " dash", ", predicted"], [key, "", ""]]) {
        if (!layers?.[name] || (dash && phase !== "init")) continue;
        const values = layers[name].map(number);
        const faint = phases.length > 1 && phase === "init" && !dash ? " faint" : "";
        const places = values.map((value) => (log ? Math.log10(value) : value));
        lines.push({ values, places, class: color + dash + faint, name: nameOf(page, index) + told });
      }
    }
  }
  return lines;
}

/** The color of a label, as in the figures. */
function labelColor(page, label) {
  if (page.dataset.ordered === undefined) return `k${label % COLORS}`;
  const last = page.querySelectorAll('.selection [data-key="label"] input[type="checkbox"]').length - 1;
  return `d${Math.round((label * (COLORS - 1)) / Math.max(1, last))}`;
}

function nameOf(page, index) {
  const [label, depth] = page.dataset.places.split(" ")[index].split(",");
  const text = (key, value) => page.querySelector(`.selection [data-key="${key}"] input[value="${value}"]`).parentElement.textContent.trim();
  return `${text("label", label)}, depth ${text("depth", depth)}`;
}

function drawAxes(plot, x, y, [low, high], deepest, log) {
  const { left, right, top, bottom, width, height } = SIZE;
  const [grid, axis] = [svg("g", { class: "grid" }, plot), svg("g", { class: "axis" }, plot)];
  for (const [at, text] of log ? logTicks(low, high) : linearTicks(low, high)) {
    svg("path", { d: `M${left} ${y(at)}H${right}` }, grid);
    svg("text", { x: left - 6, y: y(at) + 4, "text-anchor": "end" }, axis, text);
  }
  for (const [at, text] of layerTicks(deepest)) {
    svg("text", { x: x(at), y: bottom + 16, "text-anchor": "middle" }, axis, text);
  }
  svg("path", { d: `M${left} ${top}V${bottom}H${right}` }, axis);
  svg("text", { class: "name", x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, axis, "layer");
}

function drawMeasure(parent, measure, lines) {
  const [, title, log] = measure;
  const values = lines.flatMap((line) => line.places);
  if (!values.some(Number.isFinite)) return;
  const panel = element("div", { class: "panel" });
  panel.append(element("h4", {}, title));
  const { left, right, top, bottom, width, height } = SIZE;
  const plot = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0, "aria-label": `${title} against layer. Arrow keys read the values.`, "data-xname": "layer", "data-yname": title }, panel);
  const deepest = Math.max(...lines.map((line) => line.values.length));
  const [low, high] = rangeOf(values, log);
  const round = (value) => Math.round(100 * value) / 100;
  const x = (layer) => round(left + 6 + ((layer - 1) / Math.max(1, deepest - 1)) * (right - left - 12));
  const y = (value) => round(bottom - ((value - low) / (high - low)) * (bottom - top));
  drawAxes(plot, x, y, [low, high], deepest, log);
  const marks = svg("g", { class: "marks" }, plot);
  for (const line of lines) drawLine(marks, line, x, y);
  parent.append(panel);
}

function drawLine(marks, line, x, y) {
  let [path, dots, pen] = ["", "", "M"];
  const [xs, ys] = [[], []];
  line.places.forEach((place, index) => {
    if (!Number.isFinite(place)) return (pen = "M");
    path += `${pen}${x(index + 1)} ${y(place)}`;
    if (line.places.length <= 2) dots += `M${x(index + 1)} ${y(place)}h0`;
    xs.push(index + 1);
    ys.push(show(line.values[index]));
    pen = "L";
  });
  const series = svg("g", { class: `series ${line.class}`, "data-name": line.name, "data-x": xs.join("|"), "data-y": ys.join("|") }, marks);
  svg("path", { class: "line", d: path }, series);
  if (dots) svg("path", { class: "dot", d: dots }, series);
}

function drawLegend(page, drawn) {
  const legend = page.querySelector(".layers .legend");
  legend.replaceChildren();
  const severalLabels = new Set(drawn.map((place) => place[0])).size > 1;
  const told = new Set();
  for (const line of linesOf(page, drawn, ["delta_norm", "", true], ["init"])) {
    if (line.class.includes("dash")) continue;
    const name = severalLabels ? line.name.replace(/, depth \d+$/, "") : line.name;
    if (told.has(name)) continue;
    told.add(name);
    const key = element("span", { class: "key" });
    const swatch = svg("svg", { class: "swatch", viewBox: "0 0 26 12", "aria-hidden": "true" }, key);
    svg("path", { class: "line", d: "M2 6h22" }, svg("g", { class: `series ${line.class}` }, swatch));
    key.append(name);
    legend.append(key);
  }
}

function explore(page, drawn) {
  const phase = page.querySelector(".layers .phase").value;
  const phases = phase === "both" ? ["init", "trained"] : [phase];
  const multiples = page.querySelector(".multiples");
  multiples.replaceChildren();
  for (const measure of MEASURES) drawMeasure(multiples, measure, linesOf(page, drawn, measure, phases));
  if (!multiples.children.length) multiples.append(element("p", {}, "Nothing was measured of the selected networks."));
  drawLegend(page, drawn);
  const choice = page.querySelector(".configuration");
  choice.replaceChildren(...drawn.map((place) => element("option", { value: place[2] }, nameOf(page, place[2]))));
  const deepest = drawn.reduce((a, b) => (a && a[1] >= b[1] ? a : b), undefined);
  if (deepest) choice.value = deepest[2];
  layerTable(page);
}

function layerTable(page) {
  const table = page.querySelector(".layer-table table");
  const summary = DATA[PAGES.indexOf(page)].summaries[Number(page.querySelector(".configuration").value)];
  const phase = page.querySelector(".layers .phase").value === "trained" ? "trained" : "init";
  const layers = summary?.[phase]?.layers ?? {};
  table.replaceChildren(element("thead"), element("tbody"));
  const head = table.tHead.insertRow();
  for (const name of ["layer", ...Object.keys(layers)]) {
    const heading = element("th", { scope: "col", class: "number" });
    heading.append(element("button", { type: "button" }, name.replaceAll("_", " ")));
    head.append(heading);
  }
  const columns = Object.values(layers);
  for (let layer = 0; layer < (columns[0]?.length ?? 0); layer++) {
    const row = table.tBodies[0].insertRow();
    for (const text of [String(layer + 1), ...columns.map((column) => show(number(column[layer])))]) {
      row.append(element("td", { class: "number" }, text));
    }
  }
}

for (const page of PAGES) {
  if (!page.querySelector(".layers")) continue;
  let drawn = [];
  const draw = () => page.classList.contains("current") && explore(page, drawn);
  page.addEventListener("select", (event) => {
    drawn = event.detail;
    draw();
  });
  addEventListener("hashchange", draw);
  page.querySelector(".phase").addEventListener("change", draw);
  page.querySelector(".configuration").addEventListener("change", () => layerTable(page));
  const trained = DATA[PAGES.indexOf(page)].summaries.some((summary) => summary.trained);
  page.querySelector(".phase").parentElement.hidden = !trained;
}
