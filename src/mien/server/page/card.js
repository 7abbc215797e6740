// What the model is: the facts of its card, as the server tells them.

import { byId, el } from "./dom.js";
import { model } from "./state.js";
import { plain } from "./words.js";

const FACTS = [
  ["Name", (one) => [one.name, one.version && `version ${one.version}`].filter(Boolean).join(", ")],
  ["About", (one) => one.about],
  ["Learnt from", (one) => one.trained_on],
  ["Expressions", (one) => one.labels?.map(plain).join(", ")],
  ["Sees", (one) => one.input && `${one.input.size_px} × ${one.input.size_px} pixels of a face, ${one.input.channels}`],
  ["Precision", (one) => one.precision],
  ["Says “not sure”", (one) => one.unsure_below && `where its surest label is below ${Math.round(100 * one.unsure_below)} %`],
  ["Protocol", (one) => one.protocol],
  ["Measured", (one) => one.numbers && Object.entries(one.numbers).map(([name, value]) => `${name} ${value}`).join("; ")],
  ["Limits", (one) => (Array.isArray(one.limits) ? one.limits.join("; ") : one.limits)],
  ["Terms", (one) => one.licence],
];

/** Writes the facts of the model in use into the page. */
export function showModel() {
  const one = model();
  if (!one) return;
  const facts = FACTS.map(([name, read]) => [name, read(one)]).filter(([, value]) => value);
  byId("model-facts").replaceChildren(
    el("dl", { class: "facts" }, ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
    el("p", {}, el("a", { href: "v1/models" }, "All of it as JSON")),
  );
}

/** Opens the facts when their link is followed. */
export function setUpCard() {
  const open = () => location.hash === "#model" && (byId("model").open = true);
  addEventListener("hashchange", open);
  document.querySelector('a[href="#model"]').addEventListener("click", () => (byId("model").open = true));
  open();
}
