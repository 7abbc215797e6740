// Numbers and names as people read them.

/** 0.934 as "93 %", with a space that does not break. */
export const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

/** "happily_surprised" as "happily surprised". */
export const plain = (name) => name.replaceAll("_", " ");

/** 1, "face" as "1 face"; 2 as "2 faces". */
export const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

/** Seconds as 0:03.2, or 1:02:03 beyond an hour. */
export function clock(seconds) {
  const tenths = Math.floor(Math.max(seconds, 0) * 10 + 1e-6), whole = Math.floor(tenths / 10), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
  if (hours) return `${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
  return `${minutes}:${rest}.${tenths % 10}`;
}

/** An ISO time as this browser's people write it. */
export function moment(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.valueOf())) return iso;
  const today = date.toDateString() === new Date().toDateString();
  return today
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
}

/** Bytes as "3.2 MB". */
export function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** What is said of a face in one line. */
export function verdict(row) {
  const guess = `${plain(row.emotion)} ${percent(row.confidence)}`;
  return row.unsure ? `not sure, closest ${guess}` : guess;
}
