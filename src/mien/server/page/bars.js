// One face's probabilities: the verdict in words, then a bar, a name and a number for every label.

import { el, setText } from "./dom.js";
import { colour } from "./state.js";
import { percent, plain } from "./words.js";

/** The verdict and the bars of one face. */
export class Bars {
  constructor() {
    this.guess = el("span", { class: "guess" });
    this.share = el("span", { class: "share" });
    this.mark = el("p", { class: "mark-unsure", hidden: true });
    this.list = el("ul", { class: "bars", "aria-label": "Probability of each expression" });
    this.root = el("div", {}, el("p", { class: "verdict" }, this.guess, " ", this.share), this.mark, this.list);
    this.lines = new Map();
  }

  /** @param {Object} row of a face; its probabilities may be of any labels */
  show(row) {
    const names = Object.keys(row.probabilities);
    if (names.join() !== [...this.lines.keys()].join()) this.#build(names);
    setText(this.guess, row.unsure ? "not sure" : plain(row.emotion));
    setText(this.share, row.unsure ? `closest: ${plain(row.emotion)}, ${percent(row.confidence)}` : percent(row.confidence));
    this.root.classList.toggle("unsure", Boolean(row.unsure));
    const why = [row.unsure && "No expression stands out: take this as “cannot tell”.", row.warning].filter(Boolean);
    this.mark.hidden = !why.length;
    setText(this.mark, why.join(" "));
    for (const [name, share] of Object.entries(row.probabilities)) {
      const line = this.lines.get(name);
      line.fill.style.width = `${100 * share}%`;
      line.root.classList.toggle("first", name === row.emotion);
      setText(line.amount, percent(share));
    }
  }

  #build(names) {
    this.lines.clear();
    this.list.replaceChildren();
    for (const name of names) {
      const fill = el("i"), amount = el("span", { class: "amount" });
      fill.style.setProperty("--c", colour(name));
      const track = el("span", { class: "track", "aria-hidden": "true" }, fill);
      const root = el("li", {}, el("span", { class: "name" }, plain(name)), track, amount);
      this.lines.set(name, { root, fill, amount });
      this.list.append(root);
    }
  }
}
