// Runs one request of a page and says what the page could see of it. Served by the demo's page and by the differential's.
// A step: {api, url, method, credentials, mode, headers, body, redirect, cache, referrerPolicy, crossorigin, integrity, upload, via}; via is "sandbox" or the URL of a
// page that is to run it in a frame, or "worker" (of a script of the page's server, /worker.js) or "blob-worker". `abort` is after how many milliseconds a fetch is given up.
"use strict";

const STEP_TIMEOUT = 30_000; // some things never end; on a busy machine others take seconds

function element(step, tag, attribute, parent, extra) {
  return new Promise((resolve) => {
    const node = document.createElement(tag);
    Object.assign(node, extra || {});
    if (step.crossorigin != null) node.crossOrigin = step.crossorigin;
    if (step.integrity) node.integrity = step.integrity;
    node.onload = () => resolve({ result: step.crossorigin != null || (extra || {}).type === "module" ? "allowed" : "loaded-no-cors" });
    node.onerror = () => resolve({ result: "error", error: tag + " error event" });
    node[attribute] = step.url;
    if (parent) parent.append(node);
  });
}

const APIS = {
  async fetch(step) {
    const options = { method: step.method || "GET" };
    for (const name of ["credentials", "mode", "redirect", "cache", "referrerPolicy", "headers", "body", "integrity", "keepalive"]) {
      if (step[name] != null) options[name] = step[name];
    }
    const controller = step.abort == null ? null : new AbortController();
    if (controller) {
      options.signal = controller.signal;
      setTimeout(() => controller.abort(), step.abort);
    }
    let request;
    try {
      request = new Request(step.url, options);
    } catch (error) {
      return { result: "refused", error: String(error) };
    }
    try {
      const answer = await fetch(request);
      const opaque = answer.type === "opaque" || answer.type === "opaqueredirect";
      return {
        result: opaque ? answer.type : "allowed",
        type: answer.type,
        status: answer.status,
        readable: [...answer.headers.keys()].sort(),
        text: opaque ? null : (await answer.text()).slice(0, 200),
      };
    } catch (error) {
      return { result: controller && controller.signal.aborted ? "aborted" : "error", error: String(error) };
    }
  },

  xhr(step) {
    return new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      try {
        xhr.open(step.method || "GET", step.url);
        xhr.withCredentials = step.credentials === "include";
        for (const [name, value] of Object.entries(step.headers || {})) xhr.setRequestHeader(name, value);
        if (step.upload) xhr.upload.onprogress = () => {};
      } catch (error) {
        resolve({ result: "refused", error: String(error) });
        return;
      }
      const names = () =>
        xhr.getAllResponseHeaders().split("\r\n").filter(Boolean).map((line) => line.split(":")[0].toLowerCase()).sort();
      xhr.onload = () => resolve({ result: "allowed", status: xhr.status, readable: names(), text: xhr.responseText.slice(0, 200) });
      xhr.onerror = () => resolve({ result: "error", error: "XHR error event" });
      xhr.send(step.body == null ? null : step.body);
    });
  },

  img: (step) => element(step, "img", "src", null),
  script: (step) => element(step, "script", "src", document.head),
  module: (step) => element(step, "script", "src", document.head, { type: "module" }),
  css: (step) => element(step, "link", "href", document.head, { rel: "stylesheet" }),

  async font(step) {
    try {
      await new FontFace("f" + Math.random().toString(36).slice(2), `url(${step.url})`).load();
      return { result: "allowed" };
    } catch (error) {
      return { result: "error", error: String(error) };
    }
  },

  eventsource(step) {
    return new Promise((resolve) => {
      const source = new EventSource(step.url, { withCredentials: step.credentials === "include" });
      source.onopen = () => {
        source.close();
        resolve({ result: "allowed" });
      };
      source.onerror = () => {
        source.close();
        resolve({ result: "error", error: "EventSource error event" });
      };
    });
  },

  async beacon(step) {
    return { result: navigator.sendBeacon(step.url, step.body) ? "sent" : "refused" };
  },
};

// The same step in a frame: a sandboxed one, whose origin is opaque ("null"), or that of a page elsewhere, which has this script too.
function inFrame(step) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    if (step.via === "sandbox") {
      frame.sandbox = "allow-scripts";
      frame.srcdoc = `<!doctype html><script id="steps">${document.getElementById("steps").textContent}</` + `script>`;
    } else {
      frame.src = step.via;
    }
    const listener = (event) => {
      if (event.source !== frame.contentWindow) return;
      removeEventListener("message", listener);
      frame.remove();
      resolve(event.data);
    };
    addEventListener("message", listener);
    frame.onload = () => frame.contentWindow.postMessage({ ...step, via: null }, "*");
    document.body.append(frame);
  });
}

if (typeof window === "undefined") {
  addEventListener("message", async (event) => postMessage(await runStep(event.data)));
} else if (parent !== window) {
  addEventListener("message", async (event) => event.source.postMessage(await runStep(event.data), "*"));
}

// The same step in a worker of the page. Its script listens, see the end.
function inWorker(step) {
  return new Promise((resolve) => {
    const blob = step.via === "worker" ? null : new Blob([document.getElementById("steps").textContent], { type: "text/javascript" });
    const url = blob ? URL.createObjectURL(blob) : "/worker.js";
    const worker = new Worker(url);
    worker.onmessage = (event) => {
      worker.terminate();
      if (blob) URL.revokeObjectURL(url);
      resolve(event.data);
    };
    worker.onerror = (event) => resolve({ result: "error", error: event.message });
    worker.postMessage({ ...step, via: null });
  });
}

async function runStep(step) {
  const start = Date.now() / 1000;
  const late = new Promise((resolve) => setTimeout(resolve, STEP_TIMEOUT, { result: "timeout" }));
  const work = step.via?.endsWith("worker") ? inWorker(step) : step.via ? inFrame(step) : APIS[step.api](step);
  const seen = await Promise.race([work, late]);
  return { ...seen, t: start, t_end: Date.now() / 1000 };
}
