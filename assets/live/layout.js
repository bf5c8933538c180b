// The parts of the picture in reading order: experiment, controls, numbers, picture, sentence, next action.

import { choice, element, setAttribute, setText } from "./dom.js";
import { samplesNode } from "./learned.js";
import { PICTURES } from "./more.js";
import { Numbers } from "./numbers.js";
import { fill, grouped } from "./text.js";
import { Toolbar } from "./toolbar.js";
import { Words } from "./words.js";

// `act`, `trigger`: of the toolbar; `change(name, value)`: of the view's settings; `replay`: of the run that is shown; `hand`:
// what the keys act on; `sketch`: where a curve is drawn before the start.
export function build(labels, settings, { act, trigger, change, replay, hand, sketch }) {
  const toolbar = new Toolbar(labels, act, trigger, change, replay);
  const numbers = new Numbers(labels);
  const words = new Words(labels, (id) => toolbar.ask("suggestion", { id }));
  const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
  const line = element("div", { className: "sp-line" });
  const corner = element("span", { className: "sp-corner" });
  const edit = settings.form_key
    ? element("button", { type: "button", className: "sp-edit", text: labels.change, onclick: () => document.querySelector(`.st-key-${settings.form_key}`)?.scrollIntoView({ behavior: "smooth" }) })
    : null;
  const plot = (name) => element("div", { className: `sp-plot sp-plot-${name}` });
  const plots = { main: plot("main"), learned: plot("learned"), gradients: plot("gradients"), more: plot("more") };
  const start = startButton(labels, toolbar, () => trigger("offered", {}));
  const toggles = viewToggles(labels, change);
  const title = element("h3", { className: "sp-main-title" });
  const heading = element("div", { className: "sp-heading" }, title, toggles.smoothing);
  const chart = element("section", { className: "sp-panel sp-main", label: labels.main_chart }, heading, words.told, element("div", { className: "sp-stage" }, plots.main, start.node, sketch), toggles.node);
  const samples = samplesNode();
  const caption = element("p", { className: "sp-caption", hidden: true });
  const learnedTitle = element("h3", { text: labels.learned });
  const learned = element("section", { className: "sp-panel sp-learned", label: labels.learned }, learnedTitle, plots.learned, samples, caption);
  const gradients = element("section", { className: "sp-panel sp-gradients", label: labels.gradients }, element("h3", { text: labels.gradients }), plots.gradients);
  const more = morePanel(labels, change, plots.more);
  const tabs = choice(
    ["learned", "gradients", "loss", "more"].map((key) => ({ key, text: labels[`tab_${key}`] })),
    (key) => {
      change("tab", key);
      if (key === "loss") change("more", "loss");
    },
    labels.tabs,
  );
  tabs.group.classList.add("sp-tabs");
  const hints = settings.present ? presentHints(labels, hand, trigger) : null;
  const mark = element("strong", { className: "sp-replay-mark", text: labels.replay, hidden: true });
  const head = element("div", { className: "sp-head" }, mark, line, corner, edit);
  const side = element("div", { className: "sp-side" }, tabs.group, learned, gradients);
  const top = element("div", { className: "sp-grid" }, numbers.node, chart, side);
  const training = [toolbar.node, toolbar.progress];
  const controls = element("div", { className: "sp-controls" }, ...training, toolbar.alert);
  const nodes = [banner, head, controls, top, words.node, more.node, hints].filter(Boolean);

  // `replayer`: the controls of a replay, null while there is none.
  function show(data, view, { narrow, present, replayer, offer, curve }) {
    const { meta } = data;
    mark.hidden = !replayer;
    const wanted = replayer ? [replayer] : training;
    if (controls.firstChild !== wanted[0]) controls.replaceChildren(...wanted, toolbar.alert);
    setText(line, (meta.choices ?? []).join(" › "));
    setText(corner, meta.device ?? "");
    const regression = meta.task === "regression";
    setText(title, view.quantity === "loss" ? labels.title_loss : regression ? labels.title_relative_error : labels.title_error);
    setText(learnedTitle, learnedWords(data, replayer, labels));
    toggles.show(view);
    tabs.choose(view.tab);
    const phone = narrow && !present;
    learned.hidden = phone && view.tab !== "learned";
    gradients.hidden = phone && view.tab !== "gradients";
    more.show(view, phone, data);
    start.show(data, offer);
    start.node.hidden ||= Boolean(curve?.isOpen);
  }

  const panels = { learned, gradients, more: more.node };
  return { nodes, toolbar, numbers, words, banner, plots, panels, samples, caption, wrong: more.wrong, show };
}

