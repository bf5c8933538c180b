// Time that runs over the updates of something that has been, at a pace.

const MAX_MS = 2000; // At the pace "max", so long that single pictures are still seen.

// The milliseconds that all updates take at one of the paces at which runs are trained.
export function playingTime(pace, steps) {
  return { "10s": 10000, "1min": 60000, "1/s": 1000 * steps, max: MAX_MS }[pace];
}

export class Clock {
  // `duration(steps)`: of all updates, in milliseconds; `show(step)`: the moment that it is.
  constructor(duration, show) {
    Object.assign(this, { duration, show, playing: false, step: 0, steps: 0 });
  }

  // Every update is on the screen for the same time; with many of them some are passed over.
  start(from, steps) {
    this.stop();
    Object.assign(this, { playing: true, step: from, steps });
    this.keepPace();
    this.frame = requestAnimationFrame(() => this.tick());
  }

  stop() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
  }

  // Go on from here; also when another pace was chosen.
  keepPace() {
    this.lasts = this.duration(this.steps);
    this.begun = performance.now() - (this.step / this.steps) * this.lasts;
  }

  tick() {
    const step = Math.min(this.steps, Math.floor(((performance.now() - this.begun) / this.lasts) * this.steps));
    this.playing = step < this.steps;
    if (this.playing) this.frame = requestAnimationFrame(() => this.tick());
    const isNew = step !== this.step;
    this.step = step;
    return isNew || !this.playing ? this.show(step) : null;
  }
}
