// What the page holds: all that Python put into it.

import {unpacked} from "./unpacking.mjs";

export const DATA = JSON.parse(document.getElementById("data").textContent);
export const shown = DATA.conditions.filter(condition => condition.networks.length);
const kept = new Map();
export function arraysOf(key, text, layout) {
  if (!kept.has(key)) {
    kept.set(key, unpacked(text, layout));
    if (kept.size > 12) kept.delete(kept.keys().next().value);
  }
  return kept.get(key);
}
