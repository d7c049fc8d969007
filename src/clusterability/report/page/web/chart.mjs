// A measure over k.

import {ksOf} from "./address.mjs";
import {networkName} from "./controls.mjs";
import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {direction, known, minus, sentence, significant, ticks} from "./numbers.mjs";
import {drawRug} from "./rug.mjs";
import {offerInPanes} from "./scores.mjs";
import {state} from "./state.mjs";

const square = (x, y, half, fill) => make("rect", {x: x - half, y: y - half, width: 2 * half, height: 2 * half, fill});
export const chartWidth = () => Math.max(280, Math.min(560, byId("chart").clientWidth || 520));
export function drawChart(view) {
  const measure = DATA.measures.find(each => each.name === state.measure);
  const right = view.beside, shownK = ksShown(right ? [view, right] : [view]), places = shownK.map(k => DATA.k.indexOf(k));
  const points = places.map(at => ({k: DATA.k[at], ...view.score(measure, at), seeds: view.mean(measure, at)}));
  byId("says").textContent = `${measure.says} ${sentence(direction(measure))}`;
  offerInPanes("chart-take", view, each => {
    const {null: null_} = each.score(measure);
    return {records: () => places.map(at => [measure, at]), wanted: {measure: measure.name, ...(null_ ? {null: null_} : {})}};
  });
  drawRug(view, measure, chartWidth());
  byId("measure-shown").textContent = `${measure.label} over k`;
  const bandOf = found => found.filter(each => known(each.null_mean) && known(each.null_sd)).map(each =>
    ({k: each.k, low: each.null_mean - 1.96 * each.null_sd, high: each.null_mean + 1.96 * each.null_sd, mean: each.null_mean}));
  const band = bandOf(points);
  const across = points.filter(each => known(each.seeds.value) && each.seeds.n > 1).map(each => ({k: each.k, low: each.seeds.value_low, high: each.seeds.value_high, mean: each.seeds.value}));
  const valuesOf = found => found.filter(each => known(each.value)).map(each => ({k: each.k, mean: each.value}));
  const own = valuesOf(points), others = right ? places.map(at => ({k: DATA.k[at], ...right.score(measure, at)})) : [];
  const other = valuesOf(others), otherBand = bandOf(others);
  const all = [...band, ...across, ...own, ...other, ...otherBand].flatMap(each => [each.low, each.high, each.mean]).filter(known);
  if (!all.length) {
    const why = DATA.statuses[points.map(each => each.status).find(each => each && each !== "ok")];
    byId("chart").replaceChildren(make("p", {class: "note"}, why || "This measure is not asked of this layer."));
    byId("chart-key").replaceChildren();
    byId("chart-note").textContent = "";
    return;
  }
  let low = Math.min(...all), high = Math.max(...all);
  if (high - low < 1e-12) { low -= 0.5; high += 0.5; }
  const margin = 0.05 * (high - low), width = chartWidth(), height = 290, box = {left: 70, right: 10, top: 10, bottom: 40};
  low -= margin; high += margin;
  const ends = [shownK[0] - 0.4, shownK[shownK.length - 1] + 0.4];
  const x = k => box.left + (k - ends[0]) / (ends[1] - ends[0]) * (width - box.left - box.right);
  const y = value => height - box.bottom - (value - low) / (high - low) * (height - box.top - box.bottom);
  const line = (items, name) => items.map((each, at) => `${at ? "L" : "M"}${x(each.k).toFixed(1)},${y(each[name]).toFixed(1)}`).join("");
  const area = items => items.length > 1 ? line(items, "high") + line([...items].reverse(), "low").replace("M", "L") + "Z"
    : items.map(each => `M${x(each.k) - 6},${y(each.low)}h12V${y(each.high)}h-12Z`).join("");
  const picture = make("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img"});
  const scale = ticks(low, high);
  for (const value of scale.found) picture.append(
    make("line", {x1: box.left, x2: width - box.right, y1: y(value), y2: y(value), stroke: "var(--line)", "stroke-width": 0.6}),
    make("text", {x: box.left - 6, y: y(value) + 4, "text-anchor": "end"}, minus(scale.digits > 5 ? value.toExponential(1) : value.toFixed(scale.digits))));
  const every = Math.ceil(shownK.length * 26 / (width - box.left));
  shownK.forEach((k, at) => { if (at % every === 0) picture.append(make("text", {x: x(k), y: height - box.bottom + 16, "text-anchor": "middle"}, String(k))); });
  picture.append(make("text", {x: (box.left + width) / 2, y: height - 6, "text-anchor": "middle"}, "k (number of clusters)"),
    make("line", {x1: x(state.k), x2: x(state.k), y1: box.top, y2: height - box.bottom, stroke: "var(--soft)", "stroke-dasharray": "2 3"}),
    make("path", {d: area(band), fill: "var(--band)"}),
    make("path", {d: line(band, "mean"), fill: "none", stroke: "var(--soft)", "stroke-width": 1.5, "stroke-dasharray": "5 3"}));
  const spread = across.filter(each => known(each.low));
  picture.append(make("path", {d: area(spread), fill: "var(--mean-band)"}),
    make("path", {d: line(across, "mean"), fill: "none", stroke: "var(--mean)", "stroke-width": 2, "stroke-dasharray": "9 3"}),
    make("path", {d: area(otherBand), fill: "var(--other-band)"}),
    make("path", {d: line(otherBand, "mean"), fill: "none", stroke: "var(--other)", "stroke-width": 1.2, "stroke-dasharray": "5 3"}),
    make("path", {d: line(other, "mean"), fill: "none", stroke: "var(--other)", "stroke-width": 2}),
    ...other.map(({k, mean}) => square(x(k), y(mean), right.choice.k === k ? 4.5 : 2.8, "var(--other)")),
    make("path", {d: line(own, "mean"), fill: "none", stroke: "var(--value)", "stroke-width": 2}),
    ...own.map(each => make("circle", {cx: x(each.k), cy: y(each.mean), r: each.k === state.k ? 5.5 : 3, fill: "var(--value)"})));
  const here = points[shownK.indexOf(state.k)];
  picture.setAttribute("aria-label", `${measure.label} over k of ${networkName(state.condition, state.seed)}, ${state.layer}. `
    + `At k = ${state.k}: this network ${significant(here.value)}, null ${here.null || "none"} ${significant(here.null_mean)}`
    + (here.seeds.n > 1 ? `, mean over ${here.seeds.n} networks ${significant(here.seeds.value)}, from ${significant(here.seeds.value_low)} to ${significant(here.seeds.value_high)}.` : ".")
    + (right ? ` Right pane, ${rightInWords(right, measure)}.` : ""));
  byId("chart").replaceChildren(picture);
  const key = (colour, text, dashes) => make("li", {}, make("i", {"aria-hidden": "true", style: {borderTopColor: colour, borderTopStyle: dashes}}), text);
  byId("chart-key").replaceChildren(key("var(--value)", right ? "this network, left (circles)" : "this network", "solid"),
    ...(other.length ? [key("var(--other)", right.shuffled ? "its shuffle, right (squares)" : "right pane (squares)", "solid")] : []),
    ...(otherBand.length ? [key("var(--other)", `its null ${others[0].null}: mean, coloured: \u00b1 1.96 sd`, "dashed")] : []),
    ...(across.length ? [key("var(--mean)", `mean over networks of ${state.condition}, 95 % interval`, "dashed")] : []),
    ...(band.length ? [key("var(--soft)", `null ${here.null}: mean, grey: \u00b1 1.96 sd`, "dashed")] : []));
  const counts = across.length ? points.map(each => each.seeds.n).filter(n => n > 0) : [];
  const least = Math.min(...counts), most = Math.max(...counts);
  const n = !counts.length ? "" : least === most ? `n = ${most} network${most > 1 ? "s" : ""}` : `n = ${least} to ${most} networks`;
  const means = here.seeds.n > 1 ? `, mean over n = ${here.seeds.n} networks ${significant(here.seeds.value)}, 95 % t interval `
    + `${significant(here.seeds.value_low)} to ${significant(here.seeds.value_high)}` : "";
  byId("chart-note").textContent = `At k = ${state.k}: this network ${significant(here.value)}${means}.${n ? ` Over all k: ${n}.` : ""}`
    + (right ? ` Right pane, ${rightInWords(right, measure)}.` : "");
}
// Numbers of clusters that the methods of these views have, in order.
function ksShown(views) {
  const wanted = new Set(views.flatMap(({layer, choice}) => ksOf(DATA, layer, choice.method)));
  return DATA.k.filter(k => wanted.has(k));
}
function rightInWords(right, measure) {
  const {value, null: null_, null_mean} = right.score(measure);
  const compared = null_ && known(null_mean) ? `, null ${null_} ${significant(null_mean)}` : "";
  return `k = ${right.choice.k}: ${known(value) ? significant(value) + compared : "no value is known"}`;
}
