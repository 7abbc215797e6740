// The camera itself: opened, turned, and its newest frame as a small JPEG.

import { el } from "./dom.js";

const LONGEST = 640; // a frame's longer side: faces are found as well, and it travels quickly

const REFUSED = {
  NotAllowedError: "The browser did not lend the camera. Allow it in the address bar's settings, then open it again.",
  NotFoundError: "There is no camera here. Plug one in, or drop pictures or a video instead.",
  NotReadableError: "The camera is there but another program holds it. Close that one, then try again.",
  OverconstrainedError: "This camera cannot do what was asked of it. Try another one.",
};

/** What to tell a person when the camera does not open. @param {Error} error */
export function explainRefusal(error) {
  return REFUSED[error.name] ?? `The camera could not be opened (${error.message || error.name}).`;
}

/** A camera and its picture. */
export class Capture {
  constructor() {
    this.film = el("video", { playsinline: true, "aria-label": "Camera" });
    this.film.muted = true;
    this.canvas = el("canvas");
    this.back = false;
    this.place = 0;
  }

  /**
   * Opens a camera.
   * @param {{onUnplugged: () => void}} options
   * @throws {Error} see explainRefusal
   */
  async open({ onUnplugged }) {
    if (!navigator.mediaDevices?.getUserMedia)
      throw new Error("browsers lend it only to pages from this machine itself or over https");
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    if (this.deviceId) wanted.deviceId = { exact: this.deviceId };
    else wanted.facingMode = this.back ? "environment" : "user";
    this.media = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    const [track] = this.media.getVideoTracks();
    track.addEventListener("ended", onUnplugged);
    this.film.srcObject = this.media;
    await this.film.play();
    const faces = track.getSettings?.().facingMode;
    this.mirrored = faces ? faces === "user" : !this.back;
    this.film.classList.toggle("mirrored", this.mirrored);
    const all = await navigator.mediaDevices.enumerateDevices();
    this.cameras = all.filter((one) => one.kind === "videoinput");
  }

  /** Chooses the next camera, or the other side of a phone, for the next `open`. */
  turn() {
    if (matchMedia("(pointer: coarse)").matches) {
      this.back = !this.back;
      return;
    }
    this.place = (this.place + 1) % this.cameras.length;
    this.deviceId = this.cameras[this.place].deviceId;
  }

  /** Calls a function for every new frame until the camera is closed. */
  watch(onFrame) {
    const film = this.film, media = this.media;
    const turn = () => {
      if (this.media !== media || !media) return;
      onFrame();
      next();
    };
    const next = film.requestVideoFrameCallback ? () => film.requestVideoFrameCallback(turn) : () => setTimeout(turn, 33);
    next();
  }

  /** The newest frame. @returns {Promise<Blob|null>} a JPEG as the camera sees it, not mirrored */
  async frame() {
    const { videoWidth, videoHeight } = this.film, scale = Math.min(1, LONGEST / Math.max(videoWidth, videoHeight));
    if (!videoWidth) return null;
    const width = Math.round(videoWidth * scale), height = Math.round(videoHeight * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = (this.context ??= this.canvas.getContext("2d", { alpha: false }));
    context.drawImage(this.film, 0, 0, width, height);
    return new Promise((done) => this.canvas.toBlob(done, "image/jpeg", 0.85));
  }

  close() {
    for (const track of this.media?.getTracks() ?? []) track.stop();
    this.media = null;
    this.film.srcObject = null;
  }
}
