// One view: the parts of the arrays that the choice points at.

import {isKnown} from "./address.mjs";
import {binLabels, unitsOfBins} from "./bins.mjs";
import {DATA} from "./data.mjs";
import {clusterColour} from "./colours.mjs";
import {drawsOf} from "./draws.mjs";
import {state} from "./state.mjs";
import {summaryRow} from "./summary.mjs";

// What is chosen in a pane, by the end of its names: "" for the left one, "2" for the right one.
export const choiceIn = end => Object.fromEntries(["condition", "seed", "layer", "method", "k"].map(name => [name, state[name + end]]));

// Args: the choice; the condition and network that it names; the network's arrays; means of the condition; single
// draws, of a network that has some; and, for its shuffle, arrays of that.
export function viewOf(choice, condition, network, arrays, means, drawArrays, shuffle) {
  const layer = condition.layers.find(each => each.name === choice.layer);
  const methods = Object.keys(DATA.methods);
  const method = methods.indexOf(choice.method), kAt = DATA.k.indexOf(choice.k);
  const get = name => arrays[`${layer.name}/${name}`];
  const pick = name => (shuffle || arrays)[`${layer.name}/${name}`];
  const units = layer.m + layer.n;
  const labelsAt = k => pick("labels").subarray((method * DATA.k.length + k) * units, (method * DATA.k.length + k + 1) * units);
  const labels = labelsAt(kAt);
  const place = (row, k) => (row * methods.length + method) * DATA.k.length + k;
  // Known groups were not found in the weights: they are compared with permuted ones alone.
  const known = isKnown(choice.method), null_ = !known || !DATA.nulls.includes("labels") ? state.null : "labels";
  const nullOf = measure => measure.function ? "groups" : null_;
  const pairOf = measure => DATA.pairs.findIndex(([name, null_]) => name === measure.name && null_ === nullOf(measure));
  function score(measure, k = kAt) {
    const at = place(DATA.measures.indexOf(measure), k), pair = pairOf(measure);
    const found = {value: get("value")[at], status: Object.keys(DATA.statuses)[get("status")[at]], null: nullOf(measure)};
    for (const name of ["null_mean", "null_sd", "z", "p", "p_two_sided"])
      found[name] = pair < 0 ? NaN : get(name)[place(pair, k)];
    return found;
  }
  const draws = drawArrays && drawArrays[`${layer.name}/draws_n`] ? drawsOf(Object.fromEntries(["n", "ends", "first", "steps"]
    .map(name => [name, drawArrays[`${layer.name}/draws_${name}`]])), DATA.draw_steps) : null;
  const drawsAt = (measure, k = kAt) => draws && pairOf(measure) >= 0 ? draws[place(pairOf(measure), k)] : {values: [], first: NaN};
  // Of a shuffle it is known what directed measures say, as of one of the draws.
  function scoreOfShuffle(measure, k = kAt) {
    const pair = DATA.pairs.findIndex(([name, null_]) => name === measure.name && null_ === DATA.shuffle.null);
    return {value: draws && pair >= 0 ? draws[place(pair, k)].first : NaN, status: "ok", null: "", null_mean: NaN, null_sd: NaN, z: NaN};
  }
  const mean = (measure, k) => summaryRow(DATA, means, {
    condition: condition.name, layer: layer.name, method: choice.method, k: DATA.k[k], measure: measure.name, null: nullOf(measure),
  });
  const bits = (name, label) => get(name)[(method * DATA.k.length + kAt) * Math.max(...DATA.k) + label];
  const probedAt = DATA.probed_k.indexOf(choice.k), most = DATA.most_clusters;
  const cluster = (name, number) => get(name)[((method * DATA.probed_k.length) + probedAt) * most + number];
  function fall(name, number, class_, ablation = DATA.ablations.indexOf(state.ablation)) {
    const at = ((ablation * methods.length + method) * DATA.probed_k.length + probedAt) * most + number;
    const step = get("class_" + name)[at * DATA.classes + class_];
    return step === undefined || step === DATA.shares.none ? NaN : step / DATA.shares.steps;
  }
  const ofClass = (name, class_) => get("class_" + name)[class_];
  const [limit, largest] = get("limits");
  const levels = pick("weights"), exact = pick("exact"), bins = pick("bins"), u = labels.subarray(0, layer.m), v = labels.subarray(layer.m);
  const cells = bins ? binnedCells(bins, u, v) : {u, v};
  return {
    choice, condition, network, layer, score: shuffle ? scoreOfShuffle : score, drawsAt, hasDraws: Boolean(draws), mean, bits, cluster, fall, ofClass, limit, largest, levels, exact, shuffled: Boolean(shuffle),
    labelsAt, other: name => viewOf({...choice, layer: name}, condition, network, arrays, means, null, null),
    u, v, infeasible: labels.every(label => label < 0), null: null_, groups: known ? layer.groups : null,
    bins, cells, strength: strengths(levels, cells, bins ? 0 : DATA.levels), end: "", colour: clusterColour, rank: label => label, beside: null,
  };
}
// Cells of a large matrix are between bins of units, which have the label of most of their units.
function binnedCells(bins, u, v) {
  const units = {u: unitsOfBins(bins.subarray(0, u.length)), v: unitsOfBins(bins.subarray(u.length))};
  const [ofU, ofV] = [binLabels(u, units.u), binLabels(v, units.v)];
  return {u: ofU.labels, v: ofV.labels, units, shares: [ofU.share, ofV.share]};
}
// Sums of sizes of the cells of each row and column, in levels from that of 0.
function strengths(levels, cells, zero) {
  const [m, n] = [cells.u.length, cells.v.length], u = new Float64Array(m), v = new Float64Array(n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) {
    const size = Math.abs(levels[i * n + j] - zero);
    u[i] += size; v[j] += size;
  }
  return {u, v};
}
// A cluster by its number, and by its name where it is a known group.
export function labelInWords(view, label) {
  return label < 0 ? (view.groups ? "in no group" : "none") : view.groups ? `${label} (${view.groups[label]})` : String(label);
}
export function sizesOf(labels) {
  const found = new Map();
  for (const label of labels) found.set(label, (found.get(label) || 0) + 1);
  return found;
}
export function sizesInWords(labels) {
  const sizes = [...sizesOf(labels)].sort((a, b) => (a[0] < 0) - (b[0] < 0) || a[0] - b[0]);
  return sizes.map(([label, size]) => label < 0 ? `${size} in none` : `${label}: ${size}`).join(", ");
}
