// All layers of all conditions at a glance: a cell each, coloured by a measure.

import {ksOf} from "./address.mjs";
import {INK, darkColour} from "./colours.mjs";
import {setOptions} from "./controls.mjs";
import {DATA, meansOf} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {direction, known, minus, sentence, shortZ, significant} from "./numbers.mjs";
import {resultsFolder, summaryInPython} from "./rows.mjs";
import {choose, state} from "./state.mjs";
import {levelColour, matches, shareColour, shownOf, sparkPaths, summaryRow} from "./summary.mjs";
import {sortable} from "./tables.mjs";
import {offer} from "./taking.mjs";

export const GRID_CONTROLS = ["grid", "grid_by", "grid_method", "grid_k", "find"];
const LAYERS = [...new Set(DATA.conditions.flatMap(({layers}) => layers.map(layer => layer.name)))];
const SPARK = {width: 72, height: 18};

const gridMeasure = () => DATA.measures.find(each => each.name === state.grid);
const gridMethods = () => state.grid_method === "all" ? Object.keys(DATA.methods) : [state.grid_method];
const byZ = () => state.grid_by !== "mean";
const gridNull = measure => byZ() ? state.grid_by : measure.nulls[0] || (measure.function ? "groups" : DATA.nulls[0] || "");
const oneNetwork = () => DATA.conditions.every(condition => condition.seeds === 1);

