// Frames over one WebSocket: one is under way, the newest waits, all between are left out rather than queued.

const TOO_LATE_MS = 15_000;

/** A connection that is given frames and hands out answers. */
export class Stream {
  /**
   * @param {string} url
   * @param {{onAnswer: (answer: Object, delayMs: number) => void, onClose: (why: string, code: number) => void}} options
   */
  constructor(url, { onAnswer, onClose }) {
    Object.assign(this, { onAnswer, onClose, underWay: null, waiting: null, leftOut: 0, over: false });
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.#next();
    this.socket.onmessage = (event) => this.#answered(event.data);
    this.socket.onclose = (event) => this.#end(event.reason, event.code);
    this.watch = setInterval(() => this.#late(), 1000);
  }

  /**
   * Offers the newest frame.
   * @param {Blob} picture
   * @param {number} t its time in seconds
   * @param {number} taken when it was taken, in milliseconds of performance.now()
   */
  offer(picture, t, taken) {
    if (this.waiting) this.leftOut++;
    this.waiting = { picture, t, taken };
    this.#next();
  }

  /** Says goodbye. */
  close() {
    this.over = true;
    clearInterval(this.watch);
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send('{"type":"bye"}');
    this.socket.close();
  }

  #next() {
    if (this.underWay || !this.waiting || this.socket.readyState !== WebSocket.OPEN) return;
    this.underWay = this.waiting;
    this.waiting = null;
    this.sent = performance.now();
    this.socket.send(JSON.stringify({ t: this.underWay.t }));
    this.socket.send(this.underWay.picture);
  }

  #answered(text) {
    const told = JSON.parse(text);
    const taken = this.underWay?.taken;
    this.underWay = null;
    if (!this.over) {
      if (told.error) this.refused = told.error.message;
      else this.onAnswer(told, performance.now() - taken);
    }
    this.#next();
  }

  #late() {
    if (this.underWay && performance.now() - this.sent > TOO_LATE_MS) this.#end("The server took longer than 15 s for a frame.", 0);
  }

  #end(why, code) {
    clearInterval(this.watch);
    if (this.over) return;
    this.over = true;
    this.socket.close();
    this.onClose(this.refused ?? why, code);
  }
}
