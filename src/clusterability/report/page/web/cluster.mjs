// One cluster: its units, its bits, accuracy without it and with it alone, and the same cluster in other seeds.

import {clusterName, listOf, openCluster} from "./clusters.mjs";
import {chip, fallColour} from "./colours.mjs";
import {seedName} from "./controls.mjs";
import {DATA} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {whyNoEffects} from "./effects.mjs";
import {bestByProfile, bestByUnits} from "./matching.mjs";
import {known, percent, plain, shortP, shortZ, significant} from "./numbers.mjs";
import {imagesOf, paintPixels} from "./pixels.mjs";
import {resultsFolder, scoresInPython} from "./rows.mjs";
import {state} from "./state.mjs";
import {sortable} from "./tables.mjs";
import {offer} from "./taking.mjs";
import {unitName} from "./unit.mjs";
import {labelInWords} from "./view.mjs";

// Args: the left view, and views of the other networks of its condition.
export function drawCluster(view, others) {
  const label = state.cluster, there = label !== "";
  byId("cluster-body").hidden = !there;
  byId("cluster-title").textContent = there ? `One cluster: ${labelInWords(view, label)} of ${view.layer.name}, ${state.method}, k = ${state.k}` : "One cluster";
  byId("cluster-note").textContent = there ? "" : "Click the name of a cluster, or a bar beside the matrix, or choose a number.";
  if (!there) return;
  drawUnits(view, label);
  drawBits(view, label);
  offerCluster(view, label);
  drawFunction(view, label);
  drawSeeds(view, label, others);
}
const inBits = value => plain(value, 3);
const unitsOf = (labels, label) => Array.from(labels, (each, unit) => each === label ? unit : -1).filter(unit => unit >= 0);
function drawUnits(view, label) {
  const sides = [["output units (U)", view.u, "u_names", null], ["input units (V)", view.v, "v_names", view]];
  byId("cluster-units").replaceChildren(...sides.flatMap(([title, labels, names, pixels]) => {
    const units = unitsOf(labels, label), named = units.map(unit => unitName(pixels, unit, view.layer[names]).replace(/^(unit|pixel) (?=\d)/, ""));
    const seen = pixels && imagesOf(view.layer) > 0;
    return [make("dt", {}, `${units.length} of ${labels.length} ${title}${seen ? ", by row and column" : ""}`), ...(units.length ? [make("dd", {}, listOf(named, "", seen ? "; " : ", "))] : [])];
  }));
  const seen = imagesOf(view.layer) > 0;
  byId("cluster-image-box").hidden = !seen;
  if (!seen) return;
  const canvas = byId("cluster-image");
  paintPixels(canvas, view.layer, 5, pixel => view.v[pixel] === label ? view.colour(label) : "#ffffff");
  canvas.setAttribute("aria-label", `${unitsOf(view.v, label).length} pixels of cluster ${label}`);
}
function drawBits(view, label) {
  const [bits, lost, nearest] = ["cluster_bits", "bits_if_merged", "merge_with"].map(name => view.bits(name, label));
  const entry = (title, ...words) => [make("dt", {}, title), make("dd", {}, ...words)];
  byId("cluster-bits").replaceChildren(...!known(bits) ? [make("dd", {}, "No bits are known of this cluster: it is empty, or was not found in the weights.")] : [
    ...entry("Strength (cluster_bits)", make("span", {id: "cluster-strength"}, inBits(bits)), " bits: what its blocks save, less the cost of its labels."),
    ...nearest < 0 ? entry("Distinctness", "There is no other cluster.")
      : entry("Distinctness (bits_if_merged)", make("span", {id: "cluster-distinctness"}, inBits(lost)), " bits lost if it is merged with the nearest one, cluster ",
        make("span", {id: "cluster-nearest"}, ...clusterName(view, nearest)), lost < 0 ? ": the two are cheaper to describe as one." : "."),
  ]);
}
const placeOf = ({choice: {condition, seed, layer, method, k}}, cluster) => ({condition, seed, layer, method, k, cluster});
// The row of the table `clusters`; a page of one file has no such table.
function offerCluster(view, label) {
  const place = placeOf(view, label), probed = view.layer.probed && DATA.probed_k.includes(view.choice.k), effects = probed ? DATA.effects : [];
  const row = () => ({...place, u_size: unitsOf(view.u, label).length, v_size: unitsOf(view.v, label).length,
    ...Object.fromEntries(["cluster_bits", "bits_if_merged"].map(name => [name, view.bits(name, label)])),
    merge_with: view.bits("merge_with", label) < 0 ? "" : view.bits("merge_with", label),
    ...Object.fromEntries(effects.map(name => [name, view.cluster(name, label)]))});
  offer("cluster-take", {name: `cluster ${Object.values(place).join(" ")}`, columns: [...Object.keys(place), "u_size", "v_size", "cluster_bits", "bits_if_merged", "merge_with", ...effects],
    rows: () => [row()], code: DATA.file ? null : scoresInPython(resultsFolder(location), place, "clusters"), title: "Save row as CSV"});
}
const classes = () => Array.from({length: DATA.classes}, (_, class_) => class_);
// Accuracy over all images of a study, from that in each class.
function overall(view, byClass) {
  const counted = classes().filter(class_ => view.ofClass("images", class_) > 0), sum = of => counted.reduce((total, class_) => total + of(class_), 0);
  return sum(class_ => view.ofClass("images", class_) * byClass(class_)) / sum(class_ => view.ofClass("images", class_));
}
function drawFunction(view, label) {
  const why = whyNoEffects(view) || (known(view.fall("fall", label, 0)) || known(view.cluster("importance", label)) ? null
    : ["The cluster holds no output unit of this layer, so that there is nothing to ablate."]);
  byId("cluster-function").hidden = Boolean(why);
  byId("cluster-function-take").hidden = Boolean(why);
  if (why) return byId("cluster-function-note").replaceChildren(make("p", {class: "note"}, ...why));
  byId("cluster-function-note").replaceChildren(make("p", {class: "soft"}, `In percent of the images; units are set to ${state.ablation === "mean" ? "their mean" : "zero"}, as chosen below. `
    + `Random groups: the mean of ${DATA.draws.groups} groups of as many units. z and p are those of importance and sufficiency: z is positive where the network loses more without the cluster, or keeps more with it alone, than with random groups.`));
  const intact = class_ => view.ofClass("accuracy", class_), less = name => class_ => Math.max(0, intact(class_) - view.fall(name, label, class_)), by = state.ablation === "mean" ? "_by_mean" : "";
  const lines = [["intact", "intact network", intact], ["without", "without the cluster", less("fall"), "importance" + by], ["without-random", "without random groups", less("null_mean")],
    ["alone", "with the cluster alone", less("alone_fall"), "sufficiency" + by], ["alone-random", "with random groups alone", less("alone_null_mean")]];
  byId("cluster-function").replaceChildren(make("table", {id: "cluster-function-table"},
    make("thead", {}, make("tr", {}, ...["Accuracy", "all", "z", "p"].map((text, at) => make("th", {scope: "col", class: at ? "" : "text"}, text)),
      ...classes().map(class_ => make("th", {scope: "col"}, String(class_))))),
    make("tbody", {}, ...lines.map(([name, title, accuracy, measure]) => make("tr", {"data-line": name}, make("th", {scope: "row", class: "text"}, title),
      make("td", {class: "all"}, percent(overall(view, accuracy))),
      make("td", {}, measure ? shortZ(view.cluster(measure + "_z", label)) : ""), make("td", {}, measure ? shortP(view.cluster(measure + "_p", label)) : ""),
      ...classes().map(class_ => make("td", {class: "fall", style: {background: fallColour(intact(class_) - accuracy(class_))}}, percent(accuracy(class_)))))))));
  const place = placeOf(view, label), kinds = [...DATA.ablations.map((name, at) => [name, "", at]), ...DATA.ablations.map((name, at) => [`others_${name}`, "alone_", at])];
  offer("cluster-function-take", {name: `ablations ${Object.values(place).join(" ")}`, columns: [...Object.keys(place), "ablation", "class", "images", "accuracy", "fall", "null_mean"],
    rows: () => kinds.flatMap(([ablation, start, at]) => classes().map(class_ => ({...place, ablation, class: class_, images: view.ofClass("images", class_), accuracy: intact(class_),
      fall: view.fall(start + "fall", label, class_, at), null_mean: view.fall(start + "null_mean", label, class_, at)}))),
    code: scoresInPython(resultsFolder(location), place, "ablations")});
}
// How clusters of a layer can be compared over seeds: by units that are the same in all of them, or by what the
// network loses in each class; null where there is neither.
function comparison(view, label) {
  const {condition: {layers, same}, layer} = view;
  const sides = [...(layer === layers[0] && same.includes("pixels") ? ["v"] : []), ...(layer === layers[layers.length - 1] && same.includes("classes") ? ["u"] : [])];
  const noun = sides.length > 1 ? "pixels and classes" : sides[0] === "v" ? "pixels" : "classes";
  if (sides.length) return {name: "Jaccard", find: other => bestByUnits(sides.map(side => [view[side], other[side]]), label),
    says: `Of each other network on this page: the cluster that shares most ${noun} with this one, by the Jaccard index (${noun} in both over ${noun} in either). `
      + "By chance: the index of two sets of these sizes that overlap as random ones do; the best of k clusters lies above that even where nothing is shared."
      + (sides[0] === "v" && sides.length === 1 ? " Its output units are hidden, in no common order over seeds, and do not count." : "")};
  if (!same.includes("classes") || whyNoEffects(view)) return null;
  const profile = (each, cluster) => classes().map(class_ => each.fall("fall", cluster, class_));
  return {name: "r", find: other => bestByProfile(profile(view, label), Array.from({length: view.choice.k}, (_, cluster) => [cluster, profile(other, cluster)])),
    says: "Units of this layer are hidden, in no common order over seeds, so that clusters are compared by what they do. Of each other network on this page: the cluster whose drops by class "
      + `correlate most with those of this one (Pearson's r over ${DATA.classes} classes, units set to ${state.ablation === "mean" ? "their mean" : "zero"}). The best of k is high by selection alone.`};
}
function drawSeeds(view, label, others) {
  const way = others.length ? comparison(view, label) : null, units = way && way.name !== "r";
  byId("cluster-seeds-note").textContent = way ? way.says : !others.length ? "This page has no other network of this condition."
    : "Units of this layer are hidden, or have no meaning, and are in no common order over seeds; nor is it known here what their clusters do in each class. So no cluster of another seed can be called the same.";
  byId("cluster-seeds").hidden = !way;
  if (!way) return;
  const heads = ["Seed", "Cluster", way.name, ...(units ? ["by chance"] : []), "output (U)", "input (V)", "bits", "importance", "alone"], by = state.ablation === "mean" ? "_by_mean" : "";
  byId("cluster-seeds").replaceChildren(sortable("cluster-seeds", make("table", {id: "cluster-seeds-table"},
    make("thead", {}, make("tr", {}, ...heads.map((text, at) => make("th", {scope: "col", class: at === 1 ? "text" : ""}, text)))),
    make("tbody", {}, ...others.map(other => seedRow(other, way.find(other), units, by, heads.length))))));
}
function seedRow(other, found, units, by, width) {
  const {seed} = other.network, head = make("th", {scope: "row"}, seedName(seed));
  if (!found) return make("tr", {"data-seed": seed}, head, make("td", {class: "words", colspan: width - 1}, "none can be compared"));
  const button = make("button", {type: "button", class: "link", "aria-label": `cluster ${found.label} of seed ${seedName(seed)}`}, chip(found.label), String(found.label));
  button.addEventListener("click", () => openCluster({seed, cluster: found.label}));
  const effect = name => other.layer.probed && DATA.probed_k.includes(other.choice.k) ? other.cluster(name + by, found.label) : NaN;
  return make("tr", {"data-seed": seed}, head, make("td", {class: "text"}, button), make("td", {class: "match"}, significant(found.value, 2)),
    ...(units ? [make("td", {class: "chance"}, significant(found.chance, 2))] : []),
    ...[other.u, other.v].map(labels => make("td", {}, String(unitsOf(labels, found.label).length))),
    make("td", {class: "bits"}, inBits(other.bits("cluster_bits", found.label))),
    ...["importance", "sufficiency"].map(name => make("td", {}, percent(effect(name)) + (known(effect(name)) ? " %" : ""))));
}
