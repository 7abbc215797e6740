// Light, dark, or as the system has it. Remembered until this tab is closed, in no cookie and no file.

const KEY = "mien-theme";

/** Connects the switch in the header. */
export function setUpTheme() {
  const switches = document.querySelectorAll('#theme input[name="theme"]');
  apply(sessionStorage.getItem(KEY) ?? "auto");
  for (const one of switches) {
    one.checked = one.value === (document.documentElement.dataset.theme ?? "auto");
    one.addEventListener("change", () => apply(one.value));
  }
}

function apply(theme) {
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
    sessionStorage.removeItem(KEY);
  } else {
    document.documentElement.dataset.theme = theme;
    sessionStorage.setItem(KEY, theme);
  }
}
