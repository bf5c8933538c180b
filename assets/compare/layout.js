// The parts of the page in reading order: controls, verdict, picture with the one beside it, table, branches.

import { choice, element, reveal, setAttribute, setText } from "../live/dom.js";
import { fill, percent, short } from "../live/text.js";
import { presentHints } from "../live/layout.js";
import { Toolbar } from "../live/toolbar.js";
import { ASIDES, asides, found } from "./aside.js";
import { Branches } from "./branches.js";
import { Cursor } from "./cursor.js";
import { Fairness } from "./fairness.js";
import { QUANTITIES } from "./quantities.js";
import { isSweep } from "./sweep.js";
import { Table } from "./table.js";

const X_MODES = ["update", "epoch", "gradients", "seconds"];

// `act`, `trigger`: of the tool bar; `fork(asked)`: lets a run branch; `aim(target)`: chooses the target of the verdict; `change(name, value)`: of the view; `on`: of the table; `moved`: of the cursor.
export function build(labels, settings, { act, trigger, change, fork, aim, on, moved, save }) {
  const toolbar = new Toolbar(labels, act, trigger, change);
  const fairness = new Fairness(labels);
  const table = new Table(labels, on);
  const branches = new Branches(labels, (asked) => fork({ ...asked, pace: toolbar.nextPace }));
  const cursor = new Cursor(labels, moved);
  const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
  const verdict = element("p", { className: "sp-verdict", "aria-live": "polite" });
  // What was promised stands below the pictures once there is an outcome to hold against it.
  const promise = element("p", { className: "sp-hint sp-promise", hidden: true });
  const plot = (name) => element("div", { className: `sp-plot sp-plot-${name}` });
  const plots = { main: plot("main"), aside: plot("aside") };

  const tabs = toggle("quantity", QUANTITIES, labels, change);
  const scales = toggle("scale", ["linear", "log"], labels, change);
  const modes = toggle("x", X_MODES, labels, change);
  const note = element("p", { className: "sp-hint sp-not-comparable", text: labels.not_comparable, hidden: true });
  const start = startButton(labels, toolbar);
  const readout = element("p", { className: "sp-readout" });
  const stage = element("div", { className: "sp-stage" }, plots.main, start.node);
  const main = element(
    "section",
    { className: "sp-panel sp-main", label: labels.race_chart },
    element("div", { className: "sp-heading" }, tabs.group),
    stage,
    element("div", { className: "sp-toggles" }, scales.group, modes.group, cursor.node),
    note,
    readout,
  );

  const beside = choice(ASIDES.map((key) => ({ key, text: labels[`aside_${key}`] })), (key) => change("aside", key), labels.asides);
  const besideTitle = element("h3");
  const asideCaption = element("p", { className: "sp-caption" });
  const finding = element("p", { className: "sp-finding" });
  const asideStage = element("div", { className: "sp-stage" }, plots.aside);
  const aside = element("section", { className: "sp-panel sp-aside", label: labels.asides }, element("div", { className: "sp-heading" }, besideTitle, beside.group), asideStage, finding, asideCaption);

  const target = element("input", { type: "range", min: 1, max: 60, step: 0.5, label: labels.target, oninput: () => change("target", chosenTarget()), onchange: () => aim(chosenTarget()) });
  const chosenTarget = () => Number(target.value) / Number(target.dataset.factor);
  const targetSays = element("span");
  const gradients = element("button", { type: "button", text: labels.gradients_by_run, onclick: () => change("gradients", gradients.getAttribute("aria-pressed") !== "true") });
  const picture = (format, text) => element("button", { type: "button", text, onclick: () => save(format) });
  const below = element(
    "div",
    { className: "sp-below" },
    element("label", { className: "sp-target" }, target, targetSays),
    gradients,
    picture("svg", labels.save_svg),
    picture("png", labels.save_png),
  );
  const results = element("section", { className: "sp-panel sp-results", label: labels.table }, element("h3", { text: labels.table }), element("div", { className: "sp-scroll" }, table.node), below);
  const multiples = element("section", { className: "sp-panel sp-more", label: labels.gradients, hidden: true }, element("h3", { text: labels.gradients }));

  const controls = element("div", { className: "sp-controls" }, toolbar.node, toolbar.progress, toolbar.alert);
  const grid = element("div", { className: "sp-grid" }, main, aside);
  const hints = settings.present ? presentHints(labels, toolbar, trigger) : null;
  const differs = element("p", { className: "sp-differs" }); // On a phone the choices stand below the race.
  const test = element("details", { className: "sp-test", hidden: true }, element("summary", { className: "sp-proof", text: labels.test }), element("p", { className: "sp-proof-sheet", text: labels.how_tested }));
  const head = element("div", { className: "sp-verdicts" }, differs, verdict, test, fairness.node);
  const nodes = [banner, controls, head, grid, promise, results, branches.node, multiples, hints].filter(Boolean);

  function show(model, view, { narrow }) {
    const { study, settings: chosen, groups } = model;
    tabs.choose(view.quantity);
    scales.choose(["gradient", "ratio"].includes(view.quantity) ? "log" : view.scale);
    modes.choose(view.x);
    note.hidden = view.x !== "seconds" || Boolean(study?.meta.seconds_comparable);
    const { search } = study?.meta ?? {};
    const said = (search?.running && search.text) || saidBy(study);
    test.hidden = !study?.meta.verdict?.length;
    const aside = !test.hidden && groups.some((group) => group.fork) ? labels.branches_aside : "";
    setText(verdict, [said || chosen.caption, aside].filter(Boolean).join(" "));
    setText(promise, chosen.caption ?? "");
    promise.hidden = !said || !chosen.caption;
    setText(differs, chosen.differs);
    fairness.draw(study?.meta.fairness);
    start.show(model);
    const offered = asides(model);
    const picked = offered.includes(view.aside) ? view.aside : offered[0];
    beside.buttons.forEach((button, key) => (button.hidden = !offered.includes(key)));
    beside.group.hidden = offered.length < 2;
    beside.choose(picked);
    if (narrow) {
      reveal(tabs, view.quantity);
      reveal(beside, picked);
    }
    setText(besideTitle, picked === "rate" && !chosen.what ? labels.aside_rate_several : fill(labels[`aside_${picked}_title`], { what: chosen.what }));
    setText(asideCaption, picked === "gap" && chosen.seeds === 1 ? "" : labels[`aside_${picked}_caption`]);
    setText(finding, found(picked, model, labels));
    setAttribute(gradients, "aria-pressed", String(Boolean(view.gradients)));
    multiples.hidden = !view.gradients;
    const regression = groups.some((group) => group.first?.meta.task === "regression");
    target.dataset.factor = regression ? "40" : "100";
    const position = String(view.target * Number(target.dataset.factor));
    if (target.value !== position && document.activeElement !== target) target.value = position;
    setText(targetSays, `${labels[regression ? "target_relative" : "target"]} ${regression ? short(view.target) : percent(view.target)}`);
    grid.classList.toggle("sp-sweep", isSweep(chosen));
    return picked;
  }

  return { nodes, toolbar, fairness, table, branches, cursor, banner, plots, stage, asideStage, readout, multiples, aside, show };
}

// The two sentences of the verdict: where they end, and how fast they get there.
function saidBy(study) {
  const { verdict, reason, status } = study?.meta ?? {};
  const sentences = Array.isArray(verdict) ? verdict : [verdict];
  return [reason, ...sentences, status?.text].filter((sentence) => typeof sentence === "string" && sentence).join(" ");
}

function toggle(name, keys, labels, change) {
  return choice(keys.map((key) => ({ key, text: labels[`race_${name}_${key}`] })), (key) => change(name, key), labels[`race_${name}`]);
}

// The big button in the chart before the first update, with the price under it.
function startButton(labels, toolbar) {
  const button = element("button", { type: "button", className: "sp-start", onclick: () => toolbar.startOrPause() }, element("span", { text: labels.start }), element("kbd", { text: labels.key_space }));
  const price = element("div", { className: "sp-price" });
  const node = element("div", { className: "sp-over" }, button, price);
  const show = ({ study, settings, price: measured }) => {
    node.hidden = Boolean(study);
    button.disabled = Boolean(toolbar.blocked);
    setText(price, toolbar.blocked || measured || settings.price);
    setAttribute(button, "aria-busy", String(toolbar.pending.has("start")));
  };
  return { node, show };
}
