// What may be chosen, and the address that says it.

function oneOf(wanted, allowed, otherwise) {
  const found = allowed.find(value => String(value) === String(wanted));
  return found !== undefined ? found : allowed.includes(otherwise) ? otherwise : allowed[0];
}
export function completed(wanted, data) {
  const {start} = data, shown = data.conditions.filter(each => each.networks.length);
  const name = oneOf(wanted.condition, shown.map(condition => condition.name), start.condition);
  const condition = shown.find(each => each.name === name);
  return {
    condition: name,
    seed: oneOf(wanted.seed, condition.networks.map(network => network.seed)),
    layer: oneOf(wanted.layer, condition.layers.map(layer => layer.name)),
    method: oneOf(wanted.method, Object.keys(data.methods), start.method),
    k: oneOf(wanted.k, data.k, start.k),
    null: oneOf(wanted.null, data.nulls.length ? data.nulls : [""], start.null),
    measure: oneOf(wanted.measure, data.measures.map(measure => measure.name), "mi_preserved"),
    order: oneOf(wanted.order, ["clusters", "original"]),
    ablation: oneOf(wanted.ablation, data.ablations),
    ...completedGrid(wanted, data),
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
