// Pictures: each is read by itself, so that one that is broken or refused stops no other.

import { json, patiently } from "./api.js";
import { el, setText } from "./dom.js";
import { Explain } from "./explain.js";
import { notice, say } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Stage } from "./stage.js";
import { labels, model, settings } from "./state.js";
import { Table } from "./table.js";
import { count, verdict } from "./words.js";

const AT_ONCE = 3; // the server puts what comes together into one batch

/** @typedef {{file: File, url: string, status: string, said: string, result: ?Object}} Item */

/** The view of all pictures that were given. */
export class Pictures {
  /** @param {{onChange: () => void, onEmpty: () => void}} options */
  constructor({ onChange, onEmpty }) {
    Object.assign(this, { onChange, onEmpty, items: [], chosen: null, face: null, running: 0, stop: new AbortController() });
    this.overlay = new Overlay({ onSelect: (id) => this.#choose(this.chosen, id) });
    this.stage = new Stage(this.overlay);
    this.explain = new Explain({ overlay: this.overlay, question: () => this.#question() });
    this.panel = new Panel({ onSelect: (id) => this.#choose(this.chosen, id), foot: this.explain.root });
    this.table = new Table({ rows: () => this.rows(), labels, name: () => "mien-pictures" });
    this.summary = el("p", { class: "quiet" });
    this.caption = el("p", { class: "caption" });
    this.strip = el("div", { class: "strip", role: "group", "aria-label": "Pictures", onkeydown: (event) => this.#walk(event) });
    const clear = el("button", { type: "button", onclick: () => this.clear() }, "Forget them");
    const head = el("div", { class: "head" }, el("div", {}, el("h2", {}, "Pictures"), this.summary), clear);
    const left = el("div", { class: "left" }, this.stage.root, this.caption, this.strip);
    this.root = el("section", { class: "card view", "aria-label": "Pictures" }, head, el("div", { class: "pair" }, left, this.panel.root), this.table.root);
  }

  get title() {
    return `Pictures ${this.items.length}`;
  }

  /** All rows of the table, pictures without a face and unreadable ones included. */
  rows() {
    return this.items.flatMap(({ file, result, said, status }) => {
      if (result?.faces.length) return result.faces;
      if (status === "waiting" || status === "reading") return [];
      return [{ input: file.name, frame: result ? 0 : null, status: result ? "no_face" : "error", error: result ? null : said }];
    });
  }

  /** Takes in further pictures. @param {File[]} files */
  add(files) {
    const fresh = files.map((file) => ({ file, url: URL.createObjectURL(file), status: "waiting", said: "", result: null }));
    this.items.push(...fresh);
    for (const item of fresh) this.strip.append(this.#thumbnail(item));
    this.#choose(fresh[0], null);
    this.#pump();
    this.onChange();
  }

  /** Forgets all pictures. */
  clear() {
    this.stop.abort();
    this.stop = new AbortController();
    for (const item of this.items) URL.revokeObjectURL(item.url);
    Object.assign(this, { items: [], chosen: null, face: null });
    this.strip.replaceChildren();
    this.overlay.clear();
    this.panel.wheel.rest();
    this.onEmpty();
  }

  /** Reads all anew: another compound set or model was chosen. */
  again() {
    this.stop.abort();
    this.stop = new AbortController();
    this.panel.wheel.rest();
    for (const item of this.items) Object.assign(item, { status: "waiting" });
    this.#pump();
  }

  /** Escape takes the heat map away. */
  escape() {
    return this.explain.close();
  }

  #pump() {
    const { signal } = this.stop;
    for (let item; this.running < AT_ONCE && (item = this.items.find((one) => one.status === "waiting")); ) {
      this.running++;
      item.status = "reading";
      this.#read(item, signal).finally(() => {
        this.running--;
        if (!signal.aborted) this.#tell(item);
        this.#pump();
      });
    }
    this.#summarise();
  }

  async #read(item, signal) {
    const form = new FormData();
    form.append("file", item.file, item.file.name);
    if (settings.compound) form.append("compound", settings.compound);
    if (model()) form.append("model", model().name);
    const wait = (seconds) => ((item.said = `The server is busy; again in ${seconds} s.`), this.#tell(item));
    try {
      const told = await patiently(() => json("v1/analyze", { method: "POST", form, signal }), wait, signal);
      const [result] = told.results;
      if (result.status === "error") throw new Error(result.error);
      Object.assign(item, { result, status: result.status, said: result.status === "no_face" ? "No face was found in it." : "" });
    } catch (error) {
      if (signal.aborted) return;
      Object.assign(item, { result: null, status: "error", said: error.message });
      if (error.status === 0) notice(error.message, { label: "Try again", run: () => this.#retry() }, "gone");
    }
  }

  #retry() {
    for (const item of this.items) if (item.status === "error") item.status = "waiting";
    this.#pump();
  }

  #tell(item) {
    const faces = this.#faces(item), verdicts = faces.map(verdict).join("; ");
    item.badge.textContent = { ok: faces.length, no_face: "0", error: "!" }[item.status] ?? "…";
    item.thumb.classList.toggle("bad", item.status === "error");
    item.thumb.setAttribute("aria-label", `${item.file.name}: ${item.said || verdicts || "being read"}`);
    if (item === this.chosen) this.#choose(item, this.face);
    this.#summarise();
  }

  #summarise() {
    const done = this.items.filter((item) => !["waiting", "reading"].includes(item.status));
    const bad = done.filter((item) => item.status === "error").length;
    const faces = done.reduce((sum, item) => sum + this.#faces(item).length, 0);
    const parts = [count(faces, "face"), `in ${count(done.length - bad, "picture")}`, bad && `· ${bad} not readable`];
    const left = this.items.length - done.length;
    setText(this.summary, [...parts, left && `· ${left} being read`].filter(Boolean).join(" "));
    this.root.setAttribute("aria-busy", left > 0);
    if (!left && this.items.length) say(`Read: ${parts.filter(Boolean).join(" ")}.`);
    this.table.changed(this.rows(), labels());
  }

  #choose(item, face) {
    const faces = this.#faces(item), shown = item !== this.chosen;
    if (shown) this.#show(item);
    const id = faces.some((row) => row.face_id === face) ? face : (faces[0]?.face_id ?? null);
    const row = faces.find((one) => one.face_id === id) ?? null;
    if (shown || id !== this.face || row !== this.row) this.explain.rest(row);
    Object.assign(this, { face: id, row });
    const { width, height } = item.result ?? { width: 4, height: 3 };
    if (item.result) this.stage.resize(width, height);
    this.overlay.show(faces, width, height, id);
    this.panel.show(faces.map((one) => ({ id: one.face_id })), id, row, item.said || "Being read…");
    setText(this.caption, item.file.name);
    for (const one of this.items) one.thumb.setAttribute("aria-pressed", one === item);
  }

  #show(item) {
    this.chosen = item;
    this.explain.close();
    const picture = el("img", { src: item.url, alt: item.file.name });
    // what the server can read a browser may not know how to show (TIFF, HEIC): then the boxes alone
    picture.addEventListener("error", () => item === this.chosen && this.stage.set(null, item.result?.width ?? 4, item.result?.height ?? 3));
    picture.addEventListener("load", () => item === this.chosen && this.stage.resize(picture.naturalWidth, picture.naturalHeight));
    this.stage.set(picture, item.result?.width ?? 4, item.result?.height ?? 3);
  }

  #thumbnail(item) {
    item.badge = el("span", { class: "badge", "aria-hidden": "true" }, "…");
    const picture = el("img", { src: item.url, alt: "", loading: "lazy" });
    picture.addEventListener("error", () => picture.remove());
    item.thumb = el("button", { type: "button", class: "thumb", "aria-label": `${item.file.name}: being read`, onclick: () => this.#choose(item, null) }, picture, item.badge);
    return item.thumb;
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && this.items[this.items.indexOf(this.chosen) + step];
    if (!next) return;
    event.preventDefault();
    this.#choose(next, null);
    next.thumb.focus();
  }

  #faces(item) {
    return (item?.result?.faces ?? []).filter((row) => row.status === "ok" && row.probabilities);
  }

  #question() {
    if (!this.row) return null;
    const { file, result } = this.chosen;
    return { file, row: this.row, width: result.width, height: result.height };
  }
}
