// The left pane, and the right one beside it: another choice, or a shuffle of the left network.

import {isKnown} from "./address.mjs";
import {adjustedInformation, counterparts} from "./agreement.mjs";
import {clusterColour} from "./colours.mjs";
import {networkName, ofFirstAlone, seedName} from "./controls.mjs";
import {DATA, arraysOf, besideOf, meansOf, shown} from "./data.mjs";
import {byId} from "./document.mjs";
import {known} from "./numbers.mjs";
import {state} from "./state.mjs";
import {choiceIn, viewOf} from "./view.mjs";

const SIDES = [["u", "output units (U)"], ["v", "input units (V)"]];

async function partsOf(choice) {
  const condition = shown.find(each => each.name === choice.condition);
  const network = condition.networks.find(each => each.seed === choice.seed);
  return [condition, network, ...await Promise.all([
    arraysOf(`${condition.name}/${network.seed}`, network.data, condition.layout),
    meansOf(condition),
    network === condition.networks[0] ? besideOf(condition, "draws") : null,
  ])];
}
// What other networks of its condition are at the same choice.
export function viewsOfSeeds({choice, condition, network}) {
  const others = condition.networks.filter(each => each !== network).map(({seed}) => ({...choice, seed}));
  return Promise.all(others.map(async other => viewOf(other, ...await partsOf(other))));
}
// What both panes show; `why` says why the right one is empty, where something is wanted there.
export async function viewsNow() {
  const parts = await partsOf(choiceIn("")), left = viewOf(choiceIn(""), ...parts);
  if (state.beside === "other") return together(left, viewOf(choiceIn("2"), ...await partsOf(choiceIn("2"))));
  if (state.beside !== "shuffle") return {left, right: null, why: []};
  const why = noShuffle(left);
  if (why) return {left, right: null, why};
  return together(left, viewOf(left.choice, ...parts, await besideOf(left.condition, "shuffle")));
}
// Units keep their colour: a right cluster has that of the left one that it agrees with most.
function together(left, right) {
  const same = SIDES.map(([side]) => side).filter(side => left[side].length === right[side].length);
  const found = counterparts(same.map(side => [left[side], right[side]]), [...right.u, ...right.v]);
  const rank = label => label < 0 ? label : found.get(label);
  Object.assign(left, {beside: right});
  Object.assign(right, {beside: left, end: "2", rank, colour: label => clusterColour(rank(label)), matched: same.length > 0});
  return {left, right, why: []};
}
function noShuffle({condition, network, layer, choice}) {
  if (isKnown(choice.method)) return ["Known groups were not found in the weights, so there are none to find in a shuffle."];
  const kept = condition.beside.shuffle;
  if (!kept) return ["There was no room on this page for a shuffle of this network."];
  if (network !== condition.networks[0]) return ofFirstAlone(condition, "a shuffle");
  return kept.layout.some(([name]) => name === `${layer.name}/labels`) ? null
    : ["The matrix of this layer is too large to cluster a shuffle of it for this page."];
}
// The right pane has the parts of the left one, by the same names with a 2.
export function addRightPane() {
  const body = byId("pane-body").cloneNode(true);
  for (const part of [body, ...body.querySelectorAll("[id]")]) part.id += "2";
  for (const part of body.querySelectorAll("[aria-labelledby]")) part.setAttribute("aria-labelledby", part.getAttribute("aria-labelledby") + "2");
  body.querySelector("#matrix-box2").setAttribute("aria-label", "Weight matrix of the right pane: arrow keys move between its cells");
  byId("pane2").append(body);
}
const titleOf = ({choice: {condition, seed, layer, method, k}}) => `${networkName(condition, seed)}, ${layer}, ${method}, k = ${k}`;
export function drawPanes({left, right, why}) {
  const {null: null_, number} = DATA.shuffle;
  byId("panes").classList.toggle("two", Boolean(right));
  byId("pane-title").hidden = !right;
  byId("pane-title").textContent = `Left: ${titleOf(left)}`;
  byId("pane2").hidden = !state.beside;
  byId("pane-body2").hidden = !right;
  byId("pane-title2").textContent = !right ? "Right" : right.shuffled ? `Right: a shuffle of ${titleOf(right)}` : `Right: ${titleOf(right)}`;
  byId("pane-note2").replaceChildren(...right && right.shuffled
    ? [`Draw ${number} of the null ${null_}: ${DATA.nulls_say[null_]}. ${DATA.file ? "It was" : `It is the first draw that a study makes for seed ${seedName(right.choice.seed)},`} clustered by the same method.`] : why);
  byId("pane-note2").hidden = !byId("pane-note2").hasChildNodes();
  byId("agreement").hidden = !right;
  byId("agreement").textContent = right ? agreementInWords(left, right) : "";
}
function agreementInWords(left, right) {
  const parts = SIDES.map(([side, name]) => {
    if (left[side].length !== right[side].length) return `${name}: does not apply, the panes have ${left[side].length} and ${right[side].length}`;
    const found = adjustedInformation(left[side], right[side]);
    return `${name} ${known(found) ? found.toFixed(3).replace("-", "\u2212") : "none, no unit is in a cluster of both"}`;
  });
  return `Agreement of left and right clusters (AMI; 1: the same, 0: as chance has it): ${parts.join("; ")}. `
    + (right.matched ? "Clusters of one colour are those that share the most units." : "Colours go by number: no side has as many units in both.")
    + (unlike(left, right) ? " Units are compared by their number, but hidden units of different seeds are in no common order." : "");
}
// Whether a shared side holds hidden units of networks that began with different weights.
function unlike(left, right) {
  const hidden = ({condition, layer}, side) => layer !== (side === "u" ? condition.layers[condition.layers.length - 1] : condition.layers[0]);
  return left.choice.seed !== right.choice.seed
    && SIDES.some(([side]) => left[side].length === right[side].length && (hidden(left, side) || hidden(right, side)));
}
