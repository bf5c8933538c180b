// A run as it was after one of its updates, with everything that the charts ask of a run: rows and events up to there, and
// of the moment that the server has shown last what belongs to it.

const NOTHING = { steps: [], values: [] };

export class AsOf {
  // `moment`: {step, pictures, status, rows} as the server tells of it, null before the first.
  constructor(data, step, moment) {
    const { run, lineage, loaded, unknown, meta } = data;
    Object.assign(this, { run, lineage, loaded, unknown, data, step });
    this.newestRows = moment?.rows ?? {};
    this.columns = new Map();
    this.meta = { ...meta, state: "running", reason: null, status: moment?.status ?? null, step, epoch: null, seconds_left: null };
    this.pictures = moment?.pictures ?? {};
    this.events = data.events.filter((event) => event.step <= step);
    this.rows = Object.fromEntries(Object.keys(data.groups).map((group) => [group, `up to ${this.lastStep(group)}`]));
  }

  // All of a column up to here, and at its end the newest row, which thinning may have left out.
  column(group, name) {
    const key = `${group} ${name}`;
    if (!this.columns.has(key)) this.columns.set(key, this.cut(group, name));
    return this.columns.get(key);
  }

  cut(group, name) {
    const { steps, values } = this.data.column(group, name);
    const count = upTo(steps, this.step);
    const row = this.newestRow(group);
    const cut = { steps: steps.slice(0, count), values: values.slice(0, count) };
    if (row && name in row && row.step > (cut.steps[count - 1] ?? -1)) {
      cut.steps.push(row.step);
      cut.values.push(row[name]);
    }
    return count || cut.steps.length ? cut : NOTHING;
  }

  // The row that the server has sent, where no newer one is known to lie between it and here.
  newestRow(group) {
    const row = this.newestRows[group];
    return row && row.step <= this.step && row.step >= this.common(group) ? row : null;
  }

  newest(group, name) {
    const row = this.newestRow(group);
    if (row) return row[name] ?? NaN;
    const { steps, values } = this.data.column(group, name);
    const place = upTo(steps, this.common(group)) - 1;
    return place < 0 ? NaN : values[place];
  }

  lastStep(group) {
    return this.newestRow(group)?.step ?? this.common(group);
  }

  // The newest step up to here that no column of a group lacks: each is thinned by itself. −1 without one.
  common(group) {
    const columns = Object.values(this.data.groups[group]).map(({ steps }) => steps);
    let step = columns.length ? this.step : -1;
    for (let before = null; before !== step; ) {
      before = step;
      for (const steps of columns) step = Math.min(step, steps[upTo(steps, step) - 1] ?? -1);
    }
    return step;
  }
}

// How many of some rising steps are not above `step`.
function upTo(steps, step) {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}
