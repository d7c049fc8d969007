// One unit: its cluster at every k, its strongest weights, and what it responds to.

import {ksOf} from "./address.mjs";
import {openCluster} from "./clusters.mjs";
import {chip} from "./colours.mjs";
import {ofFirstAlone} from "./controls.mjs";
import {DATA, besideOf} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {known, plain, significant} from "./numbers.mjs";
import {imagesOf, paintPixels, pixelsAcross} from "./pixels.mjs";
import {state} from "./state.mjs";
import {strongest} from "./strongest.mjs";

const WEIGHTS = 10, SCALE = 2;

// What the page keeps of the responses of a condition's first network; null for another one, or without.
export async function responsesOf({condition, network}) {
  if (network !== condition.networks[0]) return null;
  const [responses, images] = await Promise.all(["responses", "images"].map(kind => besideOf(condition, kind)));
  return responses && images ? {...responses, pixels: images.pixels} : null;
}
// A unit has inputs where it is an output of a layer, and outputs where it is an input of one; hidden units of
// a chain have both.
function unitEnds({condition, layer, other}) {
  const layers = condition.layers, before = layers.find(each => each.next === layer.name);
  const below = state.side === "u" ? layer.name : before ? before.name : "", above = state.side === "v" ? layer.name : layer.next;
  return {below: below && other(below), above: above && other(above)};
}
export function drawUnit(view, responses) {
  const side = byId("side"), unit = byId("unit"), there = state.unit !== "";
  side.value = state.side;
  unit.max = (state.side === "u" ? view.layer.m : view.layer.n) - 1;
  if (unit !== document.activeElement || there) unit.value = state.unit;
  byId("unit-body").hidden = !there;
  byId("unit-note").textContent = there ? "" : "Click a row of the matrix, with Shift a column, or type a number.";
  if (!there) return;
  const {below, above} = unitEnds(view), name = unitName(state.side === "v" && !below ? view : null, state.unit, view.layer[state.side + "_names"]);
  byId("unit-title").textContent = `One unit: ${name}, ${[below && `output of ${below.layer.name}`, above && `input of ${above.layer.name}`].filter(Boolean).join(" and ")}`;
  byId("unit-clusters").replaceChildren(clustersAtAllK([[below, "u"], [above, "v"]].filter(([end]) => end)));
  byId("unit-weights").replaceChildren(...[[below, "u", "Strongest inputs"], [above, "v", "Strongest outputs"]]
    .filter(([end]) => end).map(([end, from, title]) => weightsTable(end, from, title)));
  drawWeightsAsImage(below);
  drawResponses(view, below && above ? below : null, responses);
}
// A pixel by its row and column, any other unit by its number.
export function unitName(view, unit, names) {
  if (names) return names[unit];
  const width = view ? pixelsAcross(view.layer) : 0;
  return width ? `pixel ${Math.floor(unit / width) + 1}, ${unit % width + 1}` : `unit ${unit}`;
}
function clustersAtAllK(ends) {
  const ks = ksOf(DATA, ends[0][0].layer, state.method);
  return make("table", {id: "unit-clusters-table"}, make("thead", {}, make("tr", {}, make("th", {class: "text", scope: "col"}, `Cluster by ${state.method} at k =`),
    ...ks.map(k => make("th", {scope: "col"}, String(k))))),
    make("tbody", {}, ...ends.map(([end, side]) => make("tr", {},
      make("th", {class: "text", scope: "row"}, side === "u" ? `as output of ${end.layer.name}` : `as input of ${end.layer.name}`),
      ...ks.map(k => make("td", {}, clusterAt(end, side, k)))))));
}
// The cluster of the unit in a layer, at a k: a button that shows it by itself.
function clusterAt({layer, labelsAt}, side, k) {
  const label = labelsAt(DATA.k.indexOf(k))[(side === "u" ? 0 : layer.m) + state.unit];
  if (label < 0) return "none";
  const button = make("button", {type: "button", class: "link", "aria-label": `cluster ${label} of ${layer.name} at k = ${k}`}, chip(label), String(label));
  button.addEventListener("click", () => openCluster({layer: layer.name, side, k, cluster: label}));
  return button;
}
function weightsTable(view, side, title) {
  const heading = `${title}, ${view.layer.name}`, box = make("div", {class: "box", tabindex: 0, role: "region", "aria-label": heading}, make("h3", {}, heading));
  if (view.bins) {
    box.append(make("p", {class: "soft"}, "This page has means over cells of this matrix, and no weights of single units."));
    return box;
  }
  const labels = side === "u" ? view.v : view.u, pixels = side === "u" ? view : null, names = view.layer[side === "u" ? "v_names" : "u_names"];
  const rows = view.exact ? strongest(view.exact, view.layer, side, state.unit, 0, WEIGHTS) : strongest(view.levels, view.layer, side, state.unit, DATA.levels, WEIGHTS);
  box.append(make("table", {"data-weights": side}, make("thead", {}, make("tr", {}, make("th", {class: "text", scope: "col"}, unitName(pixels, 0, names).startsWith("pixel ") ? "from pixel in row, column" : side === "u" ? "from" : "to"),
    make("th", {scope: "col"}, "weight"), make("th", {scope: "col"}, "cluster"))),
    make("tbody", {}, ...rows.map(({unit, level}) => make("tr", {"data-unit": unit}, make("th", {class: "text", scope: "row"}, unitName(pixels, unit, names).replace(/^pixel (?=\d+, \d+$)/, "")),
      make("td", {}, view.exact ? plain(level) : weightOfLevel(view, level)),
      make("td", {}, labels[unit] < 0 ? "none" : chip(labels[unit], view.colour), labels[unit] < 0 ? "" : String(labels[unit])))))));
  return box;
}
// A weight by its step of colour, the last one of which has all that are larger.
function weightOfLevel({limit, largest}, level) {
  const beyond = Math.abs(level) === DATA.levels && largest > limit ? (level > 0 ? "\u2265 " : "\u2264 ") : "";
  return beyond + significant(level / DATA.levels * limit, 3);
}
function drawWeightsAsImage(view) {
  const there = Boolean(view && !view.bins && imagesOf(view.layer));
  byId("unit-image-box").hidden = !there;
  if (!there) return;
  const canvas = byId("unit-image"), colours = DATA.colours.weights.concat(DATA.colours.none);
  paintPixels(canvas, view.layer, 5, pixel => colours[view.levels[state.unit * view.layer.n + pixel]]);
  canvas.setAttribute("aria-label", `Input weights of unit ${state.unit} as an image, in the colours of the matrix`);
}
function drawResponses(view, hidden, responses) {
  const {strongest: count, never, greys} = DATA.responses, box = byId("unit-responses"), get = name => responses[`${hidden.layer.name}/${name}`];
  byId("unit-responses-box").hidden = !DATA.conditions.some(({beside}) => beside.responses);
  byId("unit-responses-note").replaceChildren(...(hidden && responses ? [] : whyNone(view, hidden)));
  box.hidden = !(hidden && responses);
  if (box.hidden) return;
  const numbers = [...get("strongest").subarray(state.unit * count, (state.unit + 1) * count)].filter(number => number !== never);
  const side = Math.sqrt(DATA.pixels), canvas = byId("unit-images"), context = canvas.getContext("2d");
  canvas.width = Math.max(1, numbers.length) * (side * SCALE + 2);
  canvas.height = side * SCALE;
  numbers.forEach((number, at) => {
    for (let pixel = 0; pixel < DATA.pixels; pixel++) {
      const grey = Math.round(255 * responses.pixels[number * DATA.pixels + pixel] / (greys - 1));
      context.fillStyle = `rgb(${grey},${grey},${grey})`;
      context.fillRect(at * (side * SCALE + 2) + pixel % side * SCALE, Math.floor(pixel / side) * SCALE, SCALE, SCALE);
    }
  });
  const images = responses.pixels.length / DATA.pixels;
  byId("unit-images-note").textContent = numbers.length ? `The ${numbers.length} of ${images} images on which the unit is most active, the strongest first.`
    : `The unit is active on none of ${images} images.`;
  canvas.setAttribute("aria-label", byId("unit-images-note").textContent);
  const means = [...get("by_class").subarray(state.unit * DATA.classes, (state.unit + 1) * DATA.classes)], most = Math.max(...means.filter(known));
  byId("unit-classes").replaceChildren(make("table", {id: "unit-classes-table"}, make("thead", {}, make("tr", {}, make("th", {class: "text", scope: "col"}, "Class"),
    ...means.map((_, number) => make("th", {scope: "col"}, String(number))))),
    make("tbody", {}, make("tr", {}, make("th", {class: "text", scope: "row"}, "mean activation"),
      ...means.map(mean => make("td", {style: {boxShadow: `inset 0 -${known(mean) && most > 0 ? Math.round(14 * mean / most) : 0}px var(--mean-band)`}}, significant(mean, 3)))))));
}
function whyNone({condition, network}, hidden) {
  const first = condition.networks[0];
  if (!hidden || network === first || !condition.beside.responses)
    return [hidden ? "This page keeps no responses to images of this network." : "Only hidden units respond to images."];
  return ofFirstAlone(condition, "the responses");
}
