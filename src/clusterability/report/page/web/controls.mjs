// The controls of the network that is shown.

import {isKnown, ksOf, methodsOf} from "./address.mjs";
import {DATA, shown} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {choose, state} from "./state.mjs";

export const CONTROLS = ["condition", "seed", "layer", "method", "k", "null", "beside", "condition2", "seed2", "layer2", "method2", "k2",
  "arrange", "measure", "order", "ablation", "cluster", "side", "unit"];
export const seedName = seed => seed < 0 ? "imported" : String(seed);
export const networkName = (condition, seed) => DATA.file ? condition : `${condition}, seed ${seedName(seed)}`;
// What the page keeps of a condition's first network alone, and a button that chooses this one in a pane.
export function ofFirstAlone(condition, what, end = "") {
  const {seed} = condition.networks[0], button = make("button", {type: "button", class: "control"}, `seed ${seedName(seed)}`);
  button.addEventListener("click", () => choose({["seed" + end]: seed}));
  return [`Of ${condition.name}, this page keeps ${what} of one network alone: `, button];
}
export function setOptions(select, options, chosen) {
  select.replaceChildren(...options.map(({value, text, disabled}) =>
    make("option", {value, ...(disabled ? {disabled: ""} : {})}, text)));
  select.value = String(chosen);
}
// The controls of a pane: `end` is that of their names.
function showPlace(end) {
  const of = name => state[name + end], condition = shown.find(each => each.name === of("condition"));
  setOptions(byId("condition" + end), DATA.conditions.map(({name, networks}) => ({
    value: name, text: networks.length ? name : name + " (left out)", disabled: !networks.length,
  })), of("condition"));
  setOptions(byId("seed" + end), condition.networks.map(({seed}) => ({value: seed, text: seedName(seed)})), of("seed"));
  setOptions(byId("layer" + end), condition.layers.map(({name, m, n}) =>
    ({value: name, text: `${name} (${m} \u00d7 ${n})`})), of("layer"));
  setOptions(byId("method" + end), methodsOf(DATA, layerIn(end)).map(name => ({value: name, text: name})), of("method"));
}
function layerIn(end) {
  return shown.find(each => each.name === state["condition" + end]).layers.find(each => each.name === state["layer" + end]);
}
const ksIn = end => ksOf(DATA, layerIn(end), state["method" + end]);
export function showControls() {
  showPlace("");
  byId("beside").value = state.beside;
  byId("right").hidden = state.beside !== "other";
  byId("arrange-label").hidden = !state.beside;
  byId("arrange").value = state.arrange || "own";
  if (state.beside === "other") {
    showPlace("2");
    setOptions(byId("k2"), ksIn("2").map(k => ({value: k, text: String(k)})), state.k2);
  }
  setOptions(byId("null"), DATA.nulls.length ? DATA.nulls.map(name => ({value: name, text: name}))
    : [{value: "", text: "no null"}], state.null);
  setOptions(byId("measure"), DATA.measures.map(({name, label}) =>
    ({value: name, text: `${label} (${name})`})), state.measure);
  const slider = byId("k");
  slider.max = ksIn("").length - 1;
  slider.value = ksIn("").indexOf(state.k);
  slider.disabled = ksIn("").length === 1;
  slider.setAttribute("aria-valuetext", `${state.k} clusters`);
  byId("k-shown").textContent = `k = ${state.k}`;
  byId("order").checked = state.order === "original";
  byId("ablation").value = state.ablation;
  const groups = isKnown(state.method) && layerIn("").groups, clusterText = label => groups ? `${label} (${groups[label]})` : String(label);
  setOptions(byId("cluster"), [{value: "", text: "none"}, ...Array.from({length: state.k}, (_, label) => ({value: label, text: clusterText(label)}))], state.cluster);
}
export function valueOf(id) {
  if (id === "k") return ksIn("")[byId("k").value];
  if (id === "order") return byId("order").checked ? "original" : "clusters";
  return byId(id).value;
}
