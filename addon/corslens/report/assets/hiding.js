"use strict";
/* Causes that the reader hides, until they are shown again; a reload of the live page keeps them. */

const HIDDEN_KEY = "corslens-hidden";

class Hiding {
  /** @param changed called with words on what is hidden, or shown again */
  constructor(changed) {
    this.changed = changed;
    this.rules = new Set(this.kept());
    byId("unhide").addEventListener("click", () => this.set(new Set(), "All problems are shown again"));
  }

  hides(problem) {
    return this.rules.has(problem.rule);
  }

  /** The button on a problem, which takes back what it did. */
  button(problem) {
    const hides = this.hides(problem);
    const rules = new Set(this.rules);
    if (!rules.delete(problem.rule)) rules.add(problem.rule);
    return h("button", { type: "button", class: "hide", title: `Every problem with the cause ${problem.rule}`,
      onclick: (event) => {
        this.set(rules, hides ? `Shown again: ${problem.title}` : `Hidden: ${problem.title}`);
        event.target.replaceWith(this.button(problem));
      } },
    hides ? "Show problems like this again" : "Hide problems like this");
  }

  /** Say how many are hidden, and offer to show them again. */
  show(hidden) {
    byId("unhide").hidden = !hidden;
    byId("unhide").textContent = `${number.format(hidden)} hidden: show`;
  }

  set(rules, words) {
    this.rules = rules;
    try {
      sessionStorage.setItem(HIDDEN_KEY, [...rules].join(" "));
    } catch { /* then a reload shows them again */ }
    this.changed(words);
  }

  kept() {
    try {
      return (sessionStorage.getItem(HIDDEN_KEY) ?? "").split(" ").filter(Boolean);
    } catch {
      return [];
    }
  }
}
