// The parts of the picture of a network: scene and curve on the left, map, trust and words on the right; or a line.

import { choice, element, setText } from "../live/dom.js";
import { Player } from "../live/player.js";
import { fill, grouped } from "../live/text.js";
import { badge } from "../surface/tables.js";
import { Progress } from "./progress.js";

const TABS = ["scene", "map", "curve"];

// `change(name, value)`: of the view's settings; `stop`, `again`: of what is computed; `moved`: the replay of the paths shows
// another moment; `leave`: the presentation ends.
export function build(labels, settings, { change, stop, again, moved, leave }) {
  const toolbar = new Player(labels, moved, { words: (step, steps) => whereWords(step, steps, labels) });
  toolbar.node.classList.add("sp-controls");
  const progress = new Progress(labels, { stop, again });
  const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
  const plots = Object.fromEntries(["scene", "map", "curve", "line"].map((name) => [name, element("div", { className: `sp-plot sp-plot-${name}` })]));
  const heights = choice(["linear", "log"].map((key) => ({ key, text: labels[`height_${key}`] })), (key) => change("height", key), labels.height);
  const misses = element("button", { type: "button", className: "sp-misses", text: labels.misses, title: labels.misses_help, onclick: () => change("misses", misses.getAttribute("aria-pressed") !== "true") });
  const title = element("h3");
  const toggles = element("div", { className: "sp-toggles" }, misses, heights.group);
  const flat = element("p", { className: "sp-hint", text: labels.no_webgl, hidden: true });
  const none = element("p", { className: "sp-none", role: "status" });
  const here = sentences("sp-here");
  const trust = element("span");
  const truth = element("p", { className: "sp-truth", "aria-live": "polite" }, element("b", { text: labels.trust }), " ", trust);
  const panel = (name, label, ...children) => element("section", { className: `sp-panel sp-${name}`, label }, ...children);
  const main = panel("scene", labels.scene, element("div", { className: "sp-heading" }, title, toggles), truth, plots.scene, plots.line, none, flat, progress.node, here.node);
  const map = panel("map", labels.map, element("h3", { text: labels.map }), plots.map, element("p", { className: "sp-hint", text: labels.map_key }));
  const curve = panel("curve", labels.curve, element("h3", { text: labels.curve }), plots.curve);
  const names = element("div", { className: "sp-names" });
  const measured = sentences();
  const measuredPanel = panel("measured", labels.measured, element("h3", { text: labels.measured }), measured.node);
  const words = sentences();
  const wordsPanel = panel("said", labels.words, element("h3", { text: labels.words }), words.node);
  const tabs = choice(TABS.map((key) => ({ key, text: labels[`tab_${key}`] })), (key) => change("tab", key), labels.tabs);
  tabs.group.classList.add("sp-tabs");
  const grid = element("div", { className: "sp-grid" }, element("div", { className: "sp-column" }, main, curve), element("div", { className: "sp-column" }, map, toolbar.node, names, measuredPanel, wordsPanel));
  const hints = settings.present ? element("div", { className: "sp-hints" }, element("button", { type: "button", onclick: leave }, element("kbd", { text: "Esc" }), element("span", { text: labels.hint_leave }))) : null;
  const panels = { scene: main, map, curve };

  // `isLine`: one line is shown instead of a surface; `said`: {title, none, here, paths, truth, measured, words}; `none`: why there
  // is no picture.
  function show(view, said, { narrow, palette, isLine, isFlat }) {
    setText(title, said.title);
    setText(none, said.none);
    none.hidden = !said.none;
    here.show(said.here);
    names.replaceChildren(...said.paths.map((path) => element("span", {}, badge(path, palette), path.name)));
    setText(trust, said.truth);
    measured.show(said.measured);
    words.show(said.words);
    truth.hidden = isLine || Boolean(said.none);
    measuredPanel.hidden = !said.measured.length;
    wordsPanel.hidden = !said.words.length;
    heights.choose(view.height);
    misses.setAttribute("aria-pressed", String(view.misses));
    misses.hidden = isLine;
    tabs.choose(view.tab);
    const isOne = isLine || Boolean(said.none);
    toolbar.node.hidden = isOne || toolbar.steps < 1;
    tabs.group.hidden = isOne;
    plots.scene.hidden = isLine || isFlat || Boolean(said.none);
    plots.line.hidden = !isLine;
    flat.hidden = isLine || !isFlat;
    for (const [name, node] of Object.entries(panels)) node.hidden = isOne ? name !== "scene" : narrow && view.tab !== name;
  }

  return { nodes: [banner, tabs.group, grid, hints].filter(Boolean), banner, toolbar, progress, plots, panels, show };
}

// Where the replay of the paths stands; whole paths are none.
function whereWords(step, steps, labels) {
  const at = fill(labels.step_of, { step: grouped(step), steps: grouped(steps) });
  return step < steps ? `${at} · ${labels.replay}` : at;
}

// A few sentences below each other.
function sentences(className) {
  const node = element("div", { className });
  const show = (texts) => {
    const key = JSON.stringify(texts);
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.replaceChildren(...texts.map((text) => element("p", { text })));
  };
  return { node, show };
}
