"use strict";
/* The list of problems: a row each, those of one cause together, and the filters. */

const PAGE_OF_LIST = 100;
const RANK = { error: 2, warning: 1, info: 0 };

/** What makes problems a group: how they stand, how bad they are, and their cause. */
const groupOf = (problem) => `${problem.state === "resolved"} ${problem.word} ${problem.severity} ${problem.rule}`;

/** Return the ids in the order of every output (diagnosis/problem.py, worst_first). */
function worstFirst(every) {
  const problems = [...every];
  const newest = new Map();
  for (const one of problems) newest.set(groupOf(one), Math.max(newest.get(groupOf(one)) ?? -Infinity, one.last));
  const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return problems.sort((a, b) => (a.state === "resolved") - (b.state === "resolved")
    || BADNESS[b.word] - BADNESS[a.word] || RANK[b.severity] - RANK[a.severity]
    || newest.get(groupOf(b)) - newest.get(groupOf(a)) || text(a.rule, b.rule)
    || b.last - a.last || text(a.api, b.api) || text(a.path, b.path)).map((one) => one.id);
}

const CHECK_MARKS = { problem: "✕", unknown: "?", ok: "✓" };

class Problems {
  /**
   * @param select called with the problem that was chosen
   * @param live the proxy that may yet report something; null in a report
   * @param hiding knows which causes the reader hides
   */
  constructor(store, select, live, hiding) {
    this.hiding = hiding;
    this.live = live;
    this.store = store;
    this.select = select;
    this.items = new Map();
    this.heads = new Map();
    this.closed = new Set();
    this.order = [];
    this.limit = PAGE_OF_LIST;
    this.selected = null;
    this.list = byId("list");
    this.folds = { resolved: byId("resolved"), background: byId("background") };
    for (const fold of Object.values(this.folds)) fold.addEventListener("toggle", () => this.show());
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
      this.rows()[first]?.focus();
    });
    byId("problems").addEventListener("keydown", (event) => this.arrows(event));
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
      this.order = worstFirst(this.store.problems.values());
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

  /** Where a problem stands: in the list, or folded away below it. */
  placeOf(problem) {
    if (problem.background) return "background";
    return this.live && problem.state === "resolved" ? "resolved" : "list";
  }

  show() {
    const { text, ...rest } = this.inputs;
    const filter = Object.fromEntries(Object.entries(rest).map(([name, input]) => [name, input.value]));
    filter.words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = filter.words.length || filter.page || filter.api || filter.severity || filter.engine;
    const found = { list: [], resolved: [], background: [] };
    let hidden = 0;
    for (const id of this.order) {
      const problem = this.store.problems.get(id);
      if (this.hiding.hides(problem)) hidden += 1;
      else if (this.matches(problem, filter)) found[this.placeOf(problem)].push(problem);
    }
    arrange(this.list, this.grouped(found.list.slice(0, this.limit)));
    const sentences = {
      resolved: (n) => `Resolved: ${count(n, "problem")} whose page requests pass now`,
      background: (n) => `Background traffic of the browser itself: ${count(n, "problem")}`,
    };
    for (const [name, fold] of Object.entries(this.folds)) {
      arrange(fold.querySelector("ol"), fold.open ? this.grouped(found[name].slice(0, this.limit)) : []);
      fold.hidden = found[name].length === 0;
      fold.querySelector("summary").textContent = sentences[name](found[name].length);
    }
    byId("more").hidden = found.list.length <= this.limit;
    byId("more").textContent = `Show more (${number.format(found.list.length - this.limit)} left)`;
    const all = this.store.total ?? [...this.store.problems.values()].filter((one) => this.placeOf(one) === "list").length;
    const words = narrowed || found.list.length < all ? `${number.format(found.list.length)} of ${count(all, "problem")}` : count(all, "problem");
    this.showEmpty(all === 0);
    this.hiding.show(hidden);
    if (byId("shown").textContent !== words) byId("shown").textContent = words;
    byId("filter-reset").disabled = !narrowed;
    byId("list-head").hidden = found.list.length === 0;
  }

  /** Before there is a problem: what may be in the way of seeing one, as `corslens doctor` finds out. */
  showEmpty(empty) {
    const place = byId("empty");
    place.hidden = !empty;
    if (!empty) return;
    const seen = this.store.counts.exchanges ?? 0;
    const waiting = this.live && !seen;
    const said = waiting ? "No request has come through the proxy yet."
      : `No problem in ${count(seen, "exchange")} so far. If the browser shows a CORS error that is not listed here:`;
    if (place.dataset.said === said) return;
    place.dataset.said = said;
    if (!this.live) return place.replaceChildren(h("p", {}, said));
    this.checks ??= h("ol", { class: "checks" });
    const again = h("button", { type: "button", onclick: () => this.examine() }, "Check again");
    place.replaceChildren(h("p", {}, said), this.checks, h("p", { class: "muted" }, again, " ", h("code", {}, "corslens doctor"), " prints the same in a terminal."));
    if (!this.checks.hasChildNodes()) this.examine();
  }

  /** Ask the proxy what stands between it and the browser; the worst first. */
  async examine() {
    let checks = [];
    try {
      checks = (await (await this.live.call("doctor")).json()).checks;
    } catch {
      return;  // the status says that the proxy is gone
    }
    const worst = Object.keys(CHECK_MARKS);
    checks.sort((one, other) => worst.indexOf(one.state) - worst.indexOf(other.state));
    this.checks.replaceChildren(...checks.map((check) => h("li", { class: check.state === "problem" ? "failed" : check.state },
      h("span", { class: "state", "aria-label": check.state }, CHECK_MARKS[check.state]),
      h("div", {}, h("b", {}, check.name), ` ${check.finding}`,
        check.fix ? h("div", { class: "first-fix" }, h("span", { class: "side" }, "Fix (setup): "), check.fix) : ""))));
  }

  /** Return rows; before those of one cause, where there are several, a line that names it. */
  grouped(problems) {
    const groups = new Map();
    for (const problem of problems) {
      const group = groupOf(problem);
      if (groups.has(group)) groups.get(group).push(problem);
      else groups.set(group, [problem]);
    }
    return [...groups].flatMap(([group, members]) => {
      if (members.length === 1) return [this.item(members[0].id, false)];
      return [this.head(group, members), ...(this.closed.has(group) ? [] : members.map((one) => this.item(one.id, true)))];
    });
  }

  /** The line above the problems of one cause. */
  head(group, [problem, ...others]) {
    const open = !this.closed.has(group);
    let head = this.heads.get(group);
    if (!head) {
      const toggle = () => {
        if (!this.closed.delete(group)) this.closed.add(group);
        this.show();
      };
      head = h("li", { class: "group" }, h("button", { type: "button", onclick: toggle },
        h("span", {}, problemBadge(problem)),
        h("span", {}, h("span", { class: "marker", "aria-hidden": "true" }), h("b", {}, problem.title), " ", h("span", { class: "muted" }))));
      this.heads.set(group, head);
    }
    head.firstElementChild.setAttribute("aria-expanded", String(open));
    head.querySelector(".muted").textContent = count(others.length + 1, "endpoint");
    return head;
  }

  item(id, shared) {
    let item = this.items.get(id);
    if (!item) {
      item = this.draw(this.store.problems.get(id));
      this.items.set(id, item);
    }
    item.classList.toggle("of-group", shared);
    if (id === this.selected) item.firstElementChild.setAttribute("aria-current", "true");
    else item.firstElementChild.removeAttribute("aria-current");
    return item;
  }

  draw(problem) {
    const others = problem.pages.length - 1;
    const first = problem.pages[0];
    const page = first ? `${hostOf(first)}${others > 0 ? ` +${others}` : ""}` : "";
    const [fix] = problem.fixes;
    return h("li", { "data-problem": problem.id, "data-rule": problem.rule },
      h("button", { type: "button", class: `problem ${problem.severity}`, onclick: () => this.select(problem.id) },
        h("span", { class: "state" }, problemBadge(problem)),
        h("b", { class: "title", title: problem.title }, problem.title),
        h("span", { class: "where", title: `${problem.methods.join(", ")} ${problem.api}${problem.path}` },
          h("span", { class: "host" }, `${problem.methods[0] ?? ""}${problem.methods.length > 1 ? "…" : ""} ${hostOf(problem.api)}`), h("span", { class: "path" }, problem.path)),
        h("span", { class: "page", title: problem.pages.map(originLabel).join(", ") }, first ? h("span", { class: "hidden" }, "from ") : "", page),
        h("span", { class: "times", title: number.format(problem.count) }, problem.count < 100_000 ? number.format(problem.count) : shortNumber.format(problem.count), h("span", { class: "unit" }, problem.count === 1 ? " time" : " times")),
        h("span", { class: "last" }, timeOf(problem.last)),
        h("span", { class: "first-fix" }, fix ? [h("span", { class: "side" }, `Fix (${fix.side}): `), prose(fixLine(fix))] : prose(problem.message))));
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

  /** The rows, in order; a closed fold has none. */
  rows() {
    return [...byId("problems").querySelectorAll("li[data-problem] > button")];
  }

  /** Choose the next problem, or the one before. */
  step(by) {
    const ids = [...this.list.querySelectorAll("li[data-problem]")].map((item) => item.dataset.problem);
    const at = ids.indexOf(this.selected);
    const next = at < 0 ? (by > 0 ? 0 : ids.length - 1) : at + by;
    if (ids[next] === undefined) return;
    this.select(ids[next]);
    this.items.get(ids[next]).scrollIntoView({ block: "nearest" });
  }

  arrows(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.closest("li[data-problem]")) return;
    const rows = this.rows();
    const next = rows[rows.indexOf(event.target.closest("button")) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
}
