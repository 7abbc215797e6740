// Files that a person drops, chooses or pastes.

import { byId } from "./dom.js";

const VIDEO = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|ogv|wmv|3gp)$/i;

/** Whether a file is to be read as a video. @param {File} file */
export const isVideo = (file) => file.type.startsWith("video/") || VIDEO.test(file.name);

/**
 * Hands over what a person brings.
 * @param {(files: File[]) => void} take
 */
export function setUpDrop(take) {
  const input = byId("files"), veil = byId("veil");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    if (files.length) take(files);
  });
  let depth = 0; // entering a child comes before leaving its parent
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const rest = () => ((depth = 0), (veil.hidden = true));
  addEventListener("dragenter", (event) => hasFiles(event) && (depth++, (veil.hidden = false)));
  addEventListener("dragleave", (event) => hasFiles(event) && --depth <= 0 && rest());
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    rest();
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
}
