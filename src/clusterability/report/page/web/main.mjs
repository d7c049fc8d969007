// The whole page: the first module, which imports all others.

import {tellAbout} from "./about.mjs";
import {addressOf} from "./address.mjs";
import {chartWidth, drawChart} from "./chart.mjs";
import {drawCluster} from "./cluster.mjs";
import {drawMembers, drawPixels, drawSizes} from "./clusters.mjs";
import {CONTROLS, showControls, valueOf} from "./controls.mjs";
import {letCursorsMove} from "./cursor.mjs";
import {DATA, shown} from "./data.mjs";
import {byId, make} from "./document.mjs";
import {drawEffects} from "./effects.mjs";
import {beOfFile} from "./file.mjs";
import {drawMatrix, drawRamp} from "./matrix.mjs";
import {percent} from "./numbers.mjs";
import {GRID_CONTROLS, drawOverview, gridCells, showGridControls} from "./overview.mjs";
import {addRightPane, drawPanes, viewsNow, viewsOfSeeds} from "./panes.mjs";
import {offerPictures} from "./pictures.mjs";
import {drawScores} from "./scores.mjs";
import {choose, followLinks, fromAddress, state, toAddress, whenChosen} from "./state.mjs";
import {drawUnit, responsesOf} from "./unit.mjs";
import {drawVerdict, verdictOn} from "./verdict.mjs";

let turn = 0, last = null, lastWidth = 0;
addEventListener("resize", () => {
  if (last === null || chartWidth() === lastWidth || matchMedia("print").matches) return;
  lastWidth = chartWidth();
  drawChart(last);
});
async function show() {
  const mine = ++turn;
  byId("main").setAttribute("aria-busy", "true");
  toAddress();
  showControls();
  showGridControls();
  if (await showOverview(() => mine === turn) && await showNetwork(() => mine === turn)) byId("main").setAttribute("aria-busy", "false");
}
// Both parts are drawn only where what they show has changed, and give up, with false, where another
// choice came meanwhile.
const drawn = {};
const choiceOf = ids => addressOf(ids.map(id => [id, state[id]]));
async function showOverview(wanted) {
  const chosen = choiceOf([...GRID_CONTROLS, "condition", "layer", "method"]);
  if (chosen === drawn.overview) return true;
  const cells = await gridCells();
  if (!wanted()) return false;
  drawOverview(cells);
  drawn.overview = chosen;
  return true;
}
async function showNetwork(wanted) {
  const chosen = choiceOf(CONTROLS);
  if (chosen === drawn.network) return true;
  const views = await viewsNow(), responses = await responsesOf(views.left);
  const others = state.cluster === "" ? [] : await viewsOfSeeds(views.left);
  if (!wanted()) return false;
  const {left: view, right} = views, {condition, network} = view;
  const accuracy = network.accuracy === null ? "no test accuracy" : `test accuracy ${percent(network.accuracy, 2)} %`;
  const seed = network.seed < 0 ? "imported network" : `seed ${network.seed}`, who = DATA.file ? condition.name : `${condition.name}, ${seed}`;
  const said = [...(DATA.file ? [] : [accuracy]), ...(view.infeasible ? [DATA.statuses.infeasible] : [])];
  byId("status").replaceChildren(make("strong", {}, `${who}, ${view.layer.name}, ${state.method}, k = ${state.k}`),
    said.length ? `: ${said.join("; ")}.` : "",
    make("span", {class: "print"}, `Compared with ${view.null || "no null"}; measure over k: ${state.measure}; ${DATA.file ? "" : `units set to ${state.ablation} in ablations; `}${state.order === "original" ? "original order of units" : "units ordered by cluster"}.`));
  const dead = [...view.u, ...view.v].filter(label => label < 0).length;
  byId("layer-verdict").textContent = verdictOn(view);
  byId("notes").textContent = `${state.method}: ${DATA.methods[state.method]}.`
    + (!dead || view.infeasible ? "" : ` ${dead} unit${dead > 1 ? "s are" : " is"} `
      + (view.groups ? "in no group: dead, or on a side without known groups." : "dead: all weights are zero, so that they belong to no cluster."));
  byId("order").closest("label").hidden = Boolean(view.bins);
  [last, lastWidth] = [view, chartWidth()];
  drawPanes(views);
  for (const each of right ? [view, right] : [view]) {
    drawMatrix(each);
    drawRamp(each);
    drawPixels(each);
    drawSizes(each);
    drawMembers(each);
  }
  drawCluster(view, others);
  drawUnit(view, responses);
  drawScores(view);
  drawChart(view);
  drawEffects(view);
  const compared = right && !right.shuffled;
  byId("right-effects").hidden = !compared;
  byId("effects-title2").textContent = compared ? byId("pane-title2").textContent : "";
  if (compared) drawEffects(right);
  drawn.network = chosen;
  return true;
}
function failed(error) {
  byId("status").textContent = `This page could not be read: ${error.message}.`;
  byId("main").setAttribute("aria-busy", "false");
}
function start() {
  whenChosen(() => show().catch(failed));
  addRightPane();
  letCursorsMove();
  followLinks();
  beOfFile();
  tellAbout();
  offerPictures();
  drawVerdict();
  if (!shown.length) return failed(new Error("no network fits into it"));
  if (!("DecompressionStream" in window)) return failed(new Error("it needs a newer browser, with DecompressionStream"));
  for (const id of [...CONTROLS, ...GRID_CONTROLS]) byId(id).addEventListener("input", () => choose({[id]: valueOf(id)}));
  for (const id of ["controls", "grid-controls"]) byId(id).addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", () => choose(fromAddress()));
  choose(fromAddress());
}
start();
