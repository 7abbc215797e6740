// How fast answers come back, and how late.

const WINDOW_MS = 2000;

/** Measures the answers of the last two seconds. */
export class Pace {
  constructor() {
    this.answers = [];
  }

  /** @param {number} delay of an answer that came just now, in milliseconds since its frame was taken */
  note(delay) {
    const now = performance.now();
    this.answers.push({ at: now, delay });
    while (this.answers[0].at < now - WINDOW_MS) this.answers.shift();
  }

  /** Frames a second. */
  rate() {
    if (this.answers.length < 2) return 0;
    const long = this.answers.at(-1).at - this.answers[0].at;
    return long > 0 ? (1000 * (this.answers.length - 1)) / long : 0;
  }

  /** The middle delay in milliseconds. */
  delay() {
    const sorted = this.answers.map((one) => one.delay).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }
}
