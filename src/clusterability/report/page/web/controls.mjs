// The controls of the network that is shown.

import {DATA, shown} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {state} from "./state.mjs";

export const CONTROLS = ["condition", "seed", "layer", "method", "k", "null", "measure", "order", "ablation"];
export const seedName = seed => seed < 0 ? "imported" : String(seed);
export function setOptions(select, options, chosen) {
  select.replaceChildren(...options.map(({value, text, disabled}) =>
    make("option", {value, ...(disabled ? {disabled: ""} : {})}, text)));
  select.value = String(chosen);
}
export function showControls() {
  const condition = shown.find(each => each.name === state.condition);
  setOptions(byId("condition"), DATA.conditions.map(({name, networks}) => ({
    value: name, text: networks.length ? name : name + " (left out)", disabled: !networks.length,
  })), state.condition);
  setOptions(byId("seed"), condition.networks.map(({seed}) => ({value: seed, text: seedName(seed)})), state.seed);
  setOptions(byId("layer"), condition.layers.map(({name, m, n}) =>
    ({value: name, text: `${name} (${m} \u00d7 ${n})`})), state.layer);
  setOptions(byId("method"), Object.keys(DATA.methods).map(name => ({value: name, text: name})), state.method);
  setOptions(byId("null"), DATA.nulls.length ? DATA.nulls.map(name => ({value: name, text: name}))
    : [{value: "", text: "no null"}], state.null);
  setOptions(byId("measure"), DATA.measures.map(({name, label}) =>
    ({value: name, text: `${label} (${name})`})), state.measure);
  const slider = byId("k");
  slider.max = DATA.k.length - 1;
  slider.value = DATA.k.indexOf(state.k);
  slider.setAttribute("aria-valuetext", `${state.k} clusters`);
  byId("k-shown").textContent = `k = ${state.k}`;
  byId("order").checked = state.order === "original";
  byId("ablation").value = state.ablation;
}
export function valueOf(id) {
  if (id === "k") return DATA.k[byId("k").value];
  if (id === "order") return byId("order").checked ? "original" : "clusters";
  return byId(id).value;
}
