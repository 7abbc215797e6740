// Videos that the server keeps: what there is, until when, and away with it.

import { json, request } from "./api.js";
import { byId, el } from "./dom.js";
import { notice, say } from "./notice.js";
import { moment, percent } from "./words.js";

/** Whether a job will change no more. */
export const ended = (job) => ["done", "failed", "cancelled"].includes(job.status);

/** Cancels a job and deletes all of it from the server. @param {string} id */
export async function deleteJob(id) {
  try {
    await request(`v1/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) throw error; // gone is what was wanted
  }
}

/** The list of kept videos on the page. */
export class KeptJobs {
  /** @param {{onOpen: (job: Object) => void, onDelete: (id: string) => void}} options */
  constructor({ onOpen, onDelete }) {
    Object.assign(this, { onOpen, onDelete, root: byId("kept-jobs") });
  }

  /** Asks the server what it keeps. @param {string} [open] id of the job that is on show already */
  async refresh(open) {
    let told;
    try {
      told = await json("v1/jobs");
    } catch {
      return; // the list is a convenience: what is wrong with the server is said elsewhere
    }
    const jobs = (Array.isArray(told) ? told : told.jobs).filter((job) => job.id !== open);
    this.root.hidden = !jobs.length;
    this.root.replaceChildren(
      el("h2", { id: "kept-title" }, "Kept on this server"),
      el("p", { class: "quiet" }, "Tables of videos that were sent for reading; a film itself goes as soon as it is read. Each table goes at its time, or when you delete it."),
      el("ul", { class: "jobs" }, ...jobs.map((job) => this.#line(job))),
    );
  }

  #line(job) {
    const state = job.status === "running" && job.progress != null ? `running, ${percent(job.progress)}` : job.status;
    const open = el("button", { type: "button", "aria-label": `Open ${job.input}`, onclick: () => this.onOpen(job) }, "Open");
    const away = async () => {
      try {
        await deleteJob(job.id);
        say(`${job.input} is deleted from the server.`);
        this.onDelete(job.id);
      } catch (error) {
        notice(error.message, undefined, "delete");
      }
    };
    const remove = el("button", { type: "button", "aria-label": `Delete ${job.input} from the server`, onclick: away }, "Delete");
    return el("li", {}, el("span", { class: "what" }, el("b", {}, job.input), el("small", {}, ` ${state} · until ${moment(job.expires)}`)), open, remove);
  }
}
