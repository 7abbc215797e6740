// Messages: errors stand on the page until they are closed; what went well is only said.

import { byId, el, setText } from "./dom.js";

/**
 * Shows an error.
 * @param {string} message
 * @param {{label: string, run: () => void}} [action] a way out
 * @param {string} [topic] a later notice of the same topic takes its place
 */
export function notice(message, action, topic = message) {
  clearNotice(topic);
  const close = () => card.remove();
  const card = el("div", { class: "notice" }, el("p", {}, message));
  card.dataset.topic = topic;
  if (action) {
    const run = () => (close(), action.run());
    card.append(el("button", { type: "button", onclick: run }, action.label));
  }
  card.append(el("button", { type: "button", class: "close", "aria-label": "Close this message", onclick: close }, "×"));
  byId("notices").prepend(card);
}

/** Takes a topic's notice away. */
export function clearNotice(topic) {
  for (const card of [...byId("notices").children]) if (card.dataset.topic === topic) card.remove();
}

/** Says something to readers of the screen without showing it. */
export function say(text) {
  setText(byId("said"), text);
}

/** Escape closes the newest notice. @returns {boolean} whether there was one */
export function closeNewest() {
  const newest = byId("notices").firstElementChild;
  newest?.remove();
  return Boolean(newest);
}
