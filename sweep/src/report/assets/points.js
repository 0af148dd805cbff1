// The value under the pointer, or at the focus: of the nearest point of a plot.

const TIP = document.getElementById("tip");
const SVG = "http://www.w3.org/2000/svg";

/** The points of a plot that are shown: where, what is said of them, and the series they belong to. */
function pointsOf(plot) {
  const points = [];
  const [xName, yName] = [plot.dataset.xname.replace(/ \(.*/, ""), plot.dataset.yname];
  for (const series of plot.querySelectorAll(".marks .series:not(.off)")) {
    const places = (series.querySelector(".line").getAttribute("d").match(/[ML][^ML]+/g) ?? []).map((place) => place.slice(1).split(" ").map(Number));
    const [xs, ys] = [series.dataset.x?.split("|"), series.dataset.y.split("|")];
    places.forEach(([x, y], index) => {
      points.push({ x, y, series, text: `${series.dataset.name}\n${xName} ${xs?.[index] ?? index + 1}: ${yName} ${ys[index]}` });
    });
  }
  for (const cell of plot.querySelectorAll("rect.cell[data-tip]")) {
    const { x, y, width, height } = cell.getBBox();
    points.push({ x: x + width / 2, y: y + height / 2, cell: [x, y, width, height], series: plot, text: cell.dataset.tip });
  }
  return points;
}

/** The point of the cell that holds the place, else the nearest point. */
function nearest(points, x, y) {
  const holds = ({ cell }) => cell && x >= cell[0] && x <= cell[0] + cell[2] && y >= cell[1] && y <= cell[1] + cell[3];
  const within = points.find(holds);
  const lines = points.filter((point) => !point.cell);
  const far = (point) => (point.x - x) ** 2 + (point.y - y) ** 2;
  const best = lines.reduce((a, b) => (a && far(a) <= far(b) ? a : b), undefined);
  return within && !(best && far(best) < 100) ? within : best;
}

function hideTip() {
  TIP.hidden = true;
  for (const mark of document.querySelectorAll(".pointed")) mark.remove();
  for (const hot of document.querySelectorAll(".hot")) hot.classList.remove("hot");
}

function showTip(plot, point) {
  hideTip();
  const ring = document.createElementNS(SVG, point.cell ? "rect" : "circle");
  const [x, y, width, height] = point.cell ?? [];
  const shape = point.cell ? { x, y, width, height } : { cx: point.x, cy: point.y, r: 5.5 };
  for (const [key, value] of Object.entries(shape)) ring.setAttribute(key, value);
  ring.setAttribute("class", "pointed");
  plot.querySelector(".marks").append(ring);
  if (!point.cell) point.series.classList.add("hot");
  TIP.textContent = point.text;
  TIP.hidden = false;
  const [around, tip] = [ring.getBoundingClientRect(), TIP.getBoundingClientRect()];
  const left = Math.min(Math.max(4, around.left + around.width / 2 - tip.width / 2), innerWidth - tip.width - 4);
  const above = around.top - tip.height - 6;
  TIP.style.left = `${left}px`;
  TIP.style.top = `${above > 4 ? above : around.bottom + 6}px`;
}

function point(event) {
  const plot = event.target.closest?.("svg.plot");
  if (!plot?.dataset.xname) return hideTip();
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
  const found = nearest(pointsOf(plot), at.x, at.y);
  if (found) showTip(plot, found);
}

/** Left and right go along a series, up and down to another one. */
function move(event) {
  const plot = event.target;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") hideTip();
  if (!step || !plot.matches?.("svg.plot")) return;
  event.preventDefault();
  const points = pointsOf(plot);
  const along = event.key === "ArrowRight" || event.key === "ArrowLeft";
  let index = Number(plot.dataset.at ?? (step > 0 ? -1 : points.length));
  if (along || index < 0 || index >= points.length) {
    index += step;
  } else {
    const from = points[index];
    const order = [...new Set(points.map((other) => (other.cell ? other.y : other.series)))];
    const next = order[order.indexOf(from.cell ? from.y : from.series) + step];
    const row = points.filter((other) => (other.cell ? other.y : other.series) === next);
    const best = row.reduce((a, b) => (a && Math.abs(a.x - from.x) <= Math.abs(b.x - from.x) ? a : b), from);
    index = points.indexOf(row.length ? best : from);
    if (row.length && best === from) index = points.indexOf(row[0]);
  }
  index = Math.min(Math.max(index, 0), points.length - 1);
  plot.dataset.at = index;
  if (points[index]) showTip(plot, points[index]);
}

addEventListener("pointermove", point);
addEventListener("pointerdown", point);
addEventListener("keydown", move);
addEventListener("focusout", hideTip);
addEventListener("scroll", hideTip, { passive: true, capture: true });
