// Branch here: a run, an update, one thing to change; and the tree of what has branched from what.

import { element, setText } from "../live/dom.js";
import { fill, grouped, short } from "../live/text.js";

const ROW_PX = 22;

export class Branches {
  // `branch({run, step, changes, name})` asks for the branch and resolves to the answer, null when not connected.
  constructor(labels, branch) {
    this.labels = labels;
    this.branch = branch;
    this.group = null;
    this.title = element("h3");
    this.step = element("input", { type: "number", min: 0, step: 1, required: true, label: labels.branch_step });
    this.what = element("select", { label: labels.branch_what, onchange: () => this.chosen() });
    this.place = element("span", { className: "sp-branch-value" });
    this.press = element("button", { type: "submit", className: "sp-primary-small", text: labels.branch_here });
    this.problem = element("p", { className: "sp-branch-problem", role: "alert", hidden: true });
    const close = element("button", { type: "button", text: labels.close, onclick: () => this.close() });
    this.form = element(
      "form",
      { className: "sp-branch-form", hidden: true, onsubmit: (event) => (event.preventDefault(), this.submit()) },
      this.title,
      element("label", {}, element("span", { text: labels.branch_step }), this.step),
      element("label", {}, element("span", { text: labels.branch_what }), this.what),
      this.place,
      this.press,
      close,
      this.problem,
    );
    this.tree = element("figure", { className: "sp-tree", hidden: true });
    this.node = element("section", { className: "sp-panel sp-branches", hidden: true, label: labels.branches }, this.form, this.tree);
  }

  // Open the form for a group; `step` is the moment looked at, null for the newest update.
  open(group, step, options) {
    const last = group.lastStep();
    this.group = group;
    this.options = options ?? [];
    setText(this.title, fill(this.labels.branch_from, { name: group.name }));
    this.step.max = String(last);
    // A run that is over has nothing left to do at its end.
    this.step.value = String(Math.min(step ?? (group.active ? last : Math.floor(last / 2)), last));
    const nothing = element("option", { value: "", text: this.labels.branch_nothing });
    this.what.replaceChildren(...this.options.map(({ label }, place) => element("option", { value: place, text: label })), nothing);
    this.form.hidden = false;
    this.node.hidden = false;
    this.chosen();
    requestAnimationFrame(() => this.node.scrollIntoView({ block: "center", behavior: "smooth" }));
  }

  close() {
    this.form.hidden = true;
    this.node.hidden = this.tree.hidden;
  }

  // The moment of the cursor, while the form is open.
  at(step) {
    if (!this.form.hidden && step !== null && document.activeElement !== this.step) this.step.value = String(Math.min(step, Number(this.step.max)));
  }

  chosen() {
    const option = this.options[Number(this.what.value)];
    this.value = null;
    this.complain("");
    if (this.what.value === "" || !option) this.place.replaceChildren();
    else {
      const made = option.choices
        ? element("select", { label: option.label }, ...option.choices.map(({ label }, place) => element("option", { value: place, text: label })))
        : element("input", { type: "text", inputmode: "decimal", size: 8, label: option.label, value: option.value ?? "" });
      this.value = () => (option.choices ? option.choices[Number(made.value)].value : Number(made.value.trim().replace(",", ".") || NaN));
      this.input = made;
      this.place.replaceChildren(made);
    }
  }

  // What is wrong stands in the form, which stays open with what was typed.
  complain(text) {
    setText(this.problem, text);
    this.problem.hidden = !text;
    this.place.firstChild?.setAttribute("aria-invalid", String(Boolean(text)));
  }

  async submit() {
    const option = this.what.value === "" ? null : this.options[Number(this.what.value)];
    const value = this.value?.();
    if (typeof value === "number" && !Number.isFinite(value)) {
      this.complain(fill(this.labels.branch_no_number, { name: option.label }));
      return;
    }
    const said = option ? `${option.label} ${option.choices ? option.choices[Number(this.input.value)].label : short(value)}` : this.labels.branch_same;
    this.press.disabled = true;
    const answer = await this.branch({ run: this.group.first.run, step: Number(this.step.value), changes: option ? { [option.path]: value } : {}, name: `${this.group.name}: ${said}` });
    this.press.disabled = false;
    if (answer?.type === "received") this.close();
    else this.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  // The tree: a line a run from where it began to where it is, joined where it left its parent.
  draw(groups, palette) {
    const forks = groups.filter((group) => group.fork);
    const family = groups.filter((group) => group.fork || forks.some(({ fork }) => group.runs.some(({ run }) => run === fork.parent)));
    this.tree.hidden = forks.length === 0;
    this.node.hidden = this.tree.hidden && this.form.hidden;
    if (this.tree.hidden) return;
    const last = Math.max(1, ...family.map((group) => group.lastStep()));
    const stamp = JSON.stringify(family.map((group) => [group.key, group.slot, group.name, group.lastStep(), last, palette.dark]));
    if (stamp === this.drawn) return;
    this.drawn = stamp;
    const place = (step) => 100 * (step / last);
    const rows = family.map((group, row) => {
      const parent = family.findIndex(({ runs }) => runs.some(({ run }) => run === group.fork?.parent));
      const from = group.fork?.step ?? 0;
      const bar = element("i", { className: palette.broken(group) ? "sp-bar sp-dashed" : "sp-bar" });
      Object.assign(bar.style, { left: `${place(from)}%`, width: `${Math.max(0.5, place(group.lastStep() - from))}%`, color: palette.of(group) });
      const line = element("div", { className: "sp-tree-line" }, bar);
      if (parent >= 0) {
        const joint = element("i", { className: "sp-joint" });
        Object.assign(joint.style, { left: `${place(from)}%`, height: `${(row - parent) * ROW_PX}px`, color: palette.of(group) });
        line.append(joint);
      }
      const name = group.fork ? fill(this.labels.tree_name, { name: group.name, step: grouped(from) }) : group.name;
      return element("div", { className: "sp-tree-row" }, element("span", { text: name, title: name }), line);
    });
    this.tree.replaceChildren(element("figcaption", { text: this.labels.branches }), ...rows);
  }
}
