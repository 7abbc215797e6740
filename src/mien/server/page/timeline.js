// One lane per label over time, for one face. Pointer and arrow keys move through it; hatched: the face is not seen.

import { el, setText, svg } from "./dom.js";
import { placeAt, rowOf, stepOf, stretches } from "./frames.js";
import { colour } from "./state.js";
import { clock, percent, plain, verdict } from "./words.js";

const LANE = 30, WIDE = 1000, MOST_POINTS = 1500;

/** The lanes of one face, and a cursor. */
export class Timeline {
  /** @param {{onSeek?: (t: number) => void, onToggle?: () => void, label: string}} options without onSeek it only shows */
  constructor({ onSeek, onToggle, label }) {
    this.onSeek = onSeek;
    this.names = el("div", { class: "lane-names", "aria-hidden": "true" });
    this.values = el("div", { class: "lane-values", "aria-hidden": "true" });
    this.drawing = svg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.cursor = el("div", { class: "cursor", hidden: true });
    const role = onSeek ? { role: "slider", tabindex: 0, "aria-valuemin": 0 } : { role: "img" };
    this.chart = el("div", { class: "chart", "aria-label": label, ...role }, this.drawing, this.cursor);
    this.ticks = el("div", { class: "ticks", "aria-hidden": "true" });
    this.root = el("div", { class: "timeline" }, this.names, this.chart, this.values, this.ticks);
    this.frames = [];
    if (onSeek) this.#listen(onToggle);
  }

  /**
   * @param {FrameRows[]} frames in order of time
   * @param {number|null} face
   * @param {string[]} labels one lane each
   * @param {[number, number]} span start and end in seconds
   */
  setData(frames, face, labels, [start, end]) {
    Object.assign(this, { frames, face, labels, start, end: Math.max(end, start + 0.1), step: stepOf(frames) });
    if (this.names.children.length !== labels.length || this.named !== labels.join()) this.#nameLanes(labels);
    this.drawing.setAttribute("viewBox", `0 0 ${WIDE} ${LANE * labels.length}`);
    const seen = face == null ? [] : stretches(frames, face).map((run) => thin(run));
    this.drawing.replaceChildren(...seen.map((run) => this.#ground(run)), ...this.#lanes(seen));
    this.#drawTicks();
    this.chart.setAttribute("aria-valuemax", this.end.toFixed(2));
  }

  /** Puts the cursor at a time. @param {number} t in seconds */
  setTime(t) {
    this.time = t;
    const row = rowOf(this.frames[placeAt(this.frames, t)], this.face);
    this.cursor.hidden = false;
    this.cursor.style.left = `${this.#x(t) / 10}%`;
    for (const [i, name] of this.labels.entries()) setText(this.values.children[i], row ? percent(row.probabilities[name]) : "–");
    this.chart.setAttribute("aria-valuenow", t.toFixed(2));
    this.chart.setAttribute("aria-valuetext", `${clock(t)}, ${row ? verdict(row) : "face not seen"}`);
  }

  #x(t) {
    return (WIDE * Math.min(Math.max(t - this.start, 0), this.end - this.start)) / (this.end - this.start);
  }

  #ground(run) {
    const from = this.#x(run[0].t), to = this.#x(run.at(-1).t + this.step);
    return svg("rect", { x: from, width: Math.max(to - from, 1), y: 0, height: LANE * this.labels.length, class: "ground" });
  }

  #lanes(seen) {
    return this.labels.flatMap((name, i) => {
      const base = LANE * (i + 1) - 2, tall = LANE - 7;
      const path = seen.map((run) => {
        const ends = [...run, { t: run.at(-1).t + this.step, row: run.at(-1).row }];
        return "M" + ends.map(({ t, row }) => `${this.#x(t).toFixed(1)} ${(base - tall * row.probabilities[name]).toFixed(1)}`).join("L");
      });
      const area = seen.map((run, k) => `${path[k]}L${this.#x(run.at(-1).t + this.step).toFixed(1)} ${base}L${this.#x(run[0].t).toFixed(1)} ${base}Z`);
      return [
        svg("line", { x1: 0, x2: WIDE, y1: base, y2: base, class: "base" }),
        svg("path", { d: area.join(""), fill: colour(name), class: "area" }),
        svg("path", { d: path.join(""), stroke: colour(name), class: "line" }),
      ];
    });
  }

  #nameLanes(labels) {
    this.named = labels.join();
    this.names.replaceChildren(...labels.map((name) => {
      const dot = el("i");
      dot.style.setProperty("--c", colour(name));
      return el("span", {}, dot, plain(name));
    }));
    this.values.replaceChildren(...labels.map(() => el("span", {}, "–")));
  }

  #drawTicks() {
    const long = this.end - this.start, raw = long / 5;
    const every = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((one) => one >= raw) ?? 7200;
    const ticks = [];
    for (let t = Math.ceil(this.start / every) * every; t <= this.end - 0.06 * long; t += every) {
      const tick = el("span", {}, clock(t).replace(/\.0$/, ""));
      tick.style.left = `${this.#x(t) / 10}%`;
      ticks.push(tick);
    }
    this.ticks.replaceChildren(...ticks);
  }

  #listen(onToggle) {
    const seek = (event) => {
      const box = this.chart.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
      this.#go(this.start + Math.min(Math.max(share, 0), 1) * (this.end - this.start));
    };
    this.chart.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.chart.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.chart.addEventListener("pointermove", (event) => this.chart.hasPointerCapture(event.pointerId) && seek(event));
    this.chart.addEventListener("keydown", (event) => {
      if (event.key === " ") return event.preventDefault(), onToggle?.();
      const place = placeAt(this.frames, this.time ?? this.start), at = (i) => this.frames[Math.min(Math.max(i, 0), this.frames.length - 1)]?.t;
      const to = {
        ArrowLeft: at(place - 1), ArrowDown: at(place - 1), ArrowRight: at(place + 1), ArrowUp: at(place + 1),
        PageUp: (this.time ?? 0) + 1, PageDown: (this.time ?? 0) - 1, Home: this.start, End: at(this.frames.length - 1),
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.#go(Math.min(Math.max(to, this.start), this.end));
    });
  }

  #go(t) {
    this.setTime(t);
    this.onSeek(t);
  }
}

// A long video has more frames than the lane has pixels: neighbours are averaged.
function thin(run) {
  const stride = Math.ceil(run.length / MOST_POINTS);
  if (stride < 2) return run;
  const thinned = [];
  for (let i = 0; i < run.length; i += stride) {
    const part = run.slice(i, i + stride), sums = {};
    for (const { row } of part) for (const [name, share] of Object.entries(row.probabilities)) sums[name] = (sums[name] ?? 0) + share / part.length;
    thinned.push({ t: part[0].t, row: { probabilities: sums } });
  }
  return thinned;
}
