// The table of all measures.

import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {direction, known, shortP, shortZ, significant} from "./numbers.mjs";
import {fileInPython, resultsFolder, scoresInPython} from "./rows.mjs";
import {state} from "./state.mjs";
import {sortable} from "./tables.mjs";
import {offer} from "./taking.mjs";

export function drawScores(view) {
  const bodies = [], told = new Set(), compared = view.beside;
  let group = null;
  for (const measure of DATA.measures) {
    const score = view.score(measure);
    if (score.status === undefined) continue;
    const title = measure.function ? "What units do, against random groups" : "Structure of the weights";
    if (title !== group) bodies.push(make("tbody", {}, make("tr", {class: "heading"}, make("th", {class: "group", colspan: compared ? 9 : 7, scope: "rowgroup"}, title))));
    group = title;
    if (DATA.statuses[score.status]) told.add(score.status);
    bodies[bodies.length - 1].append(scoreRow(measure, score, compared));
  }
  const draws = DATA.draws[view.null];
  const null_ = view.null ? `${view.null} (${DATA.nulls_say[view.null]}; ${draws} draw${draws === 1 ? "" : "s"})` : "no null";
  byId("scores-note").textContent = `Structure is compared with ${null_}. z is directed: positive is better than the null; `
    + "in the pictures the grey band is \u00b1 1.96, and an arrow means beyond \u00b1 6. p is one-sided, in the better direction (\u2020: two-sided, where neither is better)."
    + [...told].map(status => ` In rows: ${DATA.statuses[status]}.`).join("");
  byId("scores").replaceChildren(sortable("scores", make("table", {id: "score-table"},
    make("thead", {}, make("tr", {}, ...[["Measure", "text"], ["value", ""], ["z", ""], ...(compared ? [["right: value", ""], ["right: z", ""]] : []), ["worse \u00b7 better", "text"],
      ["p", ""], ["null", "text"], ["null mean \u00b1 sd", ""]].map(([text, kind]) => make("th", {scope: "col", class: kind}, text)))),
    ...bodies)));
  offerInPanes("scores-take", view, each => ({
    records: () => [...byId("score-table").querySelectorAll("tr[data-measure]")].map(row =>
      [DATA.measures.find(measure => measure.name === row.dataset.measure), DATA.k.indexOf(each.choice.k)]),
    wanted: {k: each.choice.k, ...(each.null ? {null: [each.null, "groups"]} : {})},
  }));
}
const SCORE_COLUMNS = ["condition", "seed", "layer", "method", "k", "measure", "value", "null", "null_mean", "null_sd", "z", "p", "p_two_sided", "status"];
const DRAW_COLUMNS = ["condition", "seed", "layer", "method", "k", "measure", "null", "draw", "value"];
// Lets a reader take scores of both panes away: `asked` says of a view which ones, as `records`, pairs of a measure and
// the place of its k, and as `wanted`, the values of columns in Python.
export function offerInPanes(id, left, asked) {
  const right = left.beside;
  byId(id + "2").hidden = !right;
  for (const view of right ? [left, right] : [left]) {
    const pane = right ? ` of the ${view.end ? "right" : "left"} pane` : "";
    offerScores(id + view.end, view, {...asked(view), title: `Save rows${pane} as CSV`});
  }
}
function offerScores(id, view, {records, wanted, title}) {
  const {condition, seed, layer, method} = view.choice, place = {condition, seed, layer, method}, names = Object.values(place).join(" ");
  const all = () => records().map(([measure, at]) => ({...place, k: DATA.k[at], measure: measure.name, ...view.score(measure, at)}));
  // Of a shuffle, values are those of one draw; tables have no rows of single draws.
  if (view.shuffled) {
    const rows = () => all().filter(row => known(row.value)).map(row => ({...row, null: DATA.shuffle.null, draw: DATA.shuffle.number}));
    return offer(id, {name: `shuffle ${names}`, columns: DRAW_COLUMNS, rows, code: null, title});
  }
  const rows = () => all().filter(row => row.status !== undefined);
  offer(id, {name: `scores ${names}`, columns: SCORE_COLUMNS, rows, code: codeOf({...place, ...wanted}), title});
}
// How to load the same in Python; null where there is no file with it.
function codeOf(wanted) {
  if (!DATA.file) return scoresInPython(resultsFolder(location), wanted);
  return DATA.file.rows && fileInPython(resultsFolder(location, "."), DATA.file.rows, wanted);
}
function rightCells(measure, right) {
  if (!right) return [];
  const {value, z} = right.score(measure);
  return [make("td", {class: "right-value"}, significant(value)), make("td", {class: "right-z"}, shortZ(z))];
}
function scoreRow(measure, score, right) {
  const cells = [make("th", {scope: "row", class: "text", title: measure.says}, measure.label)];
  const attributes = {"data-measure": measure.name, ...(measure.name === state.measure ? {class: "chosen"} : {})};
  if (!known(score.value)) {
    const words = (DATA.statuses[score.status] || "no value").split(":")[0];
    return make("tr", attributes, ...cells, make("td", {class: "words", colspan: right ? 1 : 6}, words),
      ...(right ? [make("td", {}), ...rightCells(measure, right), make("td", {colspan: 4})] : []));
  }
  const p = measure.direction ? shortP(score.p) : known(score.p_two_sided) ? shortP(score.p_two_sided) + " \u2020" : "\u2013";
  // What says most first: a narrow window shows the others when it is scrolled.
  cells.push(make("td", {class: "value"}, significant(score.value)), make("td", {class: "z"}, shortZ(score.z)),
    ...rightCells(measure, right), make("td", {}, zPicture(score.z)), make("td", {class: "p"}, p), make("td", {class: "text null"}, score.null || "none"),
    make("td", {class: "compared"}, !known(score.null_mean) ? (score.null ? "no draws" : "\u2013")
      : significant(score.null_mean) + (known(score.null_sd) ? ` \u00b1 ${significant(score.null_sd, 2)}` : "")));
  return make("tr", attributes, ...cells);
}
function zPicture(z) {
  // The number stands beside it: the picture is for eyes alone.
  const width = 96, middle = width / 2, unit = 7, at = Math.max(-6, Math.min(6, z));
  const picture = make("svg", {viewBox: `0 0 ${width} 14`, width, height: 14, "aria-hidden": "true"},
    make("rect", {x: middle - 1.96 * unit, y: 1, width: 2 * 1.96 * unit, height: 12, fill: "var(--band)"}),
    make("line", {x1: middle, x2: middle, y1: 0, y2: 14, stroke: "var(--soft)"}));
  if (!known(z)) return picture;
  const x = middle + at * unit, reach = z > 6 ? 4 : -4;
  picture.append(Math.abs(z) > 6 ? make("polygon", {points: `${x - reach},2 ${x - reach},12 ${x + reach},7`, fill: "var(--value)"})
    : make("circle", {cx: x, cy: 7, r: 3.5, fill: "var(--value)"}));
  return picture;
}
