// The compound wheel: basic emotions around, the strongest compounds between their parts, their intensity as length.

import { el, setText, svg } from "./dom.js";
import { colour } from "./state.js";
import { percent, plain } from "./words.js";

const RIM = 100, BAR = 34, SHOWN = 3;
let wheels = 0;

/** The wheel of one face. */
export class Wheel {
  constructor() {
    this.number = wheels++;
    this.drawing = svg("svg", { viewBox: "-205 -170 410 356", role: "img" });
    this.list = el("ol", { class: "compounds", "aria-label": "Strongest compound emotions" });
    this.note = el("p", { class: "quiet" });
    this.root = el("figure", { class: "wheel" }, el("figcaption", {}, "Compound emotions"), this.drawing, this.list, this.note);
    this.rest();
  }

  /** Forgets what was the most intense so far: lengths are measured against it. */
  rest() {
    this.most = 1;
  }

  /**
   * @param {Object} row of a face, with `compounds`
   * @param {{name: string, parts: Object<string, number>}[]} mixtures the compounds and what they are made of
   */
  show(row, mixtures) {
    if (this.mixtures !== mixtures) this.#build(mixtures);
    const ranked = Object.entries(row.compounds).filter(([name]) => this.chords.has(name)).sort((a, b) => b[1] - a[1]);
    this.most = Math.max(this.most, ranked[0]?.[1] ?? 0);
    for (const [name, node] of this.nodes) {
      const share = row.probabilities?.[name] ?? 0, end = polar(node.angle, RIM + 8 + BAR * share);
      node.bar.setAttribute("x2", end[0]);
      node.bar.setAttribute("y2", end[1]);
      setText(node.amount, percent(share));
    }
    const strongest = ranked.slice(0, SHOWN).filter(([, value]) => value > 0);
    for (const chord of this.chords.values()) for (const part of [chord.stroke, chord.mark]) part.toggleAttribute("hidden", true);
    strongest.forEach(([name, value], rank) => this.#draw(this.chords.get(name), value, rank + 1));
    this.#tell(strongest);
  }

  #draw(chord, value, rank) {
    const half = Math.min(value / this.most, 1) / 2;
    const [a, c, b] = between(chord.curve, Math.max(chord.middle - half, 0), Math.min(chord.middle + half, 1));
    chord.stroke.setAttribute("d", `M${a}Q${c} ${b}`);
    setText(chord.label, String(rank));
    for (const part of [chord.stroke, chord.mark]) part.removeAttribute("hidden");
  }

  #tell(strongest) {
    const lines = strongest.map(([name, value]) => `${plain(name)} ${value.toFixed(1)}`);
    const said = lines.join(", ") || "none above the usual";
    this.drawing.setAttribute("aria-label", `Compound wheel. Strongest: ${said}.`);
    while (this.list.children.length > lines.length) this.list.lastChild.remove();
    lines.forEach((line, i) => {
      if (!this.list.children[i]) this.list.append(el("li"));
      setText(this.list.children[i], line);
    });
    setText(this.note, lines.length
      ? "Length: intensity, on the model's own scale. The longest seen here reaches both of its parts."
      : "No compound stands out in this face.");
  }

  #build(mixtures) {
    this.mixtures = mixtures;
    const names = [...new Set(mixtures.flatMap((one) => Object.keys(one.parts)))].sort();
    const defs = svg("defs"), faint = svg("g"), rim = svg("g"), strokes = svg("g"), marks = svg("g");
    this.nodes = new Map(names.map((name, i) => [name, node(name, (2 * Math.PI * i) / names.length - Math.PI / 2, rim)]));
    this.chords = new Map();
    const pairs = new Map();
    for (const { name, parts } of mixtures) {
      const [one, two] = Object.keys(parts).sort();
      if (!two) continue; // a wheel shows what lies between two
      const pair = `${one} ${two}`, turn = pairs.get(pair) ?? 0;
      pairs.set(pair, turn + 1);
      const curve = bend(polar(this.nodes.get(one).angle, RIM), polar(this.nodes.get(two).angle, RIM), turn);
      this.chords.set(name, this.#chord({ name, one, two, curve, middle: parts[two] }, defs, faint, strokes, marks));
    }
    this.drawing.replaceChildren(defs, svg("circle", { r: RIM, class: "rim" }), faint, rim, strokes, marks); // the numbers lie on top
  }

  #chord({ name, one, two, curve, middle }, defs, faint, strokes, marks) {
    const id = `wheel-${this.number}-${name}`, [a, c, b] = curve;
    const ends = { x1: a[0], y1: a[1], x2: b[0], y2: b[1] };
    const stops = [one, two].map((part, i) => svg("stop", { offset: i, "stop-color": colour(part) }));
    defs.append(svg("linearGradient", { id, gradientUnits: "userSpaceOnUse", ...ends }, ...stops));
    faint.append(svg("path", { class: "chord", d: `M${a}Q${c} ${b}` }));
    const [x, y] = point(curve, middle), stroke = svg("path", { class: "strong", stroke: `url(#${id})`, hidden: true });
    const label = svg("text", { x, y: y + 4.5, class: "rank" });
    const mark = svg("g", { hidden: true }, svg("circle", { cx: x, cy: y, r: 10, class: "rank-ground" }), label);
    strokes.append(stroke);
    marks.append(mark);
    return { curve, middle, stroke, label, mark };
  }
}

function node(name, angle, rim) {
  const [x, y] = polar(angle, RIM), from = polar(angle, RIM + 8), at = polar(angle, RIM + BAR + 18);
  const side = Math.cos(angle), anchor = Math.abs(side) < 0.3 ? "middle" : side > 0 ? "start" : "end";
  const bar = svg("line", { x1: from[0], y1: from[1], x2: from[0], y2: from[1], class: "spoke", stroke: colour(name) });
  const amount = svg("tspan", { x: at[0], dy: "1.2em", class: "amount" });
  const text = svg("text", { x: at[0], y: at[1] - 2, "text-anchor": anchor }, svg("tspan", { x: at[0] }, plain(name)), amount);
  rim.append(svg("circle", { cx: x, cy: y, r: 6, fill: colour(name) }), bar, text);
  return { angle, bar, amount };
}

const polar = (angle, radius) => [radius * Math.cos(angle), radius * Math.sin(angle)].map((v) => Number(v.toFixed(2)));
const mix = (a, b, t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];

// Each further compound of the same two parts bows otherwise; a chord through the centre keeps off it.
function bend(a, b, turn) {
  const middle = mix(a, b, 0.5), depth = [0.35, -0.25, 1.05][turn % 3];
  if (Math.hypot(...middle) > 1) return [a, middle.map((v) => v * depth), b];
  const off = [28, -28, 70][turn % 3] / RIM;
  return [a, [a[1] * off, -a[0] * off], b];
}

function point([a, c, b], t) {
  return mix(mix(a, c, t), mix(c, b, t), t);
}

// The part of a quadratic curve between two of its places (de Casteljau).
function between(curve, from, to) {
  const [a, c, b] = curve, control = mix(mix(a, c, from), mix(c, b, from), to);
  return [point(curve, from), control, point(curve, to)].map((p) => p.map((v) => v.toFixed(2)));
}
