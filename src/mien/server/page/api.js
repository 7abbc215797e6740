// All that the page asks of its server. Paths are relative: the page works below any prefix.

/** An answer that says no. `status` 0: there was none. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {string} code @param {number} retryAfter seconds */
  constructor(status, message, code = "", retryAfter = 0) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, retryAfter });
  }
}

let token = "";
let askToken = async () => "";

/** Who asks a person for the token: told whether the last one was wrong; gives "" where there is none. */
export function onTokenNeeded(ask) {
  askToken = ask;
}

/**
 * One request. A 401 asks for the token and tries again.
 * @param {string} path
 * @param {{method?: string, form?: FormData, signal?: AbortSignal, onProgress?: (share: number) => void}} options
 * @returns {Promise<Response>}
 * @throws {ApiError}
 */
export async function request(path, options = {}) {
  for (;;) {
    const sent = token;
    const answer = options.onProgress ? await upload(path, options) : await plainFetch(path, options);
    if (answer.ok) return answer;
    const error = await readError(answer);
    if (error.status !== 401) throw error;
    if (token === sent) token = await askToken(Boolean(sent)); // else another request was given one meanwhile
    if (!token) throw error;
  }
}

/** The same, its JSON read. */
export async function json(path, options) {
  return (await request(path, options)).json();
}

/**
 * Repeats what the server is too busy for, as often and as late as it asks.
 * @param {() => Promise<T>} ask
 * @param {(seconds: number) => void} onWait
 * @param {AbortSignal} [signal]
 * @template T
 */
export async function patiently(ask, onWait, signal) {
  for (let turn = 0; ; turn++) {
    try {
      return await ask();
    } catch (error) {
      const busy = error.status === 429 || error.status === 503;
      if (!busy || turn === 6 || signal?.aborted) throw error;
      const seconds = Math.min(Math.max(error.retryAfter, 1), 60);
      onWait(seconds);
      await pause(1000 * seconds);
    }
  }
}

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Where the frames go. Browsers give a socket no header: the token travels in its address. */
export function streamUrl(parameters) {
  const url = new URL("v1/stream", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  for (const [name, value] of Object.entries(parameters)) if (value !== "") url.searchParams.set(name, value);
  if (token) url.searchParams.set("token", token);
  return url.href;
}

const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

async function plainFetch(path, { method = "GET", form, signal }) {
  try {
    return await fetch(path, { method, body: form, signal, headers: headers(), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw gone();
  }
}

// fetch tells nothing of an upload's progress
function upload(path, { method = "POST", form, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, path);
    for (const [name, value] of Object.entries(headers())) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    call.onload = () => {
      const after = call.getResponseHeader("Retry-After");
      const told = after ? { "Retry-After": after } : {};
      resolve(new Response(call.status === 204 ? null : call.response, { status: call.status, headers: told }));
    };
    call.onerror = () => reject(gone());
    call.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    if (signal?.aborted) return call.onabort();
    signal?.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

const gone = () => new ApiError(0, "The server does not answer. Is mien serve still running?", "gone");

async function readError(answer) {
  const after = Number(answer.headers.get("Retry-After")) || 0;
  let told = null;
  try {
    told = (await answer.json()).error;
  } catch {
    told = null; // a proxy between may answer with something else than JSON
  }
  const message = told?.message ?? `The server answered ${answer.status} and did not say why.`;
  return new ApiError(answer.status, message, told?.code ?? "", after);
}
