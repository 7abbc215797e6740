// A video: sent as a job, then played here beside its lanes. The film itself is shown from this machine's own file.

import { request } from "./api.js";
import { el, setText } from "./dom.js";
import { fetchResult, followJob, sendVideo } from "./follow.js";
import { facesOf, groupFrames, placeAt, rowOf, stepOf } from "./frames.js";
import { deleteJob } from "./jobs.js";
import { clearNotice, notice, say } from "./notice.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { labels, model, settings } from "./state.js";
import { save, Table } from "./table.js";
import { Timeline } from "./timeline.js";
import { clock, count, moment, percent, size, verdict } from "./words.js";

const MOST_CHIPS = 24;

/** The view of one video. */
export class Video {
  /** @param {{onChange: () => void, onEmpty: () => void, onPicture: (file: File) => void}} options */
  constructor({ onChange, onEmpty, onPicture }) {
    Object.assign(this, { onChange, onEmpty, frames: [], rows: [], face: null, job: null, stop: new AbortController() });
    this.overlay = new Overlay({ onSelect: (id) => this.#choose(id) });
    this.stage = new Stage(this.overlay);
    this.panel = new Panel({ onSelect: (id) => this.#choose(id) });
    this.player = new Player({ onTime: (t) => this.#at(t), onUnplayable: () => this.frames.length && this.#mount() });
    this.timeline = new Timeline({ label: "Time in the video", onSeek: (t) => this.#seek(t), onToggle: () => this.player.toggle() });
    const fetchAs = (format) => el("button", { type: "button", onclick: () => this.#fetchTable(format) }, format);
    this.table = new Table({ rows: () => this.rows, labels, name: () => this.#stem(), more: [fetchAs("parquet")] });
    this.keep = el("p", { class: "quiet" });
    this.summary = el("p", { class: "quiet" });
    this.heading = el("h2", {}, "Video");
    this.still = el("button", { type: "button", onclick: async () => onPicture(await this.player.still(this.#stem())) }, "Read this frame as a picture");
    this.remove = el("button", { type: "button", onclick: () => this.#delete() }, "Delete it from the server");
    this.bar = el("progress", { max: 1, "aria-label": "Progress" });
    this.state = el("p", { class: "state" });
    this.cancel = el("button", { type: "button", onclick: () => this.#delete() }, "Cancel");
    this.progress = el("div", { class: "progress" }, this.state, this.bar, this.cancel);
    this.player.root.append(this.still);
    this.film = el("input", { type: "file", accept: "video/*", hidden: true, "aria-label": "The film of this table", onchange: () => this.#bring(this.film.files[0]) });
    this.bring = el("button", { type: "button", hidden: true, onclick: () => this.film.click() }, "Choose the film again to see it");
    this.reading = el("div", {}, el("div", { class: "pair" }, el("div", { class: "left" }, this.stage.root, this.player.root, this.bring, this.film, el("h3", {}, "Over time"), this.timeline.root), this.panel.root), this.table.root);
    const head = el("div", { class: "head" }, el("div", {}, this.heading, this.summary), this.remove);
    this.root = el("section", { class: "card view", "aria-label": "Video" }, head, this.progress, this.reading, this.keep);
  }

  get title() {
    return "Video";
  }

  /** Sends a video and follows its job. @param {File} file */
  async open(file) {
    const signal = this.#begin(file.name);
    this.file = file;
    this.smoothed = settings.smooth ? ` · smoothed over ${settings.smooth} s` : " · not smoothed";
    this.player.open(file);
    setText(this.state, `Sending ${size(file.size)}…`);
    await this.#guard(signal, async () => {
      const onUpload = (share) => this.#progress(share, share < 1 ? `Sending: ${percent(share)} of ${size(file.size)}` : "The server takes it in…");
      const onWait = (seconds) => this.#progress(null, `The server's queue is full. Trying again in ${seconds} s.`);
      const job = await sendVideo(file, { onUpload, onWait, signal });
      await this.#follow(job, signal);
    });
  }

  /** Opens a job that the server keeps; the film itself may be chosen again. @param {Object} job */
  async reopen(job) {
    const signal = this.#begin(job.input);
    await this.#guard(signal, () => this.#follow(job, signal));
  }

  /** Another compound set or model was chosen: a video takes its time, so that it is offered, not done. */
  again() {
    const file = this.file;
    if (!file || !this.frames.length) return;
    notice("This video was read with the earlier settings.", { label: "Read it again", run: () => this.open(file) }, "again");
  }

  /** Forgets the video on this page; the server keeps the job. */
  close() {
    this.stop.abort();
    this.player.close();
    Object.assign(this, { job: null, name: null, file: null, frames: [], rows: [] });
    this.overlay.clear();
    this.onEmpty();
  }

  /** Play no more: another view is on show. */
  leave() {
    this.player.pause();
  }

  escape() {
    return false;
  }

  #begin(name) {
    this.stop.abort();
    this.stop = new AbortController();
    this.player.close();
    this.overlay.clear();
    this.panel.wheel.rest();
    clearNotice("video");
    Object.assign(this, { name, file: null, smoothed: "", job: null, frames: [], rows: [], face: null });
    setText(this.heading, name);
    setText(this.summary, "");
    setText(this.keep, "");
    this.progress.hidden = false;
    this.reading.hidden = this.remove.hidden = true;
    this.onChange();
    return this.stop.signal;
  }

  async #guard(signal, work) {
    try {
      await work();
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.progress.hidden = true;
      setText(this.summary, "Not read.");
      notice(error.status === 404 ? "The server no longer has this video: its time was up, or it was deleted." : error.message, undefined, "video");
    }
  }

  async #follow(job, signal) {
    this.#news(job);
    const onGone = (away) => (away ? notice("The server does not answer. The job goes on when it is back; this page keeps asking.", undefined, "gone") : clearNotice("gone"));
    const last = ["done", "failed", "cancelled"].includes(job.status) ? job : await followJob(job.id, { onNews: (news) => this.#news(news), onGone, signal });
    if (last.status !== "done") {
      this.progress.hidden = true;
      setText(this.summary, last.status === "failed" ? "It could not be read." : "Cancelled.");
      if (last.error) notice(last.error, undefined, "video");
      return;
    }
    await this.#load(signal);
    this.onChange();
  }

  #news(job) {
    this.job = job;
    this.remove.hidden = false;
    setText(this.keep, job.status === "done"
      ? `The server has deleted the film. It keeps its table until ${moment(job.expires)}, or until you delete it; until then whoever may use this server can open it.`
      : `The server keeps the film until it is read, and its table until ${moment(job.expires)}, or until you delete them.`);
    const total = job.frames_total ? ` of ${job.frames_total.toLocaleString("en")}` : "";
    this.#progress(job.progress, job.status === "queued" ? "Waiting for its turn…" : `${job.frames_done.toLocaleString("en")}${total} frames read`);
  }

  #progress(share, text) {
    if (share == null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    setText(this.state, text);
  }

  async #load(signal) {
    const told = await fetchResult(this.job.id, signal);
    Object.assign(this, { rows: told.rows, frames: groupFrames(told.rows, told.fps), width: told.width || 16, height: told.height || 9 });
    this.faces = facesOf(this.frames);
    const seen = this.frames.filter(({ rows }) => rows.some((row) => row.status === "ok")).length;
    const end = (this.frames.at(-1)?.t ?? 0) + stepOf(this.frames);
    const what = `${count(this.frames.length, "frame")}, ${clock(end)} · ${count(this.faces.length, "face")}`;
    setText(this.summary, seen ? what + this.smoothed : `No face was found in any of its ${count(this.frames.length, "frame")}.`);
    say(seen ? `The video is read: ${what}.` : "The video is read. No face was found in it.");
    this.progress.hidden = true;
    this.reading.hidden = false;
    this.#mount();
    this.table.changed(this.rows, labels());
    this.end = end;
    this.#choose(this.faces.some(([id]) => id === this.face) ? this.face : (this.faces[0]?.[0] ?? null));
    if (this.player.has()) this.player.seek(this.frames[0]?.t ?? 0);
  }

  #mount() {
    const film = this.player.has();
    this.player.root.hidden = !film;
    this.bring.hidden = film;
    this.stage.set(film ? this.player.film : null, this.width, this.height);
  }

  // the server keeps a film for its own reading, not for showing: this page plays this machine's file
  #bring(file) {
    this.film.value = "";
    if (!file) return;
    this.player.close();
    this.player.open(file);
    this.#mount();
    this.player.seek(this.t ?? 0);
  }

  #choose(id) {
    this.face = id;
    const row = this.rows.find((one) => one.face_id === id && one.probabilities);
    this.timeline.root.hidden = id == null;
    this.timeline.setData(this.frames, id, row ? Object.keys(row.probabilities) : (model()?.labels ?? []), [this.frames[0]?.t ?? 0, this.end]);
    this.#at(this.t ?? this.frames[0]?.t ?? 0);
  }

  #seek(t) {
    if (this.player.has()) this.player.seek(t);
    this.#at(t);
  }

  #at(t) {
    this.t = t;
    const frame = this.frames[placeAt(this.frames, t)];
    if (!frame) return;
    const rows = frame.rows.filter((row) => row.status === "ok"), row = rowOf(frame, this.face);
    this.overlay.show(rows, this.width, this.height, this.face);
    const chips = this.faces.slice(0, MOST_CHIPS).map(([id, n]) => ({ id, note: `${percent(n / this.frames.length)} of the time` }));
    const broken = frame.rows.find((one) => one.status === "error")?.error;
    this.panel.show(chips, this.face, row, broken ?? (this.faces.length ? "This face is not seen here." : "No face was found. Small, turned or dark faces are easily missed."));
    if (this.face != null) this.timeline.setTime(t);
    this.player.tell(t, this.end, row ? verdict(row) : "");
  }

  async #delete() {
    this.stop.abort();
    const id = this.job?.id;
    try {
      if (id) await deleteJob(id);
      say(id ? "Deleted from the server." : "Cancelled.");
      this.close();
    } catch (error) {
      notice(error.message, { label: "Try again", run: () => this.#delete() }, "delete");
    }
  }

  async #fetchTable(format) {
    try {
      const answer = await request(`v1/jobs/${encodeURIComponent(this.job.id)}/result?format=${format}`);
      save(await answer.blob(), `${this.#stem()}.${format}`);
    } catch (error) {
      notice(error.message, undefined, "table");
    }
  }

  #stem() {
    return (this.name ?? "video").replace(/\.[^.]*$/, "");
  }
}
