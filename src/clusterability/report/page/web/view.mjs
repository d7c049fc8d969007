// One view: the parts of the arrays that the choice points at.

import {DATA} from "./data.mjs";
import {state} from "./state.mjs";
import {summaryRow} from "./summary.mjs";

export function viewOf(condition, network, arrays, means) {
  const layer = condition.layers.find(each => each.name === state.layer);
  const methods = Object.keys(DATA.methods);
  const method = methods.indexOf(state.method), kAt = DATA.k.indexOf(state.k);
  const get = name => arrays[`${layer.name}/${name}`];
  const units = layer.m + layer.n;
  const first = (method * DATA.k.length + kAt) * units;
  const labels = get("labels").subarray(first, first + units);
  const place = (row, k) => (row * methods.length + method) * DATA.k.length + k;
  const nullOf = measure => measure.function ? "groups" : state.null;
  const pairOf = measure => DATA.pairs.findIndex(([name, null_]) => name === measure.name && null_ === nullOf(measure));
  function score(measure, k = kAt) {
    const at = place(DATA.measures.indexOf(measure), k), pair = pairOf(measure);
    const found = {value: get("value")[at], status: Object.keys(DATA.statuses)[get("status")[at]], null: nullOf(measure)};
    for (const name of ["null_mean", "null_sd", "z", "p", "p_two_sided"])
      found[name] = pair < 0 ? NaN : get(name)[place(pair, k)];
    return found;
  }
  const mean = (measure, k) => summaryRow(DATA, means, {
    condition: condition.name, layer: layer.name, method: state.method, k: DATA.k[k], measure: measure.name, null: nullOf(measure),
  });
  const probedAt = DATA.probed_k.indexOf(state.k), most = DATA.most_clusters;
  const cluster = (name, number) => get(name)[((method * DATA.probed_k.length) + probedAt) * most + number];
  function fall(name, number, class_) {
    const ablation = DATA.ablations.indexOf(state.ablation);
    const at = ((ablation * methods.length + method) * DATA.probed_k.length + probedAt) * most + number;
    return get("class_" + name)[at * DATA.classes + class_];
  }
  const [limit, largest] = get("limits");
  return {
    condition, network, layer, score, mean, cluster, fall, limit, largest,
    levels: get("weights"), u: labels.subarray(0, layer.m), v: labels.subarray(layer.m),
    infeasible: labels.every(label => label < 0),
  };
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
