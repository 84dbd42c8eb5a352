"use strict";
/* The live page's talk with the proxy. Every call carries the page's token, which no other page can know. */

const POLL_MILLISECONDS = 400;
const SLOW_MILLISECONDS = 2000;

class Live {
  constructor(store) {
    this.store = store;
    this.token = document.querySelector('meta[name="corslens-token"]').content;
    this.base = new URL("api/", document.querySelector('link[rel="stylesheet"]').href);
    this.timer = null;
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
    byId("clear").addEventListener("click", () => this.clear());
    byId("export").addEventListener("submit", (event) => {
      event.preventDefault();
      this.export(event.target.elements.format.value);
    });
    setInterval(() => this.showTimeLeft(), 1000);
  }

  async call(path, body) {
    const answer = await fetch(new URL(path, this.base), {
      method: body === undefined ? "GET" : "POST",
      headers: { "X-Corslens-Token": this.token, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      referrerPolicy: "same-origin",
    });
    if (answer.ok) return answer;
    const words = answer.headers.get("Content-Type")?.startsWith("text/plain") ? (await answer.text()).trim() : "";
    const error = new Error(words || `the proxy returned ${answer.status}`);
    error.status = answer.status;
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
      const answer = await this.call(`changes?since=${this.store.version}`);
      const { patching, ...changes } = await answer.json();
      if (changes.version !== this.store.version || changes.anew || this.store.untold.size) this.store.apply(changes);
      if (changes.more) wait = 0;
      this.patching = { ...patching, read: performance.now() };
      this.showPatching();
      this.say("live", "Live");
    } catch (error) {
      wait = SLOW_MILLISECONDS;
      if (error.status === 403) this.say("lost", "The proxy was started anew: reload this page");
      else this.say("lost", "Not connected to the proxy");
    } finally {
      this.polling = false;
    }
    if (document.visibilityState === "visible") this.timer = setTimeout(() => this.poll(), wait);
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

  /** Begin the session anew, in the proxy too. */
  async clear() {
    try {
      await this.call("clear", {});
      this.poll();
    } catch (error) {
      this.say("lost", `Not cleared: ${error.message}`);
    }
  }

  async patch(wish) {
    const error = byId("patching-error");
    error.textContent = "";
    try {
      const answer = await this.call("patching", wish);
      this.patching = { ...(await answer.json()), read: performance.now() };
      this.showPatching();
    } catch (problem) {
      error.textContent = problem.message;
    }
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
  }

  showTimeLeft() {
    if (!this.patching) return;
    const { on, scope, injections, pages, secondsLeft, dryRun, read } = this.patching;
    let words = "Off: responses reach the page as the servers sent them.";
    if (on) {
      const left = secondsLeft === null ? null : Math.max(0, secondsLeft - (performance.now() - read) / 1000);
      const time = left === null ? "until switched off" : left >= 60 ? `${Math.ceil(left / 60)} min left` : "less than a minute left";
      words = `${dryRun ? "Dry run" : "On"} for ${[scope, injections && count(injections, "injection")].filter(Boolean).join(" and ")}, for pages of ${pages}, ${time}.`;
    }
    const place = byId("patching-state");
    if (place.textContent !== words) place.textContent = words;
  }

  async export(format) {
    try {
      const answer = await this.call(`export?format=${encodeURIComponent(format)}`);
      const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? `corslens.${format}`;
      const link = h("a", { href: URL.createObjectURL(await answer.blob()), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      this.say("lost", `Not exported: ${error.message}`);
    }
  }
}
