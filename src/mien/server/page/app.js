// The page's beginning: asks the server what it can, and shows one view at a time.

import { json } from "./api.js";
import { Camera } from "./camera.js";
import { setUpCard, showModel } from "./card.js";
import { byId, el } from "./dom.js";
import { isVideo, setUpDrop } from "./drop.js";
import { KeptJobs } from "./jobs.js";
import { clearNotice, closeNewest, notice } from "./notice.js";
import { Pictures } from "./picture.js";
import { setUpSettings } from "./settings.js";
import { onSetting, server } from "./state.js";
import { setUpTheme } from "./theme.js";
import { setUpToken } from "./token.js";
import { Video } from "./video.js";

const results = byId("results"), open = new Map();
let shown = null;

const callbacks = (name) => ({
  onChange: () => show(name),
  onEmpty: () => remove(name),
  onPicture: (file) => views.pictures.add([file]),
});
const views = {
  pictures: new Pictures(callbacks("pictures")),
  video: new Video(callbacks("video")),
  camera: new Camera(callbacks("camera")),
};
const kept = new KeptJobs({
  onOpen: (job) => views.video.reopen(job),
  onDelete: (id) => (views.video.job?.id === id ? views.video.close() : kept.refresh(views.video.job?.id)),
});

function show(name) {
  if (shown && shown !== name) views[shown].leave?.();
  shown = name;
  open.set(name, views[name]);
  results.replaceChildren(views[name].root);
  if (!document.body.classList.contains("busy")) byId("settings").open = false;
  document.body.classList.add("busy");
  drawNavigation();
  if (name === "video") kept.refresh(views.video.job?.id);
}

function remove(name) {
  open.delete(name);
  if (shown === name) {
    shown = null;
    results.replaceChildren();
    const [next] = [...open.keys()];
    if (next) show(next);
  }
  document.body.classList.toggle("busy", open.size > 0);
  drawNavigation();
  kept.refresh(views.video.job?.id);
  if (!open.size) byId("choose").focus();
}

function drawNavigation() {
  const nav = byId("views");
  nav.hidden = open.size < 2;
  nav.replaceChildren(...[...open].map(([name, view]) =>
    el("button", { type: "button", "aria-current": name === shown ? "page" : null, onclick: () => show(name) }, view.title)));
}

function take(files) {
  const films = files.filter(isVideo), pictures = files.filter((file) => !isVideo(file));
  if (films.length > 1) notice(`One video at a time: only ${films[0].name} is read now.`, undefined, "films");
  if (pictures.length) views.pictures.add(pictures);
  if (films.length) views.video.open(films[0]);
  results.scrollIntoView({ block: "start" });
}

async function greet() {
  try {
    const told = await json("v1/models");
    Object.assign(server, { models: told.models, compoundSets: told.compound_sets, limits: told.limits ?? {}, palette: told.palette });
  } catch (error) {
    const why = error.status === 401 ? "Without its token this server reads nothing." : error.message;
    notice(why, { label: "Try again", run: greet }, "gone");
    return;
  }
  clearNotice("gone");
  setUpSettings();
  showModel();
  const hours = server.limits.keep_hours;
  if (hours) byId("kept").textContent = `Only a video is kept on the server until it is read, and its table until you delete it, ${hours} hours at most, so that a long job survives a restart.`;
  kept.refresh();
}

setUpTheme();
setUpToken();
setUpCard();
setUpDrop(take);
byId("open-camera").addEventListener("click", () => views.camera.open());
onSetting((name) => {
  if (name === "model") showModel();
  if (name === "model" || name === "compound") for (const view of open.values()) view.again();
  else if (name === "smooth") views.camera.again();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (!closeNewest() && shown) views[shown].escape();
});
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.table, details.model")) details.open = true;
});
await greet();
