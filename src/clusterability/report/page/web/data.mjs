// What the page holds: all that Python put into it.

import {unpacked} from "./unpacking.mjs";

export const DATA = JSON.parse(document.getElementById("data").textContent);
export const shown = DATA.conditions.filter(condition => condition.networks.length);
const kept = new Map(), means = new Map(), KEPT = 32;
export function arraysOf(key, text, layout) {
  if (!kept.has(key)) {
    kept.set(key, unpacked(text, layout));
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}
// What the page keeps of the first network of a condition alone: its shuffle, single draws, responses to images.
// Where another condition has the same, that one's.
export function besideOf({name, beside}, kind) {
  const kept = beside[kind];
  if (!kept) return null;
  return kept.of ? besideOf(DATA.conditions.find(each => each.name === kept.of), kind) : arraysOf(`${name} ${kind}`, kept.data, kept.layout);
}
// Means over the networks of a condition; all conditions have some, and the overview shows them all.
export function meansOf({name, means: text, means_layout: layout}) {
  if (!means.has(name)) means.set(name, unpacked(text, layout));
  return means.get(name);
}
