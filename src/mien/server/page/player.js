// The film: plays a file of this machine, and says which moment is on show.

import { el, setText } from "./dom.js";
import { clock } from "./words.js";

const INTO_FRAME_S = 5e-4; // rounding must not show the frame before

/** A film with a play button; the timeline moves it. */
export class Player {
  /**
   * @param {{onTime: (t: number) => void, onUnplayable: () => void}} options told the time in seconds of every
   *   frame that is shown; and that this browser cannot show the film
   */
  constructor({ onTime, onUnplayable }) {
    this.onTime = onTime;
    this.film = el("video", { playsinline: true, preload: "auto", "aria-label": "The video" });
    this.film.muted = true;
    this.film.disablePictureInPicture = true;
    this.button = el("button", { type: "button", class: "play", onclick: () => this.toggle() }, "Play");
    this.sound = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#sound() }, "Sound");
    this.time = el("span", { class: "time" });
    this.root = el("div", { class: "row player" }, this.button, this.sound, this.time);
    for (const event of ["play", "pause", "ended"]) this.film.addEventListener(event, () => setText(this.button, this.film.paused ? "Play" : "Pause"));
    this.film.addEventListener("error", () => this.has() && (this.close(), onUnplayable()));
    this.film.addEventListener("seeked", () => this.#tell(this.film.currentTime));
    if (this.film.requestVideoFrameCallback) this.#watch();
    else this.film.addEventListener("timeupdate", () => this.#tell(this.film.currentTime));
  }

  /** @param {File} file */
  open(file) {
    this.url = URL.createObjectURL(file);
    this.film.src = this.url;
  }

  /** Whether there is a film that this browser can show. */
  has() {
    return Boolean(this.url);
  }

  close() {
    if (!this.url) return;
    this.film.pause();
    this.film.removeAttribute("src");
    this.film.load();
    URL.revokeObjectURL(this.url);
    this.url = null;
  }

  toggle() {
    if (!this.has()) return;
    if (this.film.paused) this.film.play().catch(() => this.film.pause());
    else this.film.pause();
  }

  pause() {
    this.film.pause();
  }

  /** Shows the frame of a time. */
  seek(t) {
    this.film.currentTime = t + INTO_FRAME_S;
  }

  /** Writes time and verdict below the film. */
  tell(t, end, said) {
    setText(this.time, `${clock(t)} of ${clock(end)}${said ? ` · ${said}` : ""}`);
  }

  /** The frame on show as a picture file. @param {string} stem of its name @returns {Promise<File>} */
  async still(stem) {
    const { videoWidth: width, videoHeight: height, currentTime } = this.film;
    const canvas = el("canvas", { width, height });
    canvas.getContext("2d").drawImage(this.film, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    return new File([blob], `${stem} at ${clock(currentTime).replaceAll(":", ".")}.png`, { type: "image/png" });
  }

  // A frame of an earlier seek may come late: it must not set back a cursor that has gone on.
  #tell(t) {
    if (!this.has() || this.film.seeking) return;
    this.onTime(this.film.paused ? Math.max(this.film.currentTime - INTO_FRAME_S, 0) : t);
  }

  #watch() {
    const tick = (_now, { mediaTime }) => {
      this.#tell(mediaTime);
      this.film.requestVideoFrameCallback(tick);
    };
    this.film.requestVideoFrameCallback(tick);
  }

  #sound() {
    this.film.muted = !this.film.muted;
    this.sound.setAttribute("aria-pressed", !this.film.muted);
  }
}
