// Single draws of the null beside the observed value: a line each, of both panes.

import {ofFirstAlone} from "./controls.mjs";
import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {known, minus, significant, ticks} from "./numbers.mjs";
import {state} from "./state.mjs";

const ROW = 34, LEFT = 12, RIGHT = 12;

// Args: the left view, the measure, pixels across.
export function drawRug(view, measure, width) {
  const lines = [lineOf(view, measure), ...(view.beside && !view.beside.shuffled ? [lineOf(view.beside, measure)] : [])];
  const shuffled = view.beside && view.beside.shuffled && lines[0].null === DATA.shuffle.null ? view.beside.score(measure).value : NaN;
  const values = lines.flatMap(line => line.values.length ? [...line.values, line.value] : []).filter(known);
  const notes = lines.map(line => make("p", {class: "soft"}, ...drawsInWords(line, measure, lines.length > 1, shuffled)));
  byId("rug").replaceChildren(...(values.length ? [picture(lines, values, shuffled, width)] : []), ...notes);
}
function lineOf(view, measure) {
  const {value, null: null_} = view.score(measure);
  return {view, value, null: null_, values: view.drawsAt(measure).values, colour: view.end ? "var(--other)" : "var(--value)"};
}
function picture(lines, values, shuffled, width) {
  const [low, high] = ends(values), height = ROW * lines.length + 22;
  const x = value => LEFT + (value - low) / (high - low) * (width - LEFT - RIGHT);
  const found = make("svg", {viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true"});
  const scale = ticks(low, high), every = Math.ceil(scale.found.length * 64 / width);
  scale.found.forEach((value, at) => {
    if (at % every) return;
    found.append(make("line", {x1: x(value), x2: x(value), y1: 0, y2: height - 18, stroke: "var(--line)", "stroke-width": 0.6}),
      make("text", {x: Math.max(20, Math.min(width - 20, x(value))), y: height - 5, "text-anchor": "middle"},
        minus(scale.digits > 5 ? value.toExponential(1) : value.toFixed(scale.digits))));
  });
  lines.forEach((line, row) => {
    const middle = ROW * row + ROW / 2;
    found.append(...line.values.map(value => make("line", {class: "draw", x1: x(value), x2: x(value), y1: middle - 11, y2: middle + 11, stroke: "var(--soft)", "stroke-width": 1.2, opacity: 0.6})));
    if (row === 0 && known(shuffled)) found.append(make("rect", {class: "shuffle", x: x(shuffled) - 4, y: middle - 4, width: 8, height: 8, fill: "var(--other)"}));
    if (known(line.value)) found.append(make("circle", {class: "observed", cx: x(line.value), cy: middle, r: 5.5, fill: line.colour}));
  });
  return found;
}
function ends(values) {
  const low = Math.min(...values), high = Math.max(...values), margin = (high - low) * 0.03 || Math.abs(low) * 0.01 || 0.5;
  return [low - margin, high + margin];
}
function drawsInWords(line, measure, both, shuffled) {
  const {view, values, value} = line, {k} = view.choice, who = both ? (view.end ? "Right: " : "Left: ") : "";
  if (!values.length) return [who, ...noDraws(view, measure, line.null)];
  const better = measure.direction > 0 ? values.filter(each => each >= value) : values.filter(each => each <= value);
  const least = significant(values[0]), most = significant(values[values.length - 1]);
  return [`${who}${values.length} draw${values.length === 1 ? "" : "s"} of ${line.null} at k = ${k}, a line each, from ${least} to ${most}; `
    + (known(value) ? `the network (circle) has ${significant(value)}, and ${better.length} of them ${better.length === 1 ? "is" : "are"} at least as good.` : "the network has no value.")
    + (known(shuffled) ? ` The shuffle of the right pane (square) is one of them: ${significant(shuffled)}.` : "")];
}
// Why there are no single draws to show.
function noDraws({condition, network, layer, end, hasDraws}, measure, null_) {
  if (!null_) return ["There is no null to show draws of."];
  if (measure.function) return ["Of random groups of units, the study keeps mean and spread, no single draws."];
  if (!measure.direction) return ["Of measures of which neither direction is better, the study keeps no single draws."];
  if (!condition.beside.draws && !condition.draws_kept) return [`Of ${condition.name}, the study keeps no single draws, but their mean and spread.`];
  if (!condition.beside.draws) return [`There was no room on this page for single draws of ${condition.name}.`];
  if (network !== condition.networks[0]) return ofFirstAlone(condition, "single draws", end);
  if (!hasDraws) return [`Of ${layer.name} of ${condition.name}, the study keeps no single draws, but their mean and spread.`];
  return [`Of ${null_}, the study keeps no single draws of this measure at this method and k${state.null === null_ ? ", or makes none" : ""}.`];
}
