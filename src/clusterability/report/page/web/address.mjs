// What may be chosen, and the address that says it.

function oneOf(wanted, allowed, otherwise) {
  const found = allowed.find(value => String(value) === String(wanted));
  return found !== undefined ? found : allowed.includes(otherwise) ? otherwise : allowed[0];
}
// Known groups are a method with a single number of clusters in a layer, that of its groups, if it has any.
export const isKnown = method => method.split("-")[0] === "groups";
export function ksOf(data, layer, method) {
  if (isKnown(method)) return layer.groups ? [layer.groups.length] : [];
  return data.found_k || data.k;
}
export const methodsOf = (data, layer) => Object.keys(data.methods).filter(method => ksOf(data, layer, method).length);
export function completed(wanted, data) {
  const {start} = data, shown = data.conditions.filter(each => each.networks.length);
  const name = oneOf(wanted.condition, shown.map(condition => condition.name), start.condition);
  const condition = shown.find(each => each.name === name);
  const left = {
    condition: name,
    seed: oneOf(wanted.seed, condition.networks.map(network => network.seed)),
    ...completedPlace(data, condition, wanted, {method: () => start.method, k: start.k}),
  };
  return {
    ...left,
    ...completedUnit(wanted, condition.layers.find(layer => layer.name === left.layer)),
    cluster: numberBelow(left.k, wanted.cluster),
    ...completedBeside(wanted, left, data),
    null: oneOf(wanted.null, data.nulls.length ? data.nulls : [""], start.null),
    measure: oneOf(wanted.measure, data.measures.map(measure => measure.name), "mi_preserved"),
    order: oneOf(wanted.order, ["clusters", "original"]),
    ablation: oneOf(wanted.ablation, data.ablations),
    ...completedGrid(wanted, data),
  };
}
// A unit of a layer: its side, and its number or nothing.
function completedUnit(wanted, {m, n}) {
  const side = oneOf(wanted.side, ["u", "v"]);
  return {side, unit: numberBelow(side === "u" ? m : n, wanted.unit)};
}
function numberBelow(limit, wanted) {
  const number = String(wanted ?? "") === "" ? NaN : Number(wanted);
  return Number.isInteger(number) && number >= 0 && number < limit ? number : "";
}
// Layer, method and k; `otherwise.method` gets the methods that there are.
function completedPlace(data, {layers}, wanted, otherwise) {
  const name = oneOf(wanted.layer, layers.map(layer => layer.name), otherwise.layer), layer = layers.find(each => each.name === name);
  const methods = methodsOf(data, layer), method = oneOf(wanted.method, methods, otherwise.method(methods));
  const ks = ksOf(data, layer, method);
  return {layer: name, method, k: oneOf(wanted.k, ks, ks.includes(otherwise.k) ? otherwise.k : data.start.k)};
}
// What stands in the right pane: nothing, another choice, or the shuffle of the left one. Where nothing is
// said of another choice, it is the left one in another condition, or else of another seed; of one file, known groups
// stand beside clusters.
function completedBeside(wanted, left, data) {
  const beside = oneOf(wanted.beside, ["", "other", "shuffle"]), shown = data.conditions.filter(each => each.networks.length);
  const arrange = beside ? oneOf(wanted.arrange, ["own", "left", "right"]) : "";
  if (beside !== "other") return {beside, condition2: "", seed2: "", layer2: "", method2: "", k2: "", arrange};
  const others = shown.filter(each => each.name !== left.condition);
  const condition2 = oneOf(wanted.condition2, shown.map(each => each.name), (others[0] || shown[0]).name);
  const place = shown.find(each => each.name === condition2), seeds = place.networks.map(network => network.seed);
  const otherSeed = condition2 === left.condition ? seeds.find(seed => seed !== left.seed) : left.seed;
  const method2 = methods => (data.file && methods.find(each => isKnown(each) !== isKnown(left.method))) || left.method;
  const right = completedPlace(data, place, {layer: wanted.layer2, method: wanted.method2, k: wanted.k2}, {...left, method: method2});
  return {beside, condition2, seed2: oneOf(wanted.seed2, seeds, otherSeed), layer2: right.layer, method2: right.method, k2: right.k, arrange};
}
// What the overview shows; `all` stands for every method.
function completedGrid(wanted, data) {
  const {start} = data, grid = oneOf(wanted.grid, data.measures.map(measure => measure.name), start.grid);
  const {function: probed, nulls} = data.measures.find(measure => measure.name === grid);
  return {
    grid,
    grid_by: oneOf(wanted.grid_by, ["mean", ...nulls]),
    grid_method: oneOf(wanted.grid_method, [...Object.keys(data.methods), "all"], start.grid_method),
    grid_k: oneOf(wanted.grid_k, probed && data.probed_k.length ? data.probed_k : data.found_k || data.k, start.grid_k),
    find: wanted.find || "",
  };
}
export function chosenIn(hash) {
  return Object.fromEntries(new URLSearchParams(hash.slice(1)));
}
export const addressOf = chosen => "#" + new URLSearchParams(chosen);
