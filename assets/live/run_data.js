// What a page has of one run: thinned columns, meta, events, pictures, and how far they go.

import { thin } from "./buckets.js";
import { decoded, unpacked } from "./wire.js";

const NO_COLUMN = { steps: [], values: [] };
const AIMED_AT = "validation/error"; // Of it is asked when it first reached a target.

export class RunData {
  constructor(run) {
    this.run = run;
    this.unknown = false;
    this.loaded = false;
    this.clear();
  }

  clear() {
    this.lineage = null;
    this.rows = null;
    this.version = 0;
    this.meta = {};
    this.groups = { update: {}, evaluation: {}, curvature: {} };
    this.events = [];
    this.pictures = {};
    this.stamps = [];
  }

  // The position to go on from, for `subscribe`.
  position() {
    return { lineage: this.lineage, rows: this.rows };
  }

  column(group, name) {
    return this.groups[group][name] ?? NO_COLUMN;
  }

  // The newest value of a column, NaN without one.
  newest(group, name) {
    const { values } = this.column(group, name);
    return values.length ? values[values.length - 1] : NaN;
  }

  lastStep(group) {
    let last = -1;
    for (const { steps } of Object.values(this.groups[group])) {
      if (steps.length) last = Math.max(last, steps[steps.length - 1]);
    }
    return last;
  }

  // Take a message. False: it does not follow what is here, ask again from `position()`.
  apply(message) {
    if (message.type === "history") {
      this.clear();
      for (const [group, columns] of Object.entries(message.series)) {
        for (const [name, column] of Object.entries(columns)) {
          const steps = Array.from(unpacked(column.steps));
          this.groups[group][name] = thinned(name, { steps, values: Array.from(unpacked(column.values)) });
        }
      }
    } else if (!this.follows(message)) {
      return false;
    } else {
      for (const [group, block] of Object.entries(message.blocks)) this.append(group, block);
    }
    this.loaded = true;
    this.unknown = false;
    this.lineage = message.lineage;
    this.rows = message.rows;
    if (message.version > this.version) {
      Object.assign(this.meta, message.meta);
      for (const [name, payload] of Object.entries(message.pictures)) this.pictures[name] = decoded(payload);
      this.version = message.version;
    }
    message.events.slice(Math.max(0, this.events.length - message.first_event)).forEach((event) => this.events.push(event));
    return true;
  }

  follows(message) {
    if (message.lineage !== this.lineage || message.first_event > this.events.length) return false;
    return Object.entries(message.first_rows).every(([group, first]) => first <= this.rows[group]);
  }

  append(group, block) {
    const steps = unpacked(block.steps);
    const last = this.lastStep(group);
    let fresh = 0;
    while (fresh < steps.length && steps[fresh] <= last) fresh += 1;
    for (const [name, packed] of Object.entries(block.columns)) {
      const values = unpacked(packed);
      const column = this.groups[group][name] ?? { steps: [], values: [] };
      for (let row = fresh; row < steps.length; row += 1) {
        column.steps.push(steps[row]);
        column.values.push(values[row]);
      }
      this.groups[group][name] = thinned(name, column);
    }
    if (block.stamps) this.stamps.push(...unpacked(block.stamps).subarray(fresh));
  }
}

function thinned(name, column) {
  return thin(column, { keepsLows: name === AIMED_AT });
}
