// A heat map on request: on which parts of the face the guess rests.

import { json } from "./api.js";
import { el, setText } from "./dom.js";
import { notice, say } from "./notice.js";
import { model } from "./state.js";
import { plain } from "./words.js";

const METHODS = {
  occlusion: "parts of the face were covered in turn; red: where that lowered the probability most",
  cam: "a class activation map: where the network's last features speak for this expression",
  gradcam: "Grad-CAM: where the network's last features speak for this expression",
};

/** The button, the choice of an expression, and what made the map. */
export class Explain {
  /**
   * @param {{overlay: Overlay, question: () => ?{file: File, row: Object, width: number, height: number}}} options
   *   `question`: what is on show now
   */
  constructor({ overlay, question }) {
    Object.assign(this, { overlay, question, told: null });
    this.button = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#toggle() }, "Show what the guess rests on");
    this.choice = el("select", { "aria-label": "Expression to explain", onchange: () => this.#ask() });
    this.note = el("p", { class: "quiet", "aria-live": "polite" });
    this.root = el("div", { class: "explain" }, el("div", { class: "row" }, this.button, this.choice), this.note);
  }

  /** Another face or picture is on show: its map was not asked for yet. */
  rest(row) {
    this.close();
    const labels = Object.keys(row?.probabilities ?? {});
    this.choice.replaceChildren(...labels.map((name) => el("option", { value: name }, `for ${plain(name)}`)));
    if (row) this.choice.value = row.emotion;
  }

  /** Takes the map away. @returns {boolean} whether there was one */
  close() {
    const was = this.told !== null;
    this.told = null;
    this.asked = null;
    this.overlay.heat(null);
    this.button.setAttribute("aria-pressed", "false");
    setText(this.button, "Show what the guess rests on");
    setText(this.note, "");
    return was;
  }

  #toggle() {
    if (!this.close()) this.#ask();
  }

  async #ask() {
    const { file, row, width, height } = this.question() ?? {};
    if (!file) return;
    const form = new FormData(), asked = (this.asked = {});
    for (const [name, value] of Object.entries({ file, face_id: row.face_id, label: this.choice.value })) form.append(name, value);
    if (model()) form.append("model", model().name);
    setText(this.note, "The server looks for the places that speak for it…");
    try {
      const told = await json("v1/explain", { method: "POST", form });
      if (this.asked !== asked) return; // another face was chosen meanwhile
      this.told = told;
      this.overlay.heat(told, width, height);
      this.button.setAttribute("aria-pressed", "true");
      setText(this.button, "Hide the heat map");
      setText(this.note, `Method: ${told.method}. For ${plain(told.label)}: ${METHODS[told.method] ?? "strong where it speaks for this expression"}.`);
      say(`Heat map shown, made by ${told.method}.`);
    } catch (error) {
      if (this.asked === asked) this.close();
      notice(error.message, undefined, "explain");
    }
  }
}
