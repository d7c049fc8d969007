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
  if (!inNotebook() && hash !== location.hash) history.replaceState(null, "", hash);
}
// In the frame of a notebook's cell a page has no address of its own, and its links would lead to the notebook.
const inNotebook = () => location.protocol === "about:";
export function followLinks() {
  if (inNotebook()) document.addEventListener("click", event => {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    event.preventDefault();
    const target = document.getElementById(link.getAttribute("href").slice(1));
    if (target) target.scrollIntoView(); else choose(chosenIn(link.getAttribute("href")));
  });
}
