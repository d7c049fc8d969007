// The verdict, before anything is chosen.

import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {state} from "./state.mjs";
import {sortable} from "./tables.mjs";

export function drawVerdict() {
  const {sentence, names, rows} = DATA.verdict;
  byId("verdict-sentence").textContent = sentence;
  for (const id of ["verdict-title", "verdict-table", "verdict-note"]) byId(id).hidden = !rows.length;
  const kind = at => ({class: at < 3 || at > names.length - 3 ? "text" : ""});
  // One file is one network, whose name stands above.
  const told = cells => DATA.file ? cells.slice(1) : cells;
  byId("verdict-table").replaceChildren(sortable("verdict", make("table", {},
    make("thead", {}, make("tr", {}, ...told(names.map((name, at) => make("th", {scope: "col", ...kind(at)}, name))))),
    make("tbody", {}, ...rows.map(row => make("tr", {}, ...told(row.cells.map((cell, at) =>
      at === 1 ? make("th", {scope: "row", class: "text"}, layerLink(row)) : make("td", kind(at), cell)))))))));
  byId("verdict-note").textContent = "Bits: what naming the clusters saves in describing the weights; from 20 on, clusters pay. "
    + "Beyond a null: bits less the most that any of its draws saves. "
    + (DATA.file ? "A layer's name leads to its clusters; docs/bits.md defines the verdict, whose clusters are those of described-ranked, with at most 12 a side."
      : "In brackets, 95 % intervals over networks. A layer's name leads to its clusters; answer.md, beside this page, says how far to trust this.");
}
function layerLink({cells: [condition, layer], method}) {
  const place = DATA.conditions.find(each => each.name === condition && each.networks.length);
  if (!place || !place.layers.some(each => each.name === layer)) return layer;
  const link = make("a", {href: "#" + new URLSearchParams({condition, layer, method})}, layer);
  link.addEventListener("click", () => byId("controls").scrollIntoView());
  return link;
}
export function verdictOn(view) {
  const row = DATA.verdict.rows.find(({cells: [condition, layer]}) => condition === state.condition && layer === state.layer);
  return row ? `Verdict on ${view.layer.name} of ${view.condition.name}: ${row.says}.` : "";
}
