// The camera's view: live boxes and bars, what speed it reaches, and the table of what was seen.

import { json, streamUrl } from "./api.js";
import { Capture, explainRefusal } from "./capture.js";
import { el, setText } from "./dom.js";
import { facesOf, placeAt, rowOf } from "./frames.js";
import { clearNotice, notice, say } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Pace } from "./pace.js";
import { Stage } from "./stage.js";
import { labels, model, settings } from "./state.js";
import { Stream } from "./stream.js";
import { Table } from "./table.js";
import { Timeline } from "./timeline.js";
import { clock, count, percent, verdict } from "./words.js";

const LANES_S = 20, LANES_EVERY_MS = 400, MOST_FRAMES = 60_000;

/** The view of the camera. */
export class Camera {
  /** @param {{onChange: () => void, onEmpty: () => void, onPicture: (file: File) => void}} options */
  constructor({ onChange, onEmpty, onPicture }) {
    Object.assign(this, { onChange, onEmpty, onPicture, frames: [], face: null, live: false });
    this.capture = new Capture();
    this.overlay = new Overlay({ onSelect: (id) => this.#choose(id) });
    this.stage = new Stage(this.overlay);
    this.panel = new Panel({ onSelect: (id) => this.#choose(id) });
    this.lanes = new Timeline({ label: "Time before the camera", onSeek: (t) => this.#look(t) });
    this.table = new Table({ rows: () => this.rows(), labels, name: () => "mien-camera" });
    this.speed = el("dl", { class: "speed" });
    this.figures = ["frames a second", "delay", "left out"].map((name) => {
      const value = el("dd", {}, "–");
      this.speed.append(el("div", {}, el("dt", {}, name), value));
      return value;
    });
    this.summary = el("p", { class: "quiet" });
    this.stopButton = el("button", { type: "button", class: "primary", onclick: () => this.toggle() }, "Stop");
    this.turnButton = el("button", { type: "button", hidden: true, onclick: () => this.#turn() }, "Other camera");
    this.still = el("button", { type: "button", onclick: () => this.#still() }, "Read this frame as a picture");
    this.forget = el("button", { type: "button", onclick: () => this.close() }, "Close and forget");
    const head = el("div", { class: "head" }, el("div", {}, el("h2", {}, "Camera"), this.summary), this.forget);
    const row = el("div", { class: "row" }, this.stopButton, this.turnButton, this.still);
    const left = el("div", { class: "left" }, this.stage.root, row, this.speed, el("h3", {}, "Over time"), this.lanes.root);
    this.body = el("div", { hidden: true }, el("div", { class: "pair" }, left, this.panel.root), this.table.root);
    this.root = el("section", { class: "card view", "aria-label": "Camera" }, head, this.body);
  }

  get title() {
    return "Camera";
  }

  rows() {
    return this.frames.flatMap((frame) => frame.rows);
  }

  /** Opens the camera and begins. */
  async open() {
    this.#halt();
    clearNotice("camera");
    Object.assign(this, { frames: [], known: [], face: null, pace: new Pace() });
    this.body.hidden = true;
    this.overlay.clear();
    this.panel.show([], null, null, "The first frame is on its way.");
    this.panel.wheel.rest();
    this.onChange();
    await this.#start();
  }

  /** Stop, or go on. */
  async toggle() {
    if (this.live) {
      this.#halt();
      say(`Camera stopped after ${count(this.frames.length, "frame")}.`);
    } else {
      await this.#start();
    }
  }

  /** Another compound set was chosen: a new connection. The browser still holds the camera. */
  again() {
    if (!this.live) return;
    this.panel.wheel.rest();
    this.#connect();
  }

  close() {
    this.#halt();
    this.frames = [];
    this.overlay.clear();
    this.onEmpty();
  }

  leave() {
    this.#halt();
  }

  escape() {
    return false;
  }

  async #start() {
    try {
      await this.capture.open({ onUnplugged: () => this.#unplugged() });
    } catch (error) {
      this.#halt();
      setText(this.summary, "The camera is not open.");
      notice(explainRefusal(error), { label: "Try again", run: () => this.#start() }, "camera");
      return;
    }
    this.live = true;
    this.body.hidden = false;
    this.stage.set(this.capture.film, this.capture.film.videoWidth, this.capture.film.videoHeight);
    setText(this.stopButton, "Stop");
    this.still.hidden = false;
    this.turnButton.hidden = this.capture.cameras.length < 2;
    const s = settings.smooth;
    setText(this.summary, s
      ? `Smoothed over ${s} s: a change shows by 63 % after ${s} s and by 95 % after ${(3 * s).toFixed(1)} s. Frames are read and forgotten.`
      : "Not smoothed. Frames are read and forgotten.");
    say("The camera is open.");
    this.begun = performance.now() - 1000 * (this.frames.at(-1)?.t ?? 0);
    this.#connect();
    this.capture.watch(() => this.#grab());
  }

  #connect() {
    this.stream?.close();
    // a new connection counts frames and faces from 0 again: it knows nobody
    const known = this.frames.flatMap((frame) => frame.rows.map((row) => row.face_id ?? -1));
    this.first = { frame: (this.frames.at(-1)?.frame ?? -1) + 1, face: known.reduce((most, id) => Math.max(most, id), -1) + 1 };
    const parameters = { compound: settings.compound, smooth_s: settings.smooth, model: settings.model };
    this.stream = new Stream(streamUrl(parameters), {
      onAnswer: (answer, delay) => this.#answered(answer, delay),
      onClose: (why) => this.#lost(why),
    });
  }

  async #grab() {
    if (this.encoding || !this.live || document.hidden) return;
    this.encoding = true;
    try {
      const taken = performance.now(), stream = this.stream, picture = await this.capture.frame();
      if (picture && this.live && stream === this.stream) stream.offer(picture, (taken - this.begun) / 1000, taken);
    } finally {
      this.encoding = false;
    }
  }

  #answered(answer, delay) {
    this.pace.note(delay);
    const t = answer.timestamp_s ?? (performance.now() - this.begun - delay) / 1000;
    const frame = answer.frame + this.first.frame;
    const faces = answer.faces.filter((row) => row.status === "ok");
    const rows = faces.map((row) => ({ ...row, input: "camera", frame, face_id: row.face_id + this.first.face }));
    if (!rows.length) rows.push({ input: "camera", frame, timestamp_s: t, status: "no_face" });
    this.frames.push({ t, frame, rows });
    if (this.frames.length > MOST_FRAMES) this.frames.splice(0, MOST_FRAMES / 10);
    Object.assign(this, { width: answer.width, height: answer.height });
    this.#show(this.frames.at(-1));
    const now = performance.now();
    if (now - (this.drawn ?? 0) < LANES_EVERY_MS) return;
    this.drawn = now;
    setText(this.figures[0], this.pace.rate().toFixed(1));
    setText(this.figures[1], `${Math.round(this.pace.delay())} ms`);
    setText(this.figures[2], String(this.stream.leftOut + (answer.dropped ?? 0)));
    this.#drawLanes();
  }

  #show(frame) {
    const faces = frame.rows.filter((row) => row.status === "ok");
    if (this.live) this.#keepFace(faces, frame.t);
    const row = rowOf(frame, this.face);
    this.overlay.show(faces, this.width, this.height, this.face, this.capture.mirrored);
    const ids = this.live ? faces.map((one) => ({ id: one.face_id })) : this.known;
    this.panel.show(ids, this.face, row, faces.length ? "This face is not seen now." : "No face is seen now.");
  }

  // another face is chosen only when the chosen one has been away for a while
  #keepFace(faces, t) {
    if (faces.some((row) => row.face_id === this.face)) this.seen = t;
    else if (faces.length && (this.face == null || t - (this.seen ?? t) > 1)) Object.assign(this, { face: faces[0].face_id, seen: t });
  }

  #drawLanes() {
    const end = this.frames.at(-1)?.t ?? 0, start = Math.max(this.frames[0]?.t ?? 0, this.live ? end - LANES_S : 0);
    const window = this.live ? this.frames.slice(placeAt(this.frames, start) + 1) : this.frames;
    this.lanes.root.hidden = this.face == null;
    if (this.face == null) return;
    const row = window.map((frame) => rowOf(frame, this.face)).find(Boolean);
    this.lanes.setData(window, this.face, row ? Object.keys(row.probabilities) : (model()?.labels ?? []), [start, end]);
    this.lanes.setTime(end);
    if (!this.live || this.table.details.open) this.table.changed(this.rows(), labels());
  }

  #look(t) {
    if (this.live) this.#halt();
    const frame = this.frames[placeAt(this.frames, t)];
    if (frame) this.#show(frame);
    setText(this.summary, `Stopped. At ${clock(t)}: ${rowOf(frame, this.face) ? verdict(rowOf(frame, this.face)) : "face not seen"}.`);
  }

  #choose(id) {
    this.face = id;
    if (!this.live && this.frames.length) this.#show(this.frames[Math.max(placeAt(this.frames, this.lanes.time ?? 0), 0)]);
    this.#drawLanes();
  }

  #halt() {
    const was = this.live;
    this.live = false;
    this.stream?.close();
    this.capture.close();
    setText(this.stopButton, "Go on");
    this.still.hidden = this.turnButton.hidden = true;
    if (!was) return;
    this.known = facesOf(this.frames).map(([id, n]) => ({ id, note: `${percent(n / this.frames.length)} of the time` }));
    this.stage.set(null, this.width ?? 4, this.height ?? 3);
    setText(this.summary, `Stopped after ${count(this.frames.length, "frame")}. The numbers are in this page alone, until you close or forget them.`);
    if (this.frames.length) {
      this.#drawLanes();
      this.#show(this.frames.at(-1));
    }
  }

  #unplugged() {
    if (!this.live) return;
    this.#halt();
    notice("The camera is gone: unplugged, or taken back by the browser. What was read so far is below.", { label: "Open it again", run: () => this.#start() }, "camera");
  }

  async #lost(why) {
    if (!this.live) return;
    this.#halt();
    const again = { label: "Connect again", run: () => this.#start() };
    try {
      await json("v1/models"); // asks for the token where that was the reason
      notice(`The connection for the camera was closed${why ? `: ${why}` : "."}`, again, "camera");
    } catch (error) {
      notice(error.status === 0 ? "The connection for the camera broke off: the server does not answer." : error.message, again, "camera");
    }
  }

  async #turn() {
    this.#halt();
    this.capture.turn();
    await this.#start();
  }

  async #still() {
    const picture = await this.capture.frame();
    if (picture) this.onPicture(new File([picture], `camera at ${clock(this.frames.at(-1)?.t ?? 0).replaceAll(":", ".")}.jpg`, { type: "image/jpeg" }));
  }
}
