// What may be chosen, and the address that says it.

function oneOf(wanted, allowed, otherwise) {
  const found = allowed.find(value => String(value) === String(wanted));
  return found !== undefined ? found : allowed.includes(otherwise) ? otherwise : allowed[0];
}
export function completed(wanted, data) {
  const {start} = data, shown = data.conditions.filter(each => each.networks.length);
  const name = oneOf(wanted.condition, shown.map(condition => condition.name), start.condition);
  const condition = shown.find(each => each.name === name);
  const left = {
    condition: name,
    seed: oneOf(wanted.seed, condition.networks.map(network => network.seed)),
    layer: oneOf(wanted.layer, condition.layers.map(layer => layer.name)),
    method: oneOf(wanted.method, Object.keys(data.methods), start.method),
    k: oneOf(wanted.k, data.k, start.k),
  };
  return {
    ...left,
    ...completedUnit(wanted, condition.layers.find(layer => layer.name === left.layer)),
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
  const side = oneOf(wanted.side, ["u", "v"]), unit = String(wanted.unit ?? "") === "" ? NaN : Number(wanted.unit);
  return {side, unit: Number.isInteger(unit) && unit >= 0 && unit < (side === "u" ? m : n) ? unit : ""};
}
// What stands in the right pane: nothing, another choice, or the shuffle of the left one. Where nothing is
// said of another choice, it is the left one in another condition, or else of another seed.
function completedBeside(wanted, left, data) {
  const beside = oneOf(wanted.beside, ["", "other", "shuffle"]), shown = data.conditions.filter(each => each.networks.length);
  const arrange = beside ? oneOf(wanted.arrange, ["own", "left", "right"]) : "";
  if (beside !== "other") return {beside, condition2: "", seed2: "", layer2: "", method2: "", k2: "", arrange};
  const others = shown.filter(each => each.name !== left.condition);
  const condition2 = oneOf(wanted.condition2, shown.map(each => each.name), (others[0] || shown[0]).name);
  const place = shown.find(each => each.name === condition2), seeds = place.networks.map(network => network.seed);
  const otherSeed = condition2 === left.condition ? seeds.find(seed => seed !== left.seed) : left.seed;
  return {
    beside, condition2,
    seed2: oneOf(wanted.seed2, seeds, otherSeed),
    layer2: oneOf(wanted.layer2, place.layers.map(layer => layer.name), left.layer),
    method2: oneOf(wanted.method2, Object.keys(data.methods), left.method),
    k2: oneOf(wanted.k2, data.k, left.k),
    arrange,
  };
}
// What the overview shows; `all` stands for every method.
function completedGrid(wanted, data) {
  const {start} = data, grid = oneOf(wanted.grid, data.measures.map(measure => measure.name), start.grid);
  const {function: probed, nulls} = data.measures.find(measure => measure.name === grid);
  return {
    grid,
    grid_by: oneOf(wanted.grid_by, ["mean", ...nulls]),
    grid_method: oneOf(wanted.grid_method, [...Object.keys(data.methods), "all"], start.grid_method),
    grid_k: oneOf(wanted.grid_k, probed && data.probed_k.length ? data.probed_k : data.k, start.grid_k),
    find: wanted.find || "",
  };
}
export function chosenIn(hash) {
  return Object.fromEntries(new URLSearchParams(hash.slice(1)));
}
export const addressOf = chosen => "#" + new URLSearchParams(chosen);
