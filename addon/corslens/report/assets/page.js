"use strict";
/* Puts the page together: embedded data (a report) or the proxy's (live). */

function embedded(id) {
  const place = byId(id);
  const value = JSON.parse(place.textContent);
  place.remove();
  return value;
}

function start() {
  const store = new Store();
  const live = byId("summary") ? null : new Live(store);
  let details = null;
  const load = live ? (problem) => live.details(problem) : async () => (details ??= embedded("details"));

  const showDetail = (id, focus) => {
    const problem = store.problems.get(id);
    problems.mark(problem ? id : null);
    byId("main").classList.toggle("open", Boolean(problem));
    if (problem) detail.show(problem, focus);
    else detail.hide();
  };
  const close = () => {
    const back = problems.selected;
    history.pushState(null, "", location.pathname + location.search);
    showDetail(null);
    problems.selected = back;
    problems.focusSelected();
    problems.selected = null;
  };
  const select = (id) => {
    problems.selected = id; // at once: the next key may come before the event that shows it
    location.hash = `problem=${id}`;
  };
  const hiding = new Hiding((words) => {
    const open = store.problems.get(problems.selected);
    if (open && hiding.hides(open)) close();
    problems.show();
    announce(words);
  });
  const problems = new Problems(store, select, live, hiding);
  const detail = new Detail(load, (problem, server) => live.settings(problem, server), close, (problem, data) => live?.actions(problem, data) ?? [], hiding);
  const matrix = new Matrix(byId("matrix"), (page, api) => problems.choose(page, api), live ? (cell) => live.patchCell(cell) : null);
  problems.onfilter = () => matrix.show(store, problems.chosen);
  listenToKeys({ problems, close: () => problems.selected && close() });

  const chosen = () => /^#problem=(\w+)$/.exec(location.hash)?.[1] ?? null;
  addEventListener("hashchange", () => showDetail(chosen(), true));
  addEventListener("popstate", () => { if (!chosen()) showDetail(null); });

  store.listeners.push((touched) => {
    showCounts(store);
    problems.update(touched);
    matrix.show(store, problems.chosen);
    if (chosen() && problems.selected !== chosen()) showDetail(chosen(), false);
    else if (problems.selected && touched.has(problems.selected)) showDetail(problems.selected, false);
    else if (problems.selected && !store.problems.has(problems.selected)) showDetail(null);
  });

  // Before the first response nothing is known, not even that nothing is wrong.
  if (live) {
    problems.offerOrigins();
    live.connect();
  } else store.apply(embedded("summary"));
}

start();
