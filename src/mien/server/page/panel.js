// Beside a picture: which faces there are, and the chosen one's numbers.

import { Bars } from "./bars.js";
import { el, setText } from "./dom.js";
import { mixturesOf } from "./state.js";
import { Wheel } from "./wheel.js";

/** Faces to choose from, bars and wheel of the chosen one. */
export class Panel {
  /** @param {{onSelect: (id: number) => void, foot?: HTMLElement}} options `foot` stands below the bars */
  constructor({ onSelect, foot }) {
    this.onSelect = onSelect;
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "Faces" });
    this.empty = el("p", { class: "empty" });
    this.bars = new Bars();
    this.wheel = new Wheel();
    this.face = el("div", { class: "face" }, this.bars.root, foot, this.wheel.root);
    this.root = el("div", { class: "panel" }, this.chips, this.empty, this.face);
    this.known = [];
  }

  /**
   * Shows the chosen face.
   * @param {{id: number, note?: string}[]} faces to choose from
   * @param {number|null} selected
   * @param {Object|null} row of the selected face; null where it is not seen now
   * @param {string} empty what to say without a row
   */
  show(faces, selected, row, empty) {
    const key = faces.map((face) => `${face.id}${face.note ?? ""}`).join();
    if (key !== this.key) this.#build(faces, key);
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", chip.dataset.face === String(selected));
    this.chips.hidden = faces.length < 2;
    this.face.hidden = !row?.probabilities;
    this.empty.hidden = Boolean(row?.probabilities);
    setText(this.empty, empty);
    if (!row?.probabilities) return;
    this.bars.show(row);
    const mixtures = mixturesOf(row.compounds);
    this.wheel.root.hidden = !mixtures.length;
    if (mixtures.length) this.wheel.show(row, mixtures);
  }

  #build(faces, key) {
    this.key = key;
    this.chips.replaceChildren(...faces.map(({ id, note }) => {
      const rest = note ? el("small", {}, ` ${note}`) : null;
      const chip = el("button", { type: "button", onclick: () => this.onSelect(id) }, `Face ${id}`, rest);
      chip.dataset.face = id;
      return chip;
    }));
  }
}
