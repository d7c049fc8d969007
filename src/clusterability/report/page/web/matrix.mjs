// The matrix of weights, in the order of clusters.

import {INK, darkColour, weightColours} from "./colours.mjs";
import {placeCells} from "./cursor.mjs";
import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {percent, significant} from "./numbers.mjs";
import {state} from "./state.mjs";
import {sizesInWords} from "./view.mjs";

// Units, or bins of units, of a side, "u" or "v", in order, and the view whose clusters make the order: the other
// pane's, where that is wanted and it has the same there.
function ordered(view, side) {
  const wanted = view.beside && (state.arrange === "left" ? view.end === "2" : state.arrange === "right" && view.end === "");
  const by = wanted && view.beside.bins === view.bins && view.beside[side].length === view[side].length ? view.beside : view;
  const labels = by.cells[side], strength = by.strength[side], units = Array.from(labels, (_, unit) => unit);
  if (!byCluster(view)) return {units, by};
  const rank = label => label < 0 ? Infinity : by.rank(label);
  units.sort((a, b) => rank(labels[a]) === rank(labels[b])
    ? strength[b] - strength[a] || a - b : rank(labels[a]) - rank(labels[b]));
  return {units, by};
}
// Bins of units have no other order.
const byCluster = view => state.order === "clusters" || Boolean(view.bins);
const GAP = 2, BAR = 16;
function positions(view, order, labels, cell) {
  // Where each unit of an order begins; between clusters is a border.
  const found = [];
  let at = 0;
  order.forEach((unit, number) => {
    if (number && byCluster(view) && labels[unit] !== labels[order[number - 1]]) at += GAP;
    found.push(at);
    at += cell;
  });
  return {found, length: at};
}
export function drawMatrix(view) {
  const canvas = byId("matrix" + view.end), context = canvas.getContext("2d"), m = view.cells.u.length, n = view.cells.v.length;
  const {units: rows, by: byRows} = ordered(view, "u"), {units: columns, by: byColumns} = ordered(view, "v");
  const wide = Math.max(1, Math.min(24, Math.floor((view.beside ? 560 : 768) / n))), high = Math.max(1, Math.min(24, Math.floor(400 / m)));
  // Cells are square where both sides are of a size, and otherwise fill the space.
  const near = Math.max(m, n) < 4 * Math.min(m, n);
  const cellX = near ? Math.min(wide, high) : wide, cellY = near ? Math.min(wide, high) : high;
  const x = positions(view, columns, byColumns.cells.v, cellX), y = positions(view, rows, byRows.cells.u, cellY);
  canvas.width = BAR + GAP + x.length;
  canvas.height = BAR + GAP + y.length;
  canvas.style.width = canvas.width + "px";
  canvas.style.height = canvas.height + "px";
  const colours = weightColours(view.bins).concat(DATA.colours.none).map(colour =>
    [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16)));
  const image = context.createImageData(x.length, y.length);
  for (let i = 0; i < image.data.length; i += 4) { image.data.fill(0x26, i, i + 3); image.data[i + 3] = 255; }
  rows.forEach((row, i) => columns.forEach((column, j) => {
    const [red, green, blue] = colours[view.levels[row * n + column]];
    for (let dy = 0; dy < cellY; dy++) for (let dx = 0; dx < cellX; dx++) {
      const at = 4 * ((y.found[i] + dy) * x.length + x.found[j] + dx);
      image.data[at] = red; image.data[at + 1] = green; image.data[at + 2] = blue;
    }
  }));
  context.putImageData(image, BAR + GAP, BAR + GAP);
  drawBar(context, view, columns, view.cells.v, x.found, cellX, false);
  drawBar(context, view, rows, view.cells.u, y.found, cellY, true);
  placeCells(view.end, {view, rows, columns, x: x.found, y: y.found, cellX, cellY, edge: BAR + GAP});
  tellMatrix(view, canvas, byRows !== view || byColumns !== view);
}
function tellMatrix(view, canvas, other) {
  const {m, n, name} = view.layer, sorted = byCluster(view);
  const order = sorted && other ? `in the order of the clusters in the ${view.end ? "left" : "right"} pane`
    : sorted && view.infeasible ? "from the strongest to the weakest: there are no clusters"
    : sorted ? "in the order of their clusters, from the strongest to the weakest within each" : "in their original order";
  canvas.setAttribute("aria-label", `Weights of ${name}: ${m} output units (rows) by ${n} input units (columns), ${order}. `
    + `Clusters of output units: ${sizesInWords(view.u)}. Clusters of input units: ${sizesInWords(view.v)}. `
    + (view.bins ? `${binsInWords(view)} Colours from 0 (white) to ${significant(view.limit, 3)} (red).`
      : `Colours from ${significant(-view.limit, 3)} (blue) through 0 (white) to ${significant(view.limit, 3)} (red).`));
  const scaled = view.choice.method.includes("-") ? " Clusters were found at another scale of the weights; the picture shows the weights as they are." : "";
  byId("matrix-note" + view.end).textContent = `${view.bins ? binsInWords(view) + " " : ""}Rows are output units (U), columns input units (V), ${order}. `
    + `${view.infeasible ? "" : `The bars show the clusters${sorted && !other ? ", the dark lines their borders" : ""}.`}${scaled}`;
}
function binsInWords({cells, infeasible}) {
  const most = side => Math.max(...cells.units[side].map(units => units.length));
  const [u, v] = cells.shares.map(share => percent(share));
  return `Each cell is the mean size of up to ${most("u")} \u00d7 ${most("v")} weights, between units that share most of their clusters.`
    + (infeasible ? "" : ` A row or column has the cluster of most of its units, which is that of ${u} % of output and ${v} % of input units.`);
}
function drawBar(context, view, order, labels, found, cell, down) {
  let start = 0;
  const fill = (from, to, label) => {
    const at = BAR + GAP + found[from], length = found[to] + cell - found[from];
    context.fillStyle = view.colour(label);
    context.fillRect(...(down ? [0, at, BAR, length] : [at, 0, length, BAR]));
    const text = label < 0 ? "\u00d7" : String(label);
    if (!byCluster(view) || length < 16) return;
    context.fillStyle = darkColour(view.colour(label)) ? "#ffffff" : INK;
    context.font = "11px Verdana, Arial, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, ...(down ? [BAR / 2, at + length / 2] : [at + length / 2, BAR / 2 + 1]));
  };
  for (let i = 1; i <= order.length; i++) {
    if (i === order.length || labels[order[i]] !== labels[order[start]]) {
      fill(start, i - 1, labels[order[start]]);
      start = i;
    }
  }
}
export function drawRamp(view) {
  const bar = make("span", {class: "bar", "aria-hidden": "true"},
    ...weightColours(view.bins).map(colour => make("i", {style: {background: colour}})));
  byId("ramp" + view.end).replaceChildren(
    make("span", {}, view.bins ? "mean size 0" : `weight ${significant(-view.limit, 3)}`), bar, make("span", {}, significant(view.limit, 3)),
    make("span", {class: "soft"}, `15 steps of ${significant(view.limit / DATA.levels / (view.bins ? 2 : 1), 3)}; colours end at the `
      + `${100 * DATA.clip} % quantile of the sizes, the largest is ${significant(view.largest, 3)}`));
}
