// Clusters of both sides of a matrix.

import {INK, chip, darkColour} from "./colours.mjs";
import {byId, make} from "./document.mjs";
import {imagesOf, paintPixels, pixelsAcross} from "./pixels.mjs";
import {choose, state} from "./state.mjs";
import {sortable} from "./tables.mjs";
import {labelInWords, sizesInWords, sizesOf} from "./view.mjs";

export function drawPixels(view) {
  const seen = imagesOf(view.layer) > 0, width = pixelsAcross(view.layer);
  byId("pixels-box" + view.end).hidden = !seen;
  byId("strips" + view.end).hidden = seen;
  if (!seen) {
    byId("strips" + view.end).replaceChildren(strip("Output units (U)", view, view.u), strip("Input units (V)", view, view.v));
    return;
  }
  const canvas = byId("pixels" + view.end);
  paintPixels(canvas, view.layer, 8, pixel => view.colour(view.v[pixel]));
  canvas.setAttribute("aria-label", `Pixels of the image by cluster, ${width} by ${view.layer.n / width}: ${sizesInWords(view.v)}`);
  byId("pixels-note" + view.end).textContent = "Each pixel in the colour of its cluster"
    + (view.v.includes(-1) ? "; grey pixels are in none." : ".");
}
function strip(title, view, labels) {
  const picture = make("svg", {viewBox: "0 0 280 24", role: "img", "aria-label": `${title}: ${sizesInWords(labels)}`, width: 280, height: 24});
  let x = 0;
  for (const [label, size] of [...sizesOf(labels)].sort((a, b) => (a[0] < 0) - (b[0] < 0) || view.rank(a[0]) - view.rank(b[0]))) {
    const width = 280 * size / labels.length;
    picture.append(make("rect", {x, y: 0, width, height: 24, fill: view.colour(label), stroke: "#ffffff", "stroke-width": 0.7}));
    if (width > 16) picture.append(make("text", {x: x + width / 2, y: 16, "text-anchor": "middle",
      style: {fill: label >= 0 && darkColour(view.colour(label)) ? "#ffffff" : INK}}, label < 0 ? "none" : String(label)));
    x += width;
  }
  return make("div", {}, make("p", {class: "soft", style: {margin: "6px 0 2px"}}, title), picture);
}
export function drawSizes(view) {
  const u = sizesOf(view.u), v = sizesOf(view.v);
  const labels = [...new Set([...u.keys(), ...v.keys()])].sort((a, b) => (a < 0) - (b < 0) || a - b);
  byId("sizes" + view.end).replaceChildren(sortable("sizes" + view.end, make("table", {}, make("thead", {}, make("tr", {},
    make("th", {class: "text", scope: "col"}, "Cluster"), make("th", {scope: "col"}, "output (U)"), make("th", {scope: "col"}, "input (V)"))),
    make("tbody", {}, ...labels.map(label => make("tr", {"data-cluster": label},
      make("th", {class: "text", scope: "row"}, ...(label < 0 && !view.infeasible && !view.groups ? [chip(label, view.colour), "dead, in none"] : clusterName(view, label))),
      make("td", {}, String(u.get(label) || 0)), make("td", {}, String(v.get(label) || 0))))))));
}
// The name of a cluster: of the left pane, a button that shows it by itself.
export function clusterName(view, label, words = labelInWords(view, label)) {
  if (label < 0 || view.end) return [chip(label, view.colour), words];
  const chosen = label === state.cluster ? {"aria-current": "true"} : {};
  const button = make("button", {type: "button", class: "link", ...chosen}, chip(label, view.colour), words);
  button.addEventListener("click", () => openCluster({cluster: label}));
  return [button];
}
export async function openCluster(changes) {
  await choose(changes);
  byId("cluster-title").focus();
}
// Names of the units of each cluster, where units have names; long lists are folded.
const MOST_NAMES = 12, FIRST_NAMES = 6;
export function drawMembers(view) {
  const sides = [["output units", view.u, view.layer.u_names], ["input units", view.v, view.layer.v_names]].filter(([, , names]) => names);
  const labels = [...new Set(sides.flatMap(([, own]) => [...own]))].sort((a, b) => (a < 0) - (b < 0) || a - b);
  byId("members" + view.end).hidden = !sides.length;
  byId("members" + view.end).replaceChildren(...labels.flatMap(label => [
    make("dt", {}, chip(label, view.colour), labelInWords(view, label)),
    ...sides.map(([title, own, names]) => membersOf(title, names.filter((_, unit) => own[unit] === label))).filter(each => each),
  ]));
}
const membersOf = (title, names) => names.length ? make("dd", {}, listOf(names, `${title}: `)) : null;
// Words one after the other, folded where they are many.
export function listOf(words, start = "", between = ", ") {
  if (words.length <= MOST_NAMES) return start + words.join(between);
  return make("details", {}, make("summary", {}, `${start && `${words.length} ${start}`}${words.slice(0, FIRST_NAMES).join(between)} \u2026`), words.join(between));
}
