// What a person may choose before reading: compounds, smoothing, how many frames, which model.

import { byId, el, setText } from "./dom.js";
import { model, server, setSetting, settings } from "./state.js";

const SETS = { rafdb11: "the eleven of RAF-DB", du15: "the fifteen of Du et al." };
const SMOOTH = [[0, "none"], [0.3, "0.3 s"], [0.5, "0.5 s"], [1, "1 s"], [2, "2 s"]];
const EVERY = [[1, "every frame"], [2, "every 2nd frame"], [5, "every 5th frame"], [10, "every 10th frame"], [25, "every 25th frame"]];

/** Fills in the settings once the server has told what it can. */
export function setUpSettings() {
  const names = model()?.has_compounds ? Object.keys(server.compoundSets) : [];
  settings.compound = names.includes("rafdb11") ? "rafdb11" : (names[0] ?? "");
  const form = byId("settings").querySelector("form");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", summarise);
  form.replaceChildren(
    ...[
      server.models.length > 1 && choice("model", "Model", server.models.map((one) => [one.name, one.name]), model().name),
      names.length && choice("compound", "Compound emotions", [["", "none"], ...names.map((name) => [name, SETS[name] ?? name])], settings.compound),
      choice("smooth", "Smoothing of camera and video", SMOOTH, settings.smooth, Number),
      choice("every", "Of a video, read", EVERY, settings.every, Number),
    ].filter(Boolean),
  );
  byId("settings").hidden = false;
  byId("settings").open = matchMedia("(min-width: 700px)").matches && !document.body.classList.contains("busy");
  summarise();
}

function choice(name, text, options, chosen, read = String) {
  const select = el("select", { name, onchange: () => setSetting(name, read(select.value)) },
    ...options.map(([value, said]) => el("option", { value, selected: value === chosen }, said)));
  return el("label", {}, el("span", {}, text), select);
}

function summarise() {
  const said = { compound: "compounds", smooth: "smoothing" };
  const parts = [...byId("settings").querySelectorAll("select")].map((one) => `${said[one.name] ? `${said[one.name]}: ` : ""}${one.selectedOptions[0].text}`);
  setText(byId("settings-said"), parts.join(" · "));
}
