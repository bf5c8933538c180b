// In words: the status sentence, the rule and its numbers one click away, and what to try beside this run; and what the
// narrator says, a line of its own above the picture.

import { element, setAttribute, setText } from "./dom.js";
import { fill } from "./text.js";

export class Words {
  constructor(labels, onSuggestion) {
    this.labels = labels;
    this.onSuggestion = onSuggestion;
    this.caption = "";
    this.promise = element("p", { className: "sp-hint" });
    this.sentence = element("p", { className: "sp-sentence", "aria-live": "polite" });
    this.more = element("p", { className: "sp-hint" });
    this.told = element("p", { className: "sp-narrator" });
    this.rule = element("p");
    this.numbers = element("dl");
    this.sayings = element("div", { className: "sp-sayings" });
    this.details = element("details", { className: "sp-rule" }, element("summary", { text: labels.rule }), this.rule, this.numbers, this.sayings);
    this.suggestions = element("div", { className: "sp-suggestions" });
    this.node = element(
      "section",
      { className: "sp-panel sp-words", label: labels.words },
      element("h3", { text: labels.words }),
      this.promise,
      this.sentence,
      this.more,
      this.suggestions,
      this.details,
    );
    this.drawn = "";
  }

  // Whoever tries something wants to see it: the curves stand above the words.
  suggest(id) {
    this.onSuggestion(id);
    this.node.parentElement.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  draw(data) {
    const { status, reason, train_note: note, saving_delayed: delayed, notes, state } = data.meta;
    setText(this.promise, this.caption);
    this.promise.hidden = !this.caption;
    this.node.hidden = !status && !reason && !note && !delayed && !data.unknown;
    // Between the first update and the first measurement after it the verdict is still that of the first weights.
    const isBehind = status?.verdict === "untrained" && data.lastStep("update") > 0;
    const said = isBehind ? this.labels.not_measured_yet : (status?.text ?? "");
    const words = reason && !said.includes(reason) ? `${reason} ${said}` : said;
    setText(this.sentence, data.unknown ? this.labels.unknown_run : words.trim() || (this.labels[`state_${state}`] ?? ""));
    setText(this.more, [status?.more, note, delayed, ...(notes ?? [])].filter(Boolean).join(" "));
    this.more.hidden = !this.more.textContent;
    this.details.hidden = !status?.rule;
    const told = status?.told ?? [];
    const line = told.map(({ line }) => line).join(" · ") || this.labels.nothing_told;
    const isSilent = !status?.numbers.length || status.verdict === "untrained";
    setText(this.told, isSilent ? "" : fill(this.labels.narrator, { words: line }));
    setAttribute(this.told, "title", this.told.textContent);
    const drawn = JSON.stringify([status?.rule, status?.numbers, status?.suggestions, told]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    setText(this.rule, status?.rule);
    this.numbers.replaceChildren(
      ...(status?.numbers ?? []).map(([name, value]) => element("div", {}, element("dt", { text: name }), element("dd", { text: value }))),
    );
    this.sayings.replaceChildren(
      ...told.map(({ line, text, rule, record }) => element("p", {}, element("strong", { text: line }), ` ${text} ${rule} ${record}`)),
    );
    const suggestions = status?.suggestions ?? [];
    this.suggestions.hidden = suggestions.length === 0;
    this.suggestions.replaceChildren(
      element("span", { text: this.labels.try_beside }),
      ...suggestions.map(({ id, label, help }) =>
        element("button", { type: "button", text: label, title: help, "data-suggestion": id, onclick: () => this.suggest(id) }),
      ),
    );
  }
}
