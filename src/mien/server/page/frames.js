// Rows of a video or a camera, put together frame by frame. Nothing here touches the page.

/** @typedef {{t: number, frame: number, rows: Object[]}} FrameRows */

/**
 * Rows by frame, in order of time.
 * @param {Object[]} rows of the table
 * @param {number} fps for rows without a time of their own
 * @returns {FrameRows[]}
 */
export function groupFrames(rows, fps) {
  const frames = new Map();
  for (const row of rows) {
    if (row.frame == null) continue;
    if (!frames.has(row.frame)) frames.set(row.frame, { t: row.timestamp_s ?? row.frame / (fps || 25), frame: row.frame, rows: [] });
    frames.get(row.frame).rows.push(row);
  }
  return [...frames.values()].sort((a, b) => a.t - b.t);
}

/** Place of the frame that is on show at a time: the last that has begun; -1 before the first. */
export function placeAt(frames, t) {
  let low = 0, high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle].t <= t + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The usual time between two frames, in seconds. */
export function stepOf(frames) {
  if (frames.length < 2) return 0.04;
  const steps = frames.slice(1, 400).map((one, i) => one.t - frames[i].t).sort((a, b) => a - b);
  return steps[steps.length >> 1] || 0.04;
}

/** Every face and in how many frames it is seen, the most seen first. @returns {[number, number][]} */
export function facesOf(frames) {
  const seen = new Map();
  for (const { rows } of frames)
    for (const row of rows) if (row.face_id != null) seen.set(row.face_id, (seen.get(row.face_id) ?? 0) + 1);
  return [...seen].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** A face's row in a frame, or null. */
export const rowOf = (frame, id) => frame?.rows.find((row) => row.face_id === id && row.status === "ok") ?? null;

/**
 * Stretches in which a face is seen without a break.
 * @param {FrameRows[]} frames
 * @param {number} id
 * @returns {{t: number, row: Object}[][]}
 */
export function stretches(frames, id) {
  const found = [];
  let current = null;
  for (const frame of frames) {
    const row = rowOf(frame, id);
    if (!row) current = null;
    else if (current) current.push({ t: frame.t, row });
    else found.push((current = [{ t: frame.t, row }]));
  }
  return found;
}
