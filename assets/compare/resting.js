// A picture that leaves the time to another one: after each drawing it rests, so many times as long as that took, but no
// longer than it may.

export class Resting {
  constructor(times) {
    this.times = times;
    this.until = 0;
  }

  // The milliseconds until it may be drawn again.
  get wait() {
    return Math.max(0, this.until - performance.now());
  }

  draw(drawing, most = Infinity) {
    const begun = performance.now();
    const drawn = drawing();
    const now = performance.now();
    this.until = now + Math.min(this.times * (now - begun), most);
    return drawn;
  }
}
