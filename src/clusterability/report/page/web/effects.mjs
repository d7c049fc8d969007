// What the network loses without a cluster.

import {clusterName} from "./clusters.mjs";
import {fallColour} from "./colours.mjs";
import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {known, percent, sentence, shortP, shortZ, significant} from "./numbers.mjs";
import {choose, state} from "./state.mjs";
import {sortable} from "./tables.mjs";
import {sizesOf} from "./view.mjs";

// Importance of a cluster as units are set now.
const importanceBy = () => state.ablation === "mean" ? "_by_mean" : "";
const clustersOfUnits = view => [...sizesOf(view.u)].filter(([label]) => label >= 0).sort((a, b) => a[0] - b[0]);
// Why nothing is known of what clusters do, in words and buttons; null where it is.
export function whyNoEffects(view) {
  if (!DATA.probed_k.length) return ["This study does not ask what units do."];
  if (!view.layer.probed) return [`Not probed: only hidden units are, and the output units of ${view.layer.name} are not hidden.`];
  if (!DATA.probed_k.includes(view.choice.k)) {
    const buttons = DATA.probed_k.map(k => {
      const button = make("button", {type: "button", class: "control"}, `k = ${k}`);
      button.addEventListener("click", () => choose({["k" + view.end]: k}));
      return button;
    });
    return [`Not probed at k = ${view.choice.k}. Probed are k = ${DATA.probed_k.join(", ")}. `, ...buttons.flatMap(button => [button, " "])];
  }
  if (view.infeasible) return [sentence(DATA.statuses.infeasible)];
  const name = "importance" + importanceBy(), {status} = view.score(DATA.measures.find(each => each.name === name));
  return clustersOfUnits(view).some(([label]) => known(view.cluster(name, label))) ? null
    : [sentence(DATA.statuses[status] || "there are no ablations of this network")];
}
export function drawEffects(view) {
  const why = whyNoEffects(view);
  byId("effects" + view.end).hidden = Boolean(why);
  if (why) return byId("effects-note" + view.end).replaceChildren(make("p", {class: "note"}, ...why));
  byId("effects-note" + view.end).replaceChildren(make("p", {class: "soft"},
    `Importance is the drop in accuracy, coherence the range of the drops by class over their mean; z and p compare with ${DATA.draws.groups} random groups of as many units `
    + "(positive z: the cluster matters more than they do). By class: the drop in percentage points, with the random groups' mean in brackets."));
  const heads = ["Cluster", "units", "importance", "z", "p", "coherence", "z", "p"];
  byId("effects" + view.end).replaceChildren(sortable("effects" + view.end, make("table", {id: "effect-table" + view.end}, make("thead", {},
    make("tr", {}, make("td", {colspan: heads.length}), make("th", {colspan: DATA.classes, scope: "colgroup"}, "drop by class, percentage points")),
    make("tr", {}, ...heads.map((text, at) => make("th", {scope: "col", class: at ? "" : "text"}, text)),
      ...Array.from({length: DATA.classes}, (_, class_) => make("th", {scope: "col"}, String(class_))))),
    make("tbody", {}, ...clustersOfUnits(view).map(([label, size]) => effectRow(view, label, size, importanceBy()))))));
}
function effectRow(view, label, size, by) {
  const number = name => view.cluster(name, label), sound = known(number("importance" + by));
  const cells = [make("th", {scope: "row", class: "text"}, ...clusterName(view, label, String(label))), make("td", {}, String(size)),
    make("td", {class: "importance"}, percent(number("importance" + by)) + (sound ? " %" : "")),
    make("td", {class: "importance-z"}, shortZ(number(`importance${by}_z`))), make("td", {}, shortP(number(`importance${by}_p`))),
    make("td", {class: "coherence"}, significant(number("coherence" + by), 3)),
    make("td", {class: "coherence-z"}, shortZ(number(`coherence${by}_z`))), make("td", {}, shortP(number(`coherence${by}_p`)))];
  for (let class_ = 0; class_ < DATA.classes; class_++) {
    const fall = view.fall("fall", label, class_), random = view.fall("null_mean", label, class_);
    cells.push(make("td", {class: "fall", style: {background: fallColour(fall)}}, percent(fall), make("small", {}, `(${percent(random)})`)));
  }
  return make("tr", {"data-cluster": label}, ...cells);
}
