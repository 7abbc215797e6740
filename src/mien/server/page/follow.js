// A job from its file to its end.

import { json, patiently, pause } from "./api.js";
import { ended } from "./jobs.js";
import { settings } from "./state.js";

/**
 * Sends a video.
 * @param {File} file
 * @param {{onUpload: (share: number) => void, onWait: (seconds: number) => void, signal: AbortSignal}} options
 * @returns {Promise<Object>} the job
 */
export function sendVideo(file, { onUpload, onWait, signal }) {
  const form = new FormData();
  form.append("every", settings.every);
  form.append("smooth_s", settings.smooth);
  if (settings.compound) form.append("compound", settings.compound);
  if (settings.model) form.append("model", settings.model);
  form.append("file", file, file.name);
  return patiently(() => json("v1/jobs", { method: "POST", form, signal, onProgress: onUpload }), onWait, signal);
}

/**
 * Asks after a job until it ends. A server that is away for a while is waited for: jobs survive its restart.
 * @param {string} id
 * @param {{onNews: (job: Object) => void, onGone: (away: boolean) => void, signal: AbortSignal}} options
 * @returns {Promise<Object>} the job as it ended
 */
export async function followJob(id, { onNews, onGone, signal }) {
  for (let rest = 300; ; rest = Math.min(rest * 1.2, 2000)) {
    await pause(rest);
    if (signal.aborted) throw new DOMException("cancelled", "AbortError");
    try {
      const job = await json(`v1/jobs/${encodeURIComponent(id)}`, { signal });
      onGone(false);
      onNews(job);
      if (ended(job)) return job;
    } catch (error) {
      if (![0, 429, 502, 503].includes(error.status)) throw error;
      onGone(error.status === 0);
    }
  }
}

/** A finished job's table. @returns {Promise<{rows: Object[], fps: number, width: number, height: number}>} */
export function fetchResult(id, signal) {
  return json(`v1/jobs/${encodeURIComponent(id)}/result?format=json`, { signal });
}
