// What lies on a picture: a numbered box for each face, and a heat map where it was asked for.

import { el, setText, svg } from "./dom.js";
import { colour } from "./state.js";
import { percent, plain, verdict } from "./words.js";

/** Boxes over one picture. They are buttons: a face is chosen with a pointer or with the keyboard. */
export class Overlay {
  /** @param {{onSelect: (id: number) => void}} options */
  constructor({ onSelect }) {
    this.root = el("div", { class: "overlay" });
    this.onSelect = onSelect;
    this.boxes = new Map();
  }

  /**
   * Shows the faces of one frame.
   * @param {Object[]} rows of the table; those without a face are passed over
   * @param {number} width of the picture in pixels
   * @param {number} height
   * @param {number|null} selected face_id
   * @param {boolean} [mirror] the picture is shown as in a mirror
   */
  show(rows, width, height, selected, mirror = false) {
    const faces = rows.filter((row) => row.box && row.face_id != null);
    this.root.classList.toggle("several", faces.length > 1);
    this.root.classList.toggle("crowded", faces.length > 4);
    for (const [id, box] of this.boxes) {
      if (!faces.some((row) => row.face_id === id)) {
        box.root.remove();
        this.boxes.delete(id);
      }
    }
    for (const row of faces) {
      const [x, y, w, h] = row.box, box = this.#box(row.face_id);
      const left = (mirror ? width - x - w : x) / width;
      place(box.root, left, y / height, w / width, h / height);
      box.root.classList.toggle("unsure", Boolean(row.unsure));
      box.root.classList.toggle("inside", y / height < 0.09);
      box.root.classList.toggle("leftward", left > 0.55);
      box.root.style.setProperty("--c", colour(row.emotion));
      box.root.setAttribute("aria-pressed", row.face_id === selected);
      setText(box.name, ` ${plain(row.emotion)}\u00a0${percent(row.confidence)}${row.unsure ? " ?" : ""}`);
      box.root.setAttribute("aria-label", `Face ${row.face_id}: ${verdict(row)}`);
    }
  }

  /** Takes everything away. */
  clear() {
    this.show([], 1, 1, null);
    this.heat(null);
  }

  /**
   * Lays a heat map over the face it belongs to.
   * @param {{map: string, quad: number[][]}|null} told the server's answer; null takes it away
   * @param {number} [width] of the picture in pixels
   * @param {number} [height]
   */
  heat(told, width, height) {
    this.map?.remove();
    this.map = null;
    if (!told) return;
    const [[x0, y0], [x1, y1], , [x3, y3]] = told.quad; // the crop's corners, clockwise from its top left
    const turn = `matrix(${x1 - x0} ${y1 - y0} ${x3 - x0} ${y3 - y0} ${x0} ${y0})`;
    const picture = svg("image", { href: told.map, width: 1, height: 1, preserveAspectRatio: "none", transform: turn });
    this.map = svg("svg", { class: "heat", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, picture);
    this.root.prepend(this.map);
  }

  #box(id) {
    if (!this.boxes.has(id)) {
      const name = el("span", { class: "name" });
      const tag = el("span", { class: "tag", "aria-hidden": "true" }, el("b", {}, String(id)), name);
      const root = el("button", { type: "button", class: "box", onclick: () => this.onSelect(id) }, tag);
      this.boxes.set(id, { root, name });
      this.root.append(root);
    }
    return this.boxes.get(id);
  }
}

function place(node, left, top, width, height) {
  node.style.left = `${100 * left}%`;
  node.style.top = `${100 * top}%`;
  node.style.width = `${100 * width}%`;
  node.style.height = `${100 * height}%`;
}