export function showGridControls() {
  const measure = gridMeasure();
  setOptions(byId("grid"), DATA.measures.map(({name, label}) => ({value: name, text: `${label} (${name})`})), state.grid);
  setOptions(byId("grid_by"), [{value: "mean", text: DATA.file ? "value" : "mean over networks"},
    ...measure.nulls.map(name => ({value: name, text: `${DATA.file ? "" : "mean "}z against ${name}`}))], state.grid_by);
  setOptions(byId("grid_method"), [...Object.keys(DATA.methods).map(name => ({value: name, text: name})),
    {value: "all", text: "all, below each other"}], state.grid_method);
  setOptions(byId("grid_k"), (measure.function && DATA.probed_k.length ? DATA.probed_k : DATA.found_k || DATA.k).map(k => ({value: k, text: String(k)})), state.grid_k);
  if (byId("find").value !== state.find) byId("find").value = state.find;
}
// Cells of the overview: what the table `summary` says of each at all k.
export async function gridCells() {
  const measure = gridMeasure(), cells = [];
  for (const condition of DATA.conditions) {
    const arrays = await meansOf(condition);
    for (const method of gridMethods()) for (const place of condition.layers) {
      const {name: layer, probed} = place, ks = ksOf(DATA, place, method), k = ks.includes(state.grid_k) ? state.grid_k : ks[0];
      if (!ks.length || !matches(state.find, [condition.name, layer, method])) continue;
      const rows = ks.map(each => summaryRow(DATA, arrays, {condition: condition.name, layer, method, k: each, measure: state.grid, null: gridNull(measure)}));
      const row = rows[ks.indexOf(k)];
      cells.push({condition: condition.name, layer, method, k, probed, rows, open: condition.networks.length > 0, shown: shownOf(row, byZ()), n: row.n});
    }
  }
  return cells;
}
export function drawOverview(cells) {
  const measure = gridMeasure(), layers = LAYERS.filter(layer => cells.some(cell => cell.layer === layer));
  const values = cells.map(cell => cell.shown.mean).filter(known);
  const paint = painter(measure, values), lines = new Map();
  for (const cell of cells) {
    const line = `${cell.condition}\n${cell.method}`;
    lines.set(line, [...(lines.get(line) || []), cell]);
  }
  byId("grid-note").textContent = gridNote(measure, cells.length);
  byId("grid-count").textContent = `${cells.length} cell${cells.length === 1 ? "" : "s"} shown`;
  drawGridRamp(measure, values);
  byId("grid-box").hidden = !cells.length;
  const all = state.grid_method === "all";
  const rows = [...lines.values()].map(line => make("tr", {}, make("th", {scope: "row", class: "text"}, line[0].condition),
    ...(all ? [make("td", {class: "text"}, line[0].method)] : []),
    ...layers.map(layer => drawCell(measure, line.find(cell => cell.layer === layer), paint))));
  const heads = [DATA.file ? "Network" : "Condition", ...(all ? ["Method"] : []), ...layers];
  const table = make("table", {id: "grid-table"},
    make("thead", {}, make("tr", {}, ...heads.map((name, at) => make("th", {scope: "col", class: at <= Number(all) ? "text" : "layer"}, name)))),
    make("tbody", {}, ...rows));
  byId("grid-box").replaceChildren(sortable(`overview ${all}`, table));
  letArrowsMove(table);
  offerCells(measure, cells);
}
const CELL_COLUMNS = ["condition", "layer", "method", "k", "measure", "null", "n", "value", "value_low", "value_high", "z", "z_low", "z_high", "q"];
// Rows of all cells as they are ordered, at all k that the lines run over.
function offerCells(measure, cells) {
  const null_ = gridNull(measure), asked = cells.filter(cell => cell.probed || !measure.function);
  const rows = () => [...byId("grid-table").querySelectorAll("td.cell")].flatMap(({dataset}) => {
    const cell = asked.find(each => ["condition", "layer", "method"].every(name => each[name] === dataset[name]));
    return cell ? cell.rows.filter(row => !measure.function || DATA.probed_k.includes(row.k)) : [];
  });
  const wanted = {method: gridMethods(), measure: state.grid, ...(null_ ? {null: null_} : {})};
  offer("grid-take", {name: `summary ${state.grid}`, columns: CELL_COLUMNS, rows, code: summaryInPython(resultsFolder(location), wanted, state.find)});
}
function inWords(measure, {mean, low, high}, n) {
  const text = value => shortText(measure, value, 4);
  const between = known(low) ? `, 95 % interval ${text(low)} to ${text(high)}` : "";
  const over = DATA.file ? "" : `, ${n} network${n === 1 ? "" : "s"}`;
  return known(mean) ? `${text(mean)}${between}${over}` : "no value";
}
function shortText(measure, value, digits = 3) {
  if (!known(value) || byZ()) return shortZ(value);
  return measure.bits ? minus(value.toFixed(Math.abs(value) < 10 ** (digits - 2) ? 1 : 0)) : significant(value, digits);
}
function drawCell(measure, cell, paint) {
  if (!cell) return make("td", {});
  const {condition, layer, method, rows, shown} = cell, words = inWords(measure, shown, cell.n), colour = paint(shown.mean);
  const here = condition === state.condition && layer === state.layer && method === state.method;
  const left = cell.open ? "" : "; no network of it is on this page";
  const button = make("button", {type: "button", class: "cell", tabindex: -1, title: `${condition}, ${layer}, ${method}, k = ${cell.k}: ${words}${left}`,
    style: {background: colour, color: darkColour(colour) ? "#ffffff" : INK},
    ...(here ? {"aria-current": "true"} : {}), ...(cell.open ? {} : {"aria-disabled": "true"})},
    make("span", {"aria-hidden": "true"}, shortText(measure, shown.mean)), spark(rows, cell.k), make("span", {class: "hidden"}, words + left));
  if (cell.open) button.addEventListener("click", () => open(cell));
  return make("td", {class: "cell", "data-sort": shown.mean, "data-condition": condition, "data-layer": layer, "data-method": method}, button);
}
function spark(rows, k) {
  const points = rows.map(row => ({k: row.k, ...shownOf(row, byZ())})), {width, height} = SPARK;
  const {line, band, dot} = sparkPaths(points, [DATA.k[0], DATA.k[DATA.k.length - 1]], width, height), place = dot(k);
  return make("svg", {viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true"},
    band ? make("path", {d: band, fill: "currentColor", opacity: 0.25}) : null,
    make("path", {d: line, fill: "none", stroke: "currentColor", "stroke-width": 1.2}),
    place ? make("circle", {...place, r: 2, fill: "currentColor"}) : null);
}
async function open({condition, layer, method, k}) {
  const {grid: measure, grid_by: by} = state;
  await choose({condition, layer, method, k, measure, ...(DATA.nulls.includes(by) ? {null: by} : {})});
  byId("controls").scrollIntoView();
  byId("status").focus({preventScroll: true});
}
// One cell is in the order of Tab; arrows, Home and End move within the table.
function letArrowsMove(table) {
  const lines = () => [...table.tBodies[0].rows].map(row => [...row.querySelectorAll("td.cell")].map(cell => cell.firstChild));
  const all = () => lines().flat();
  const first = all().find(button => button.hasAttribute("aria-current")) || all()[0];
  if (first) first.tabIndex = 0;
  table.tBodies[0].addEventListener("keydown", event => {
    const grid = lines(), y = grid.findIndex(line => line.includes(event.target)), x = y < 0 ? -1 : grid[y].indexOf(event.target);
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -x], End: [0, x < 0 ? 0 : grid[y].length - 1 - x]}[event.key];
    if (x < 0 || !step) return;
    event.preventDefault();
    const line = grid[Math.max(0, Math.min(grid.length - 1, y + step[0]))];
    moveTo(all(), line[Math.max(0, Math.min(line.length - 1, x + step[1]))]);
  });
}
function moveTo(all, button) {
  if (!button) return;
  for (const each of all) each.tabIndex = -1;
  button.tabIndex = 0;
  button.focus();
}
// What colours a value: levels with a fixed meaning for z and bits; else from the worst to the best one shown.
function painter(measure, values) {
  const {z, bits, shares} = DATA.colours.cells, levels = byZ() ? z : measure.bits ? bits : null;
  const [worst, best] = endsOf(measure, values);
  return value => !known(value) ? DATA.colours.none : levels ? levelColour(value, levels) : shareColour(value, worst, best, shares);
}
function endsOf(measure, values) {
  const ends = [Math.min(...values), Math.max(...values)];
  return measure.direction < 0 ? ends.reverse() : ends;
}
function drawGridRamp(measure, values) {
  const {z, bits, shares} = DATA.colours.cells, levels = byZ() ? z : measure.bits ? bits : null;
  const colours = levels ? levels.colours : shares, [worst, best] = endsOf(measure, values);
  const short = level => minus(Math.abs(level) >= 1000 ? `${level / 1000}k` : String(level));
  const bar = make("span", {class: "steps"}, ...colours.map((colour, at) => make("span", {},
    make("i", {"aria-hidden": "true", style: {background: colour}}), levels && at ? make("small", {}, short(levels.levels[at - 1])) : null)));
  byId("grid-ramp").hidden = !values.length;
  byId("grid-ramp").replaceChildren(make("span", {}, levels ? (byZ() ? "z" : "bits") : significant(worst, 3)), bar,
    ...(levels ? [] : [make("span", {}, significant(best, 3))]),
    make("span", {class: "soft"}, levels ? (byZ() ? "purple is better than the null" : "from 20 on, clusters pay")
      : measure.direction ? "the best shown value is the darkest" : "the largest shown value is the darkest"));
}
function gridNote(measure, count) {
  if (!count) return `No name of a condition, layer or method has \u201c${state.find}\u201d.`;
  const what = byZ() ? `its z against ${state.grid_by}` : "its value";
  const over = oneNetwork() ? "" : ", mean over networks";
  return `${measure.label} (${measure.name}): ${what}${over}, at k = ${state.grid_k}, `
    + `${state.grid_method === "all" ? "all methods" : `method ${state.grid_method}`}. ${measure.says} ${sentence(byZ() ? "higher is better" : direction(measure))}`
    + ` The small lines run over k, each on a scale of its own${DATA.file ? "" : ", with their 95 % interval"}; the dot is at this k.`
    + (state.find ? ` Only names with \u201c${state.find}\u201d.` : "");
}
