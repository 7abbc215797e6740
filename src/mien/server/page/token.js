// Asks for the server's token. Several requests that need it at once share one question.

import { onTokenNeeded } from "./api.js";
import { byId, setText } from "./dom.js";

let question = null;

/** Connects the dialog with the requests. */
export function setUpToken() {
  onTokenNeeded((wrong) => (question ??= ask(wrong).finally(() => (question = null))));
}

function ask(wrong) {
  const dialog = byId("token"), field = byId("token-text");
  if (wrong) setText(byId("token-why"), "That was not this server's token. Please look again: it is told where mien serve was started.");
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "ok" ? field.value.trim() : ""), { once: true });
  });
}
