// A picture, video or camera with what lies on it, as large as its place and its pixels allow.

import { el } from "./dom.js";

const LARGEST_ZOOM = 3.2; // beyond that a small picture only shows its blocks

/** The frame around a medium and its overlay. */
export class Stage {
  /** @param {Overlay} overlay */
  constructor(overlay) {
    this.slot = el("div", { class: "slot" });
    this.frame = el("div", { class: "stage" }, this.slot, overlay.root);
    this.root = el("div", { class: "easel" }, this.frame);
  }

  /**
   * Puts a medium on show.
   * @param {HTMLElement|null} medium null: an empty ground, on which boxes alone are shown
   * @param {number} width in pixels
   * @param {number} height
   */
  set(medium, width, height) {
    if (this.slot.firstChild !== medium) this.slot.replaceChildren(...(medium ? [medium] : []));
    this.frame.classList.toggle("bare", !medium);
    this.resize(width, height);
  }

  /** Takes on a medium's own shape. */
  resize(width, height) {
    this.frame.style.setProperty("--ratio", width / height);
    this.frame.style.setProperty("--most", `${Math.round(LARGEST_ZOOM * width)}px`);
  }
}