// Whose pictures these are; in a replay of which update, since they come a little later than the rest.
function learnedWords({ meta, pictures }, replayer, labels) {
  const [picture] = Object.values(pictures);
  if (replayer && picture) return fill(labels.learned_at, { step: grouped(picture.step) });
  return meta.state === "untrained" ? labels.learned_untrained : labels.learned;
}

// The big button in the chart before the first update, with the price under it; where the same was run before, what came
// out, and its replay: `take`.
function startButton(labels, toolbar, take) {
  const button = element("button", { type: "button", className: "sp-start", onclick: () => toolbar.startOrPause() }, element("span", { text: labels.start }), element("kbd", { text: labels.key_space }));
  const price = element("div", { className: "sp-price" });
  const warning = element("div", { className: "sp-warning" });
  const known = element("span");
  const offered = element("div", { className: "sp-offer" }, known, element("button", { type: "button", className: "sp-take-replay", text: labels.replay_it, onclick: take }));
  const node = element("div", { className: "sp-over" }, warning, button, price, offered);
  const show = ({ meta }, offer) => {
    setText(known, offer);
    offered.hidden = !offer;
    node.hidden = meta.state !== "untrained" || !meta.num_steps;
    button.disabled = Boolean(toolbar.blocked);
    setText(price, toolbar.blocked || meta.price);
    setText(warning, toolbar.blocked ? "" : meta.warning);
    setAttribute(button, "aria-busy", String(toolbar.pending.has("start")));
  };
  return { node, show };
}

function viewToggles(labels, change) {
  const options = {
    quantity: ["error", "loss"],
    scale: ["linear", "log"],
    x: ["epoch", "update", "seconds"],
    smoothing: [0, 0.6, 0.9],
  };
  const rows = Object.entries(options).map(([name, keys]) => {
    const made = choice(
      keys.map((key) => ({ key, text: labels[`view_${name}_${String(key).replace(".", "")}`] })),
      (key) => change(name, key),
      labels[`view_${name}`],
    );
    return [name, made];
  });
  const groups = Object.fromEntries(rows.map(([name, made]) => [name, made.group]));
  const word = element("span", { text: labels.view_smoothing, "aria-hidden": "true" });
  const smoothing = element("div", { className: "sp-toggles" }, word, groups.smoothing);
  const node = element("div", { className: "sp-toggles" }, groups.quantity, groups.scale, groups.x);
  return { node, smoothing, show: (view) => rows.forEach(([name, made]) => made.choose(view[name])) };
}

function morePanel(labels, change, plot) {
  const picker = choice(
    [...PICTURES, ""].map((key) => ({ key, text: key ? labels[`more_${key}`] : labels.more_off })),
    (key) => change("more", key),
    labels.more,
  );
  const wrong = samplesNode();
  const nothing = element("p", { className: "sp-hint", text: labels.wrong_none });
  const node = element("section", { className: "sp-panel sp-more", label: labels.more }, element("h3", { text: labels.more }), picker.group, plot, wrong, nothing);
  const show = (view, phone, data) => {
    node.hidden = phone && view.tab !== "loss" && view.tab !== "more";
    picker.group.hidden = phone && view.tab === "loss";
    picker.choose(view.more);
    // Points and rows of a table have no pictures of single answers.
    const { boundary, fit, confusion } = data.pictures;
    const answers = !(boundary || fit || confusion);
    picker.buttons.get("wrong").disabled = !answers;
    plot.hidden = !view.more || view.more === "wrong";
    wrong.hidden = view.more !== "wrong" || !data.pictures.wrong;
    nothing.hidden = view.more !== "wrong" || !answers || Boolean(data.pictures.wrong);
  };
  return { node, wrong, show };
}

export function presentHints(labels, toolbar, trigger) {
  const hint = (key, text, onclick) => element("button", { type: "button", onclick }, element("kbd", { text: key }), element("span", { text }));
  return element(
    "div",
    { className: "sp-hints" },
    hint(labels.key_space, labels.hint_start, () => toolbar.startOrPause()),
    hint(".", labels.one_update, () => toolbar.oneUpdate()),
    hint("Esc", labels.hint_leave, () => trigger("leave", {})),
  );
}
