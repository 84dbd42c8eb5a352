"use strict";
/* The live page's talk with the proxy. Every call carries the page's token, which no other page can know. */

const POLL_MILLISECONDS = 400;
const SLOW_MILLISECONDS = 2000;
const NOTICE_MILLISECONDS = 5000;

class Live {
  constructor(store) {
    this.store = store;
    this.token = document.querySelector('meta[name="corslens-token"]').content;
    this.base = new URL("api/", document.querySelector('link[rel="stylesheet"]').href);
    this.timer = null;
    this.noticed = 0;
    // mitmweb has set a cookie by now; its token is to stay in no address bar, bookmark or screenshot.
    if (new URLSearchParams(location.search).has("token")) history.replaceState(null, "", location.pathname + location.hash);
    this.form = byId("patching-form");
    this.scope = byId("patching-scope");
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.poll();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.patch({ on: true, scope: this.scope.value });
    });
    byId("patching-off").addEventListener("click", () => this.patch({ on: false }));
    this.injections = new Injections(this);
    byId("clear").addEventListener("click", () => this.clear());
    byId("export").addEventListener("submit", (event) => {
      event.preventDefault();
      this.export(event.target.elements.format.value);
    });
    setInterval(() => this.showTimeLeft(), 1000);
  }

  async call(path, body) {
    const response = await fetch(new URL(path, this.base), {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Corslens-Token": this.token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      referrerPolicy: "same-origin",
    });
    if (response.ok) return response;
    const words = response.headers.get("Content-Type")?.startsWith("text/plain") ? (await response.text()).trim() : "";
    const error = new Error(words || `the proxy returned ${response.status}`);
    error.status = response.status;
    throw error;
  }

  /** Say that nothing is known yet, and begin to ask. */
  connect() {
    this.say("waiting", "Connecting…");
    byId("shown").textContent = "Connecting…";
    byId("filter-reset").disabled = true;
    this.poll();
  }

  /** Ask for what changed, again and again while somebody looks. */
  async poll() {
    if (this.polling) return;
    clearTimeout(this.timer);
    this.polling = true;
    let wait = POLL_MILLISECONDS;
    try {
      const response = await this.call(`changes?since=${this.store.version}`);
      const { patching, ...changes } = await response.json();
      this.take(patching);  // what is drawn next has buttons that depend on it
      if (changes.version !== this.store.version || changes.anew || this.store.unreported.size) this.store.apply(changes);
      if (changes.more) wait = 0;
      this.enable(true);
      if (performance.now() > this.noticed) this.say("live", "Live");
    } catch (error) {
      this.enable(false);
      wait = SLOW_MILLISECONDS;
      if (error.status === 403) this.say("lost", "The proxy was restarted: reload this page");
      else this.say("lost", "Not connected to the proxy: this is what it reported last");
    } finally {
      this.polling = false;
    }
    if (document.visibilityState === "visible") this.timer = setTimeout(() => this.poll(), wait);
  }

  /** What commands the proxy is of no use while it cannot be reached. */
  enable(reached) {
    for (const part of ["patching", "injecting", "tries", "export"]) byId(part)?.toggleAttribute("inert", !reached);
  }

  /** Say what went wrong, for long enough to read it. */
  notice(words) {
    this.say("lost", words);
    this.noticed = performance.now() + NOTICE_MILLISECONDS;
  }

  say(state, words) {
    const status = byId("status");
    if (status.textContent === words) return;
    status.className = `status ${state}`;
    status.textContent = words;
  }

  async details(problem) {
    return (await this.call(`problem?id=${encodeURIComponent(problem.id)}`)).json();
  }

  /** Settings for one server that allow what the problem's API needs. */
  async settings(problem, server) {
    return (await this.call(`settings?id=${encodeURIComponent(problem.id)}&server=${encodeURIComponent(server)}`)).json();
  }

  /** Begin the session anew, in the proxy too. */
  async clear() {
    try {
      await this.call("clear", {});
      this.poll();
    } catch (error) {
      this.notice(`Not cleared: ${error.message}`);
    }
  }

  /** What the state of patch mode is after a command; what is wrong with it goes to `error`. */
  async command(path, wish, error) {
    error.textContent = "";
    try {
      this.take(await (await this.call(path, wish)).json());
      return true;
    } catch (problem) {
      error.textContent = problem.message;
      return false;
    }
  }

  take(patching) {
    this.patching = { ...patching, read: performance.now() };
    this.showPatching();
  }

  patch(wish, error = byId("patching-error")) {
    return this.command("patching", wish, error);
  }

  /** Patch this, too: beside what is patched already. */
  async patchToo(scope, words, allow, error) {
    const { on, scope: before } = this.patching;
    const scopes = on && before ? before.split(" | ") : [];
    if (!scopes.includes(scope)) scopes.push(scope);
    if (await this.patch({ on: true, scope: scopes.join(" | "), allow }, error)) announce(`Patching ${words}`);
  }

  async unpatch(scope) {
    const scopes = this.patching.scope.split(" | ").filter((one) => one !== scope);
    await this.patch(scopes.length ? { on: true, scope: scopes.join(" | ") } : { on: false });
  }

  /** What can be tried with a problem at once. */
  actions(problem, data) {
    const error = h("p", { class: "error", role: "alert" });
    const scope = scopeOf(problem.api, problem.path);
    const endpoint = `${problem.api}${problem.path}`;
    const allowed = new Allowed(problem.pages, data.notAllowed ?? []);
    const nodes = [];
    if (problem.patchable) {
      const button = h("button", { type: "button", class: "patch-this" });
      const words = h("span", { class: "muted" });
      const show = () => {
        const patched = this.patching.on && this.patching.scope.split(" | ").includes(scope);
        button.textContent = patched ? "Stop patching this" : `Patch this${allowed.words}`;
        words.textContent = patched ? `Responses of ${endpoint} are patched from the next request on.`
          : `Changes the responses of ${endpoint} on their way, so that pages of ${this.patching.pages}${allowed.words && " and this one"} can read them${this.minutes()}.`;
      };
      button.addEventListener("click", async () => {
        if (button.textContent.startsWith("Stop")) await this.unpatch(scope);
        else await this.patchToo(scope, endpoint, allowed.origins, error);
        show();
      });
      show();
      this.whenPatchingChanges = show;
      nodes.push(h("div", { class: "try" }, button, words));
    }
    nodes.push(allowed.choice, this.injections.tryOn(problem, scope, allowed, error), error);
    return nodes;
  }

  minutes() {
    return this.patching.minutes ? `, for ${this.patching.minutes} minutes` : "";
  }

  /** The button of a matrix cell. */
  patchCell(cell) {
    const scope = scopeOf(cell.api, "");
    const words = `Patch ${cell.api} for pages of ${this.patching?.pages ?? "this machine"}`;
    return h("button", { type: "button", class: "patch-cell", title: words, "aria-label": words,
      onclick: () => this.patchToo(scope, cell.api, [], byId("patching-error")) }, "Patch");
  }

  showPatching() {
    const { on, scope } = this.patching;
    byId("patching").classList.toggle("on", on);
    byId("patching-off").disabled = !on;
    byId("patching-on").textContent = on ? "Change scope" : "Switch on";
    if (document.activeElement !== this.scope && this.shownScope !== scope) {
      this.shownScope = scope;
      if (scope) this.scope.value = scope;
    }
    this.showTimeLeft();
    this.injections.show(this.patching);
    this.whenPatchingChanges?.();
  }

  showTimeLeft() {
    if (!this.patching) return;
    const { on, scope, injections, pages, secondsLeft, dryRun, read } = this.patching;
    let words = "Off: responses reach the page as the servers sent them.";
    if (on) {
      const left = secondsLeft === null ? null : Math.max(0, secondsLeft - (performance.now() - read) / 1000);
      const time = left === null ? "until switched off" : left >= 60 ? `${Math.ceil(left / 60)} min left` : "less than a minute left";
      const ours = injections.filter((one) => !one.external).length;
      const what = [scope && scopeWords(scope), ours && count(ours, "injection")].filter(Boolean).join(" and ");
      words = `${dryRun ? "Dry run" : "On"} for ${what}, for pages of ${pages}, ${time}.`;
    }
    const place = byId("patching-state");
    if (place.textContent !== words) place.textContent = words;
  }

  export(format) {
    return this.save(`export?format=${encodeURIComponent(format)}`, `corslens.${format}`);
  }

  /** Save what the proxy returns as a file. */
  async save(path, fallback) {
    try {
      const response = await this.call(path);
      const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? fallback;
      const link = h("a", { href: URL.createObjectURL(await response.blob()), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      this.notice(`Not saved: ${error.message}`);
    }
  }
}

/** The pages that a patch for a problem would not allow yet: one alone is named on the buttons, of several the reader chooses. */
class Allowed {
  constructor(pages, strangers) {
    const only = pages.length === 1 && strangers.length === 1;
    this.words = only ? `, and allow ${strangers[0]}` : "";
    this.boxes = only ? [] : strangers.map((origin) => h("input", { type: "checkbox", value: origin }));
    this.named = only ? strangers : [];
    this.choice = this.boxes.length ? h("fieldset", { class: "strangers" }, h("legend", {}, "Allow these pages, too"),
      this.boxes.map((box) => h("label", {}, box, ` ${box.value}`))) : "";
  }

  get origins() {
    return [...this.named, ...this.boxes.filter((box) => box.checked).map((box) => box.value)];
  }
}

const IN_REGEX = /[\\^$.*+?()[\]{}|]/g;

/** The flow filter for an endpoint: what is left out of its path (`*`) may be anything. */
function scopeOf(api, path) {
  const parts = path.split(/[*…]/).map((part) => part.replace(IN_REGEX, "\\$&"));
  const pattern = `^${api.replace(IN_REGEX, "\\$&")}${path ? `${parts.join("[^?#]*")}([?#]|$)` : "/"}`;
  return `~u "${pattern.replace(/["\\]/g, "\\$&")}"`;
}

/** A flow filter as it is read: those made by scopeOf as the endpoints that they stand for. */
function scopeWords(scope) {
  return scope.split(" | ").map((one) => {
    const made = /^~u "\^(.*?)(\/|\(\[\?#\]\|\$\))"$/.exec(one);
    if (!made) return one;
    const url = made[1].replace(/\\\\/g, "\\").replaceAll("[^?#]*", "*").replace(/\\(.)/g, "$1");
    return scopeOf(/^[a-z]+:\/\/[^/]+/.exec(url)?.[0] ?? "", url.replace(/^[a-z]+:\/\/[^/]+/, "")) === one ? url : one;
  }).join(" and ");
}
