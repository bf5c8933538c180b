// The parts of the third tab: verdict and spectrum on the left, the gauge and the snapshots of the run on the right.

import { choice, element, setText } from "../live/dom.js";
import { Going } from "./going.js";

const TABS = ["spectrum", "gauge", "trail"];
const NUMBERS = ["slope", "lowest", "highest", "share", "noise"];

// `change(name, value)`: of the view's settings; `press(name)`: cut, again, trail, leave; `stop(name)`: what is computed.
export function build(labels, settings, { change, press, stop }) {
  const measuring = new Going(labels, { stop: () => stop("curvature"), begin: () => press("again") });
  const following = new Going(labels, { stop: () => stop("trail"), begin: () => press("trail") });
  const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
  const plots = Object.fromEntries(TABS.map((name) => [name, element("div", { className: `sp-plot sp-plot-${name}` })]));
  const panel = (name, label, ...children) => element("section", { className: `sp-panel sp-${name}`, label }, ...children);

  const title = element("h3");
  const sentence = element("p", { className: "sp-sentence", "aria-live": "polite" });
  const why = element("p", { className: "sp-hint" });
  const values = Object.fromEntries(NUMBERS.map((name) => [name, element("dd")]));
  const numbers = element("dl", { className: "sp-found" }, ...NUMBERS.map((name) => element("div", { title: labels[`help_${name}`] }, element("dt", { text: labels[`name_${name}`] }), values[name])));
  const cut = element("button", { type: "button", className: "sp-cut", text: labels.cut, title: labels.cut_help, onclick: () => press("cut") });
  const rule = element("details", { className: "sp-rule" }, element("summary", { text: labels.rule }), ...[1, 2, 3].map((place) => element("p", { text: labels[`rule_${place}`] })));
  const verdict = panel("verdict", labels.verdict, title, measuring.node, sentence, why, numbers, cut, rule);

  const spectrum = panel("spectrum", labels.spectrum, element("h3", { text: labels.spectrum }), plots.spectrum, element("p", { className: "sp-hint", text: labels.spectrum_key }));

  const gaugeWords = element("p", { className: "sp-hint", "aria-live": "polite" });
  const gauge = panel("gauge", labels.gauge, element("h3", { text: labels.gauge }), plots.gauge, gaugeWords);

  const trail = panel("trail", labels.trail, element("h3", { text: labels.trail }), following.node, plots.trail, element("p", { className: "sp-hint", text: labels.trail_key }));

  const tabs = choice(TABS.map((key) => ({ key, text: labels[`tab_${key}`] })), (key) => change("tab", key), labels.tabs);
  tabs.group.classList.add("sp-tabs");
  const panels = { spectrum, gauge, trail };
  const grid = element("div", { className: "sp-grid" }, element("div", { className: "sp-column" }, verdict, spectrum), element("div", { className: "sp-column" }, gauge, trail));
  const hints = settings.present ? element("div", { className: "sp-hints" }, element("button", { type: "button", onclick: () => press("leave") }, element("kbd", { text: "Esc" }), element("span", { text: labels.hint_leave }))) : null;

  // `said`: {title, verdict, why, numbers: {name: text}, gauge}; `measured`, `followed`: how far both are.
  function show(view, said, measured, followed, { narrow }) {
    setText(title, said.title);
    setText(sentence, said.verdict);
    setText(why, said.why);
    why.hidden = !said.why;
    numbers.hidden = cut.hidden = !said.numbers;
    NUMBERS.forEach((name) => {
      setText(values[name], said.numbers?.[name] ?? "");
      values[name].parentElement.hidden = !said.numbers?.[name];
    });
    setText(gaugeWords, said.gauge);
    measuring.draw(measured);
    following.draw(followed);
    tabs.choose(view.tab);
    for (const [name, node] of Object.entries(panels)) node.hidden = narrow && view.tab !== name;
  }

  return { nodes: [banner, tabs.group, grid, hints].filter(Boolean), banner, plots, panels, show };
}
