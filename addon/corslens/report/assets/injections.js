"use strict";
/* Headers that the proxy injects for a while: the form, the list, and "pretend the server sent …" on a problem. */

class Injections {
  constructor(live) {
    this.live = live;
    this.list = byId("injections");
    this.shown = "";
    byId("inject-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const { filter, header, value } = event.target.elements;
      if (await this.inject(filter.value, header.value, value.value, [], byId("inject-error"))) header.value = value.value = "";
    });
  }

  inject(filter, header, value, allow, error) {
    return this.live.command("inject", { filter, header, value, allow }, error);
  }

  /** Say what is injected, and offer to stop it. */
  show({ injections, secondsLeft }) {
    this.left = secondsLeft === null ? "until stopped" : `${Math.ceil(secondsLeft / 60)} min left`;
    const shown = JSON.stringify([injections, this.left]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.list.replaceChildren(...injections.map((one) => this.draw(one)),
      injections.some((one) => one.spec) ? h("li", {}, h("button", { type: "button", onclick: () => this.live.save("injections", "corslens-injections.yaml") }, "Save as rules file")) : "");
  }

  draw(one) {
    const what = one.changes.map((line) => h("code", { class: "value" }, line));
    const scope = `${one.filter ? scopeWords(one.filter) : "every response"}, for pages of ${one.pages}, ${this.left}`;
    const hits = `${count(one.hits, "response")} changed${one.ledTo ? `; then ${one.ledTo}` : ""}${one.refused ? `. Not changed: ${one.refused}` : ""}`;
    return h("li", { class: "injection" },
      h("div", {}, what, h("p", { class: "muted" }, one.external ? "by mitmproxy's modify_headers, after corslens" : `${scope}. ${hits}.`)),
      one.spec ? h("button", { type: "button", "aria-label": `Stop injecting ${one.changes.join(", ")}`, onclick: () => this.live.command("uninject", { spec: one.spec }, byId("inject-error")) }, "Stop")
        : h("span", { class: "muted" }, one.external ? "" : one.name));
  }

  /** The form on a problem: what if the server had sent this? */
  tryOn(problem, scope, allowed, error) {
    const line = problem.fixes.flatMap((fix) => fix.headers)[0] ?? "Access-Control-Allow-Origin: *";
    const at = line.indexOf(":");
    const header = h("input", { type: "text", list: "inject-headers", value: line.slice(0, at), required: true, spellcheck: "false" });
    const value = h("input", { type: "text", list: "inject-values", value: line.slice(at + 1).trim(), spellcheck: "false" });
    const form = h("form", { class: "inject-form", onsubmit: async (event) => {
      event.preventDefault();
      if (await this.inject(scope, header.value, value.value, allowed.origins, error)) announce(`Injecting ${header.value}`);
    } }, h("label", {}, "Header ", header), h("label", {}, "Value (empty removes it) ", value),
    h("button", { type: "submit" }, `Inject${allowed.words}`));
    return h("details", { class: "pretend" }, h("summary", {}, "Pretend the server sent …"), form);
  }
}
