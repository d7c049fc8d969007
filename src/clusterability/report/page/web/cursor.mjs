// The cell of a matrix under the pointer, or that arrow keys move to, in words.

import {openCluster} from "./clusters.mjs";
import {DATA} from "./data.mjs";
import {byId} from "./document.mjs";
import {plain, significant} from "./numbers.mjs";
import {choose} from "./state.mjs";
import {labelInWords} from "./view.mjs";

// What is placedCells in each pane, by the end of its names: the view, units of rows and columns in order, where they begin
// (x, y), and sizes of cells.
const placedCells = new Map();
const HINT = "Point at a cell, or move to one with arrow keys, to read its weight. A click or Enter shows the unit of its row below, with Shift that of its column; a click on a bar shows its cluster.";
const MOST_UNITS = 8;

export function placeCells(end, cells) {
  placedCells.set(end, {...cells, row: -1, column: -1});
  hide(end);
}
export function letCursorsMove() {
  for (const end of ["", "2"]) {
    const canvas = byId("matrix" + end);
    for (const name of ["pointermove", "pointerdown"]) canvas.addEventListener(name, event => point(end, event));
    canvas.addEventListener("pointerleave", () => hide(end));
    if (!end) canvas.addEventListener("click", event => click(event));
    byId("matrix-box" + end).addEventListener("keydown", event => press(end, event));
  }
}
function hide(end) {
  byId("cursor" + end).hidden = true;
  byId("cell" + end).setAttribute("aria-live", "off");
  byId("cell" + end).textContent = placedCells.get(end) ? HINT : "";
}
function point(end, event) {
  const {row, column} = placeUnder(placedCells.get(end), event);
  if (row >= 0 && column >= 0) showCell(end, row, column, "off");
}
// Row and column under the pointer: -1 beyond the cells, as on the bars, which are left of them and above them.
function placeUnder(cells, event) {
  if (!cells) return {row: -1, column: -1};
  const canvas = event.target, edges = canvas.getBoundingClientRect(), inside = (from, pixels, length) => from * pixels / length - cells.edge;
  return {
    row: indexAt(cells.y, cells.cellY, inside(event.clientY - edges.top, canvas.height, edges.height)),
    column: indexAt(cells.x, cells.cellX, inside(event.clientX - edges.left, canvas.width, edges.width)),
  };
}
// A click on a bar shows a cluster, one on a cell a unit.
function click(event) {
  const cells = placedCells.get(""), {row, column} = placeUnder(cells, event);
  if (row >= 0 && column >= 0) return chooseUnit({...cells, row, column}, event.shiftKey ? "v" : "u");
  const {u, v} = cells.view.cells, label = row >= 0 ? u[cells.rows[row]] : column >= 0 ? v[cells.columns[column]] : -1;
  if (label >= 0) openCluster({cluster: label});
}
// The last place that begins at or before a pixel, -1 where that is between two of them.
function indexAt(starts, length, pixel) {
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= pixel) low = middle + 1; else high = middle;
  }
  return low && pixel < starts[low - 1] + length ? low - 1 : -1;
}
function press(end, event) {
  const cells = placedCells.get(end), last = cells ? [cells.rows.length - 1, cells.columns.length - 1] : [0, 0];
  const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -last[1]], End: [0, last[1]]}[event.key];
  if (cells && !end && event.key === "Enter") return chooseUnit(cells, event.shiftKey ? "v" : "u");
  if (!cells || !step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const first = cells.row < 0, within = (value, most) => Math.max(0, Math.min(most, value));
  showCell(end, first ? 0 : within(cells.row + step[0], last[0]), first ? 0 : within(cells.column + step[1], last[1]), "polite");
  byId("cursor" + end).scrollIntoView({block: "nearest", inline: "nearest"});
}
// The unit of a row, or with Shift of a column, is shown by itself; of a bin, its first one.
function chooseUnit({view: {cells}, rows, columns, row, column}, side) {
  if (row < 0) return;
  const cell = side === "u" ? rows[row] : columns[column];
  choose({side, unit: cells.units ? cells.units[side][cell][0] : cell});
}
function showCell(end, row, column, live) {
  const cells = placedCells.get(end), canvas = byId("matrix" + end), mark = byId("cursor" + end), text = byId("cell" + end);
  const scaleX = canvas.clientWidth / canvas.width, scaleY = canvas.clientHeight / canvas.height;
  Object.assign(cells, {row, column});
  const pixels = {left: (cells.edge + cells.x[column]) * scaleX, top: (cells.edge + cells.y[row]) * scaleY, width: cells.cellX * scaleX, height: cells.cellY * scaleY};
  for (const [name, value] of Object.entries(pixels)) mark.style[name] = `${value}px`;
  mark.hidden = false;
  text.setAttribute("aria-live", live);
  text.textContent = cellInWords(cells.view, cells.rows[row], cells.columns[column]);
}
// Args: the view, and the row and column of a cell of its matrix.
function cellInWords(view, row, column) {
  const {cells, levels, limit} = view, level = levels[row * cells.v.length + column];
  const value = view.bins ? level / (2 * DATA.levels) * limit : (level - DATA.levels) / DATA.levels * limit;
  const beyond = level === 2 * DATA.levels || (level === 0 && !view.bins) ? " or beyond" : "";
  const what = view.exact ? `weight ${plain(view.exact[row * cells.v.length + column])}` : level > 2 * DATA.levels ? "no number" : `${view.bins ? "mean size" : "weight"} about ${significant(value, 2)}${beyond}`;
  const clusters = `${labelInWords(view, cells.u[row])} and ${labelInWords(view, cells.v[column])}`;
  return `${unitsInWords(view, "u", row, "Output unit")}; ${unitsInWords(view, "v", column, "input unit")}: ${what}; `
    + `${view.bins ? "clusters of most" : "clusters"}: ${clusters}.`;
}
function unitsInWords({cells, layer}, side, cell, noun) {
  const units = cells.units ? cells.units[side][cell] : [cell], names = layer[side + "_names"];
  const text = units.slice(0, MOST_UNITS).map(unit => names ? `${unit} (${names[unit]})` : String(unit)).join(", ");
  return `${noun}${units.length > 1 ? "s" : ""} ${text}${units.length > MOST_UNITS ? ` and ${units.length - MOST_UNITS} more` : ""}`;
}
