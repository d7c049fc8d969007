// What is chosen now.

import {addressOf, chosenIn, completed} from "./address.mjs";
import {DATA} from "./data.mjs";

export let state = {};
let drawAll = () => {};
export function whenChosen(action) {
  drawAll = action;
}
export function choose(changes) {
  state = completed({...state, ...changes}, DATA);
  return drawAll();
}
export const fromAddress = () => chosenIn(location.hash);
export function toAddress() {
  const hash = addressOf(Object.entries(state).filter(([, value]) => value !== ""));
  if (hash !== location.hash) history.replaceState(null, "", hash);
}
