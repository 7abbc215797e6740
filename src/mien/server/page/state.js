// What the whole page shares: what the server told of itself, and the settings. It lives until the page is closed.

/** @typedef {{compound: string, smooth: number, every: number, model: string}} Settings */

const listeners = new Set();

/** What GET v1/models said. */
export const server = { models: [], compoundSets: {}, limits: {}, palette: {} };

/** @type {Settings} */
export const settings = { compound: "", smooth: 0.3, every: 1, model: "" };

/** The model in use: the chosen one, else the server's default. */
export function model() {
  const named = server.models.find((one) => one.name === settings.model);
  return named ?? server.models.find((one) => one.default) ?? server.models[0] ?? null;
}

/** Labels in the order of the table. @returns {string[]} */
export const labels = () => model()?.labels ?? [];

/** The colour of an emotion; a quiet one where the server has none. */
export const colour = (name) => server.palette[name] ?? "#909395";

/**
 * What a row's compounds are made of: the smallest set that has them all. A row may be older than the setting.
 * @param {Object<string, number>|null} compounds
 * @returns {{name: string, parts: Object<string, number>}[]}
 */
export function mixturesOf(compounds) {
  const names = Object.keys(compounds ?? {});
  if (!names.length) return [];
  const sets = Object.values(server.compoundSets).sort((a, b) => a.length - b.length);
  return sets.find((set) => names.every((name) => set.some((one) => one.name === name))) ?? [];
}

/** Calls a function with a setting's name whenever it changes. */
export function onSetting(listener) {
  listeners.add(listener);
}

/** Changes a setting and tells everyone. */
export function setSetting(name, value) {
  if (settings[name] === value) return;
  settings[name] = value;
  for (const listener of listeners) listener(name);
}
