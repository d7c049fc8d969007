// The page of one file: what it has not, and what it says in place of a study.

import {DATA} from "./data.mjs";
import {byId} from "./document.mjs";

const hasShuffle = () => DATA.conditions.some(({beside}) => beside.shuffle);
export function beOfFile() {
  if (!DATA.file) return;
  const [{name, layers}] = DATA.conditions, one = layers.length === 1;
  document.title = `How good is a cluster? ${name}`;
  for (const id of ["condition", "seed", "condition2", "seed2"]) byId(id).closest("label").hidden = true;
  for (const id of ["effects-section", "cluster-function-box", "cluster-seeds-box", "rug-title", "rug", "grid-take"]) byId(id).hidden = true;
  if (!hasShuffle()) byId("beside").querySelector("[value=shuffle]").remove();
  byId("skip").textContent = "Skip to the clusters";
  byId("find").placeholder = "layer, method";
  byId("overview-title").textContent = one ? "Overview" : "All layers";
  byId("intro").textContent = `Below: weights, clusters and scores of ${one ? "the matrix" : "each layer"}, one clustering at a time or two side by side. `
    + "The address of this page says what is shown: a copy of it brings the view back.";
}
