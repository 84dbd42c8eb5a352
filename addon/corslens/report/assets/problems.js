"use strict";
/* The list of problems and its filters. */

const PAGE_OF_LIST = 100;
const RANK = { error: 2, warning: 1, info: 0 };

const newestFirst = (a, b) => b.last - a.last || (a.id < b.id ? 1 : -1);
const worstFirst = (a, b) => BADNESS[b.word] - BADNESS[a.word] || RANK[b.severity] - RANK[a.severity] || b.count - a.count || newestFirst(a, b);

const NO_TRAFFIC = "No request has come through the proxy yet. Browsers connect to localhost directly by default: corslens open starts one that does not, and corslens doctor finds what is in the way.";

class Problems {
  /**
   * @param select called with the problem that was chosen
   * @param order which of two problems comes first
   * @param folds fold the resolved ones away
   */
  constructor(store, select, order, folds) {
    this.folds = folds;
    this.store = store;
    this.before = order;
    this.select = select;
    this.items = new Map();
    this.order = [];
    this.limit = PAGE_OF_LIST;
    this.selected = null;
    this.list = byId("list");
    this.resolvedList = byId("resolved-list");
    byId("resolved").addEventListener("toggle", () => this.show());
    this.form = byId("filters");
    this.inputs = {
      text: byId("filter-text"), page: byId("filter-page"), api: byId("filter-api"),
      severity: byId("filter-severity"), engine: byId("filter-engine"),
    };
    this.form.addEventListener("input", () => this.filtersChanged());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => setTimeout(() => this.filtersChanged()));
    byId("more").addEventListener("click", () => {
      const first = this.limit;
      this.limit += PAGE_OF_LIST * 5;
      this.show();
      this.list.children[first]?.querySelector("button")?.focus();
    });
    for (const list of [this.list, this.resolvedList]) list.addEventListener("keydown", (event) => this.arrows(event));
  }

  get chosen() {
    return { page: this.inputs.page.value, api: this.inputs.api.value };
  }

  /** Narrow to one page's origin and one API's. */
  choose(page, api) {
    this.inputs.page.value = page;
    this.inputs.api.value = api;
    this.filtersChanged();
  }

  filtersChanged() {
    this.limit = PAGE_OF_LIST;
    this.show();
    this.onfilter?.();
  }

  matches(problem, filter) {
    return (!filter.severity || problem.severity === filter.severity)
      && (!filter.engine || problem.engines.includes(filter.engine))
      && (!filter.api || problem.api === filter.api)
      && (!filter.page || problem.pages.includes(filter.page))
      && filter.words.every((word) => problem.words.includes(word));
  }

  /** Take in changed problems: those shown keep their places while somebody points at the list or is within it. */
  update(touched) {
    for (const id of touched) this.items.delete(id);
    for (const id of [...this.items.keys()]) if (!this.store.problems.has(id)) this.items.delete(id);
    const held = this.list.matches(":hover, :focus-within") && this.order.length > 0;
    if (held) {
      const known = new Set(this.order);
      const fresh = [...touched].filter((id) => !known.has(id));
      this.order = [...fresh, ...this.order].filter((id) => this.store.problems.has(id));
    } else {
      this.order = [...this.store.problems.values()].sort(this.before).map((problem) => problem.id);
    }
    this.offerOrigins();
    this.show();
  }

  offerOrigins() {
    const pages = new Set();
    const apis = new Set();
    for (const cell of this.store.cells.values()) pages.add(cell.page), apis.add(cell.api);
    for (const problem of this.store.problems.values()) {
      apis.add(problem.api);
      for (const page of problem.pages) pages.add(page);
    }
    this.offer(this.inputs.page, pages);
    this.offer(this.inputs.api, apis);
  }

  offer(select, origins) {
    origins.delete("");
    const wanted = ["", ...[...origins].sort()];
    const chosen = select.value;
    const present = [...select.options].map((option) => option.value);
    if (wanted.length === present.length && wanted.every((origin, index) => origin === present[index])) return;
    select.replaceChildren(...wanted.map((origin) => h("option", { value: origin }, origin || "all")));
    select.value = wanted.includes(chosen) ? chosen : "";
  }

  show() {
    const { text, ...rest } = this.inputs;
    const filter = Object.fromEntries(Object.entries(rest).map(([name, input]) => [name, input.value]));
    filter.words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.order.filter((id) => this.matches(this.store.problems.get(id), filter));
    const narrowed = filter.words.length || filter.page || filter.api || filter.severity || filter.engine;
    const isResolved = (id) => this.folds && this.store.problems.get(id).state === "resolved";
    const standing = found.filter((id) => !isResolved(id));
    const resolved = found.filter(isResolved);
    arrange(this.list, standing.slice(0, this.limit).map((id) => this.item(id)));
    arrange(this.resolvedList, byId("resolved").open ? resolved.slice(0, this.limit).map((id) => this.item(id)) : []);
    byId("resolved").hidden = resolved.length === 0;
    byId("resolved-count").textContent = `Resolved: ${count(resolved.length, "problem")} whose page requests pass now`;
    byId("more").hidden = standing.length <= this.limit;
    byId("more").textContent = `Show more (${number.format(standing.length - this.limit)} left)`;
    const all = this.store.total ?? [...this.store.problems.keys()].filter((id) => !isResolved(id)).length;
    const idle = this.folds && !this.store.counts.exchanges;  // a report has no proxy to wait for
    const words = idle ? NO_TRAFFIC : all === 0 ? "Nothing is wrong so far." : narrowed || standing.length < all ? `${number.format(standing.length)} of ${count(all, "problem")}` : count(all, "problem");
    if (byId("shown").textContent !== words) byId("shown").textContent = words;
    byId("filter-reset").disabled = !narrowed;
  }

  item(id) {
    let item = this.items.get(id);
    if (!item) {
      item = this.draw(this.store.problems.get(id));
      this.items.set(id, item);
    }
    if (id === this.selected) item.firstElementChild.setAttribute("aria-current", "true");
    else item.firstElementChild.removeAttribute("aria-current");
    return item;
  }

  draw(problem) {
    const others = problem.pages.length - 1;
    return h("li", { "data-problem": problem.id },
      h("button", { type: "button", class: `problem ${problem.severity}`, onclick: () => this.select(problem.id) },
        h("span", { class: "line" }, problemBadge(problem), h("b", {}, problem.title), h("code", { class: "rule" }, problem.rule),
          h("span", { class: "times" }, count(problem.count, "time"))),
        h("span", { class: "message" }, prose(problem.message)),
        problem.fixes.length ? h("span", { class: "first-fix" }, `Fix (${problem.fixes[0].side}): `, prose(fixLine(problem.fixes[0]))) : "",
        h("span", { class: "where" }, `${problem.methods.join(", ")} ${problem.api}${problem.path}`),
        h("span", { class: "muted" }, problem.pages[0] ? `from ${originLabel(problem.pages[0])}${others > 0 ? ` and ${others} more` : ""}, ` : "",
          "last seen ", timeOf(problem.last))));
  }

  /** Mark the chosen problem in the list. */
  mark(id) {
    this.selected = id;
    for (const [key, item] of this.items) {
      if (key === id) item.firstElementChild.setAttribute("aria-current", "true");
      else item.firstElementChild.removeAttribute("aria-current");
    }
  }

  focusSelected() {
    const item = this.items.get(this.selected);
    (item?.isConnected ? item.firstElementChild : byId("problems")).focus();
  }

  arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = step && event.target.closest("li");
    if (!item) return;
    const next = step > 0 ? item.nextElementSibling : item.previousElementSibling;
    if (next) {
      event.preventDefault();
      next.firstElementChild.focus();
    }
  }
}
