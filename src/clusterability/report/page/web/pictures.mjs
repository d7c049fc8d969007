// Pictures to take away: the panes as PNG, the curve and the draws as SVG.

import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {state} from "./state.mjs";
import {saveFile} from "./taking.mjs";

const EDGE = 16, LINE = 22;

const nameOf = what => `${what} ${state.condition} ${DATA.file ? "" : `${state.seed} `}${state.layer} ${state.method} k${state.k}${state.beside ? ` beside ${state.beside}` : ""}`;
export function offerPictures() {
  const panes = make("button", {type: "button"}, "Save picture as PNG"), curve = make("button", {type: "button"}, DATA.file ? "Save curve as SVG" : "Save curve and draws as SVG");
  panes.addEventListener("click", () => panesPicture().toBlob(content => saveFile(`${nameOf("weights")}.png`, content)));
  curve.addEventListener("click", () => saveFile(`${nameOf(state.measure)}.svg`, new Blob([curveText()], {type: "image/svg+xml"})));
  byId("panes-take").append(panes);
  byId("curve-take").append(curve);
}
// Titles, matrices and maps of pixels of what is shown, the panes beside each other.
function panesPicture() {
  const ends = state.beside && !byId("pane-body2").hidden ? ["", "2"] : [""], paper = getComputedStyle(document.body);
  const columns = ends.map(end => ({
    title: end || ends.length > 1 ? byId("pane-title" + end).textContent : byId("status").querySelector("strong").textContent,
    parts: [["matrix", "matrix-box"], ["pixels", "pixels-box"]].filter(([, box]) => !byId(box + end).hidden).map(([name]) => byId(name + end)),
  }));
  const canvas = make("canvas", {}), context = canvas.getContext("2d"), font = "14px Verdana, Arial, sans-serif";
  context.font = font;
  const widths = columns.map(({title, parts}) => Math.ceil(Math.max(context.measureText(title).width, ...parts.map(part => part.width))));
  canvas.width = widths.reduce((sum, width) => sum + width + EDGE, EDGE);
  canvas.height = Math.max(...columns.map(({parts}) => parts.reduce((sum, part) => sum + part.height + EDGE, EDGE + LINE)));
  context.fillStyle = paper.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = paper.color;
  context.font = font;
  let x = EDGE;
  columns.forEach(({title, parts}, at) => {
    let y = EDGE + LINE;
    context.fillText(title, x, EDGE + 10);
    for (const part of parts) {
      context.drawImage(part, x, y);
      y += part.height + EDGE;
    }
    x += widths[at] + EDGE;
  });
  return canvas;
}
// The curve above the draws, with the colours of the page and its address.
function curveText() {
  const parts = ["chart", "rug"].map(id => byId(id)).filter(each => !each.hidden).map(each => each.querySelector("svg")).filter(each => each), colours = getComputedStyle(document.documentElement);
  const colour = name => colours.getPropertyValue(name).trim(), size = (each, name) => Number(each.getAttribute(name));
  const width = Math.max(...parts.map(each => size(each, "width"))), height = parts.reduce((sum, each) => sum + size(each, "height") + EDGE, LINE);
  const all = make("svg", {viewBox: `0 0 ${width} ${height}`, width, height},
    make("title", {}, `${byId("measure-shown").textContent}: ${byId("status").querySelector("strong").textContent}. ${location.hash}`),
    make("rect", {width, height, fill: "var(--paper)"}), make("text", {x: EDGE, y: 16}, `${byId("measure-shown").textContent}: ${byId("status").querySelector("strong").textContent}`));
  let y = LINE;
  for (const part of parts) {
    const group = make("g", {transform: `translate(0 ${y})`});
    group.append(...[...part.childNodes].map(each => each.cloneNode(true)));
    all.append(group);
    y += size(part, "height") + EDGE;
  }
  for (const text of all.querySelectorAll("text")) {
    text.setAttribute("fill", "var(--ink)");
    text.setAttribute("font-family", "DejaVu Sans, Verdana, Arial, sans-serif");
    text.setAttribute("font-size", "12");
  }
  return new XMLSerializer().serializeToString(all).replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
}
