// What is on the page and what its words mean.

import {DATA, shown} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {direction, sentence} from "./numbers.mjs";

export function tellAbout() {
  byId("about").replaceChildren(DATA.file ? aboutFile() : aboutStudy());
  const entries = DATA.measures.flatMap(({label, name, says, ...rest}) => [make("dt", {}, `${label} (${name})`), make("dd", {}, `${says} ${sentence(direction(rest))}`)]);
  const methods = Object.entries(DATA.methods).flatMap(([name, says]) => [make("dt", {}, `method ${name}`), make("dd", {}, says + ".")]);
  const nulls = [...DATA.nulls, ...(DATA.file ? [] : ["groups"])].flatMap(name => [make("dt", {}, `null ${name}`), make("dd", {}, DATA.nulls_say[name] + ".")]);
  byId("glossary").replaceChildren(...entries, ...methods, ...nulls);
}
const NO_WHOLE = "Clusters of the whole network (layer network, method whole) are not on this page; ";
function aboutFile() {
  const {rows} = DATA.file;
  return (DATA.whole ? `${NO_WHOLE}${rows ? `${rows} has them` : "the scores have them"}. ` : "")
    + `${exactInWords()} Other numbers are rounded to three or more digits${rows ? `; ${rows} has all scores exactly` : ""}. `
    + "docs/measures.md defines all measures, nulls and statistics.";
}
// Of which layers weights are told as they are: colours have steps in any case.
function exactInWords() {
  const [{layers, layout}] = DATA.conditions, all = layers.map(({name}) => name);
  const told = all.filter(name => layout.some(([each]) => each === `${name}/exact`));
  return told.length === all.length ? "Colours have 15 levels; weights in words and tables are exact to seven digits."
    : told.length ? `Weights are rounded to 15 levels, but those of ${told.join(", ")} in words and tables are exact to seven digits.`
    : "Weights are rounded to 15 levels.";
}
function aboutStudy() {
  const parts = shown.map(({name, networks, seeds, left_out}) => left_out
    ? `${name}: ${networks.length} of ${seeds} networks, without seed${/[-,]/.test(left_out) ? "s" : ""} ${left_out}` : `${name}: all ${seeds}`);
  const gone = DATA.conditions.filter(each => !each.networks.length).map(each => each.name);
  const all = !gone.length && shown.every(each => !each.left_out);
  return (all ? "All networks of the study are on this page. " : "So that the page stays small, not all networks of the study are on it. ")
    + (all ? "" : parts.join("; ") + ". ") + (gone.length ? `Left out as a whole: ${gone.join(", ")}. ` : "")
    + (DATA.whole ? `${NO_WHOLE}the tables have them. ` : "")
    + "Means over networks count all seeds. Weights are rounded to 15 levels, other numbers to three or more digits; the tables hold them exactly. "
    + "docs/measures.md and docs/function.md define all measures, nulls and statistics.";
}
