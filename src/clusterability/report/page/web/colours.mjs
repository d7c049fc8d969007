// Colours with fixed meanings; those of weights and clusters come with the data.

import {DATA} from "./data.mjs";
import {make} from "./document.mjs";
import {known} from "./numbers.mjs";

export const INK = "#262626";
export const clusterColour = label => label < 0 ? DATA.colours.none : DATA.colours.clusters[label];
// Colours of the levels of weights; of means of sizes, all are from white on: the upper half in steps of half the size.
export function weightColours(binned) {
  const all = DATA.colours.weights, middle = DATA.levels;
  return binned ? all.map((_, level) => mixed(all[middle + (level >> 1)], all[middle + ((level + 1) >> 1)])) : all;
}
function mixed(one, other) {
  return "#" + [1, 3, 5].map(at => Math.round((parseInt(one.slice(at, at + 2), 16) + parseInt(other.slice(at, at + 2), 16)) / 2)
    .toString(16).padStart(2, "0")).join("");
}
export function darkColour(colour) {
  const [r, g, b] = [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

export function fallColour(fall) {
  if (!known(fall)) return "#ffffff";
  // From white to orange for a loss, to blue for a gain; text stays readable on all of them.
  const share = Math.min(1, Math.sqrt(Math.abs(fall))), [r, g, b] = fall >= 0 ? [244, 150, 70] : [120, 170, 240];
  return `rgb(${[r, g, b].map(each => Math.round(255 + (each - 255) * share)).join(",")})`;
}
export function chip(label, colour = clusterColour) {
  return make("span", {class: "chip", "aria-hidden": "true", style: {background: colour(label)}});
}
