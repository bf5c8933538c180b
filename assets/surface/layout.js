// The parts of a practice surface: map and curves on the left; scene, numbers, one update and the player on the right.

import { choice, element, setText } from "../live/dom.js";
import { presentHints } from "../live/layout.js";
import { Player } from "../live/player.js";
import { fill, grouped } from "../live/text.js";
import { CURVES, curvesOf } from "./curves.js";
import { Leaving } from "./leaving.js";
import { Anatomy, hasLeft, Standings } from "./tables.js";

const TABS = ["map", "scene", "curves", "anatomy"];

// `change(name, value)`: of the view's settings; `moved`: the player shows another moment; `leave`: the presentation ends.
export function build(labels, settings, { change, moved, trigger }) {
  const toolbar = new Player(labels, moved);
  toolbar.node.classList.add("sp-controls");
  const standings = new Standings(labels);
  const anatomy = new Anatomy(labels, change);
  const leaving = new Leaving(labels);
  const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
  const plot = (name) => element("div", { className: `sp-plot sp-plot-${name}` });
  const plots = { map: plot("map"), scene: plot("scene"), curves: plot("curves") };
  const readout = element("div", { className: "sp-point", "aria-live": "polite" });
  const stages = {
    map: element("div", { className: "sp-stage", tabindex: 0, role: "application", label: labels.map_keys }, plots.map, readout),
    curves: element("div", { className: "sp-stage" }, plots.curves),
  };
  const expression = element("code", { className: "sp-expression" });
  const gone = element("p", { className: "sp-hint sp-gone" });
  const map = element(
    "section",
    { className: "sp-panel sp-map", label: labels.map },
    element("div", { className: "sp-heading" }, element("h3", { text: labels.map }), expression),
    stages.map,
    gone,
    element("p", { className: "sp-hint sp-key", text: labels.key }),
  );
  const caption = element("p", { className: "sp-told" });
  const flat = element("p", { className: "sp-hint", text: labels.no_webgl, hidden: true });
  const scene = element("section", { className: "sp-panel sp-scene", label: labels.scene }, element("h3", { text: labels.scene }), plots.scene, flat);
  const pictures = choice(CURVES.map((key) => ({ key, text: labels[`curve_${key}`] })), (key) => change("curve", key), labels.curves);
  const curves = element("section", { className: "sp-panel sp-curves", label: labels.curves }, element("div", { className: "sp-heading" }, pictures.group), stages.curves, leaving.node);
  const tabs = choice(TABS.map((key) => ({ key, text: labels[`tab_${key}`] })), (key) => change("tab", key), labels.tabs);
  tabs.group.classList.add("sp-tabs");
  const panels = { map, scene, curves, anatomy: anatomy.node };
  const grid = element("div", { className: "sp-grid" }, element("div", { className: "sp-column" }, map, caption, curves), element("div", { className: "sp-column" }, scene, standings.node, anatomy.node, toolbar.node));
  const hints = settings.present ? presentHints(labels, toolbar, trigger) : null;

  // What does not change with the moment. The picture of curves that is shown.
  function draw(data, view, { narrow, present, palette }) {
    setText(expression, data.surface.expression);
    setText(caption, data.caption);
    caption.hidden = !data.caption;
    standings.draw(data, palette);
    anatomy.draw(data, view);
    leaving.draw(data, palette);
    const offered = curvesOf(data);
    const picked = [view.curve, data.leaving ? "leaving" : "loss"].find((name) => offered.includes(name));
    pictures.buttons.forEach((button, key) => (button.hidden = !offered.includes(key)));
    pictures.choose(picked);
    stages.curves.hidden = picked === "leaving";
    leaving.node.hidden = picked !== "leaving";
    tabs.choose(view.tab);
    for (const [name, panel] of Object.entries(panels)) panel.hidden = (narrow && view.tab !== name) || (present && name === "anatomy");
    tabs.buttons.get("anatomy").hidden = present;
    return picked;
  }

  function show(data, step) {
    standings.show(step);
    anatomy.show(step);
    const left = data.racers.filter((racer) => hasLeft(racer, step)).map((racer) => `${racer.letter} ${grouped(racer.left_at)}`);
    setText(gone, left.length ? fill(labels.left_picture, { letters: left.join(", ") }) : labels.none_left);
  }

  return { nodes: [banner, tabs.group, grid, hints].filter(Boolean), toolbar, banner, plots, stages, panels, readout, flat, draw, show };
}
