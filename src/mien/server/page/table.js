// The table: the columns of `mien analyze`, on the page and as a file.

import { count } from "./words.js";
import { el } from "./dom.js";

const SHOWN = 200;
// what to write where no row holds a face
const PLAIN = Object.fromEntries(["input", "frame", "timestamp_s", "face_id", "status", "error", "box", "face_score", "emotion", "confidence", "probabilities"].map((name) => [name, null]));

/**
 * Rows of the server as columns, in the order in which the server names them.
 * @param {Object[]} rows
 * @param {string[]} labels for rows without a face
 * @returns {{header: string[], cells: (string|number|boolean|null)[][]}}
 */
export function flatten(rows, labels) {
  const pattern = rows.find((row) => row.probabilities) ?? PLAIN;
  const compounds = Object.keys(pattern.compounds ?? {});
  const columns = Object.keys(pattern).filter((key) => key !== "points").flatMap((key) => {
    if (key === "box") return ["box_x", "box_y", "box_width", "box_height"].map((name, i) => [name, (row) => row.box?.[i]]);
    if (key === "probabilities") return labels.map((name) => [name, (row) => row.probabilities?.[name]]);
    if (key === "compounds") return compounds.map((name) => [name, (row) => row.compounds?.[name]]);
    if (key.startsWith("compound") && !compounds.length) return [];
    return [[key, (row) => row[key]]];
  });
  return {
    header: columns.map(([name]) => name),
    cells: rows.map((row) => columns.map(([, read]) => read(row) ?? null)),
  };
}

/** The table as text with commas, as RFC 4180 has it. */
export function toCsv({ header, cells }) {
  const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const write = (value) => (value === null ? "" : quote(String(value)));
  return [header, ...cells].map((line) => line.map(write).join(",")).join("\r\n") + "\r\n";
}

/** Hands a file to the browser. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Download buttons and the table itself, on request. */
export class Table {
  /**
   * @param {{rows: () => Object[], labels: () => string[], name: () => string, more?: HTMLElement[]}} options
   *   `more`: further buttons
   */
  constructor({ rows, labels, name, more = [] }) {
    const csv = () => save(new Blob([toCsv(flatten(rows(), labels()))], { type: "text/csv" }), `${name()}.csv`);
    const json = () => save(new Blob([JSON.stringify({ rows: rows() }, null, 1)], { type: "application/json" }), `${name()}.json`);
    const button = (text, run) => el("button", { type: "button", onclick: run }, text);
    this.summary = el("summary", {}, "Show the table");
    this.body = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" });
    this.details = el("details", { class: "table" }, this.summary, this.body);
    this.details.addEventListener("toggle", () => this.details.open && this.#fill(rows(), labels()));
    const row = el("div", { class: "row" }, el("span", { class: "quiet" }, "Table as"), button("csv", csv), button("json", json), ...more);
    this.root = el("div", { class: "downloads" }, row, this.details);
  }

  /** To be called when there are other rows. */
  changed(rows, labels) {
    this.summary.textContent = `Show the table (${count(rows.length, "row")})`;
    if (this.details.open) this.#fill(rows, labels);
  }

  #fill(rows, labels) {
    const { header, cells } = flatten(rows.slice(0, SHOWN), labels);
    const show = (value) => (typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value ?? ""));
    const head = el("tr", {}, ...header.map((name) => el("th", { scope: "col" }, name)));
    const body = cells.map((line) => el("tr", {}, ...line.map((value) => el("td", { class: typeof value === "number" ? "number" : null }, show(value)))));
    const rest = rows.length > SHOWN ? el("p", { class: "quiet" }, `The first ${SHOWN} of ${rows.length.toLocaleString("en")} rows; the file holds all.`) : "";
    this.body.replaceChildren(el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)), rest);
  }
}
