"use strict";
/* What the page knows: counts, cells and problems, brought up to date by changes. */

/* While more is on its way, the page is drawn anew no more often than this. */
const TOLD_MILLISECONDS = 1000;

class Store {
  constructor() {
    this.clear();
    this.listeners = [];
    this.told = -Infinity;
  }

  clear() {
    this.version = 0;
    this.counts = {};
    /* How many problems there are, where a report holds only the worst. */
    this.total = undefined;
    /* How many pairs of origins it does not hold. */
    this.cellsLeftOut = 0;
    this.dropped = {};
    this.cells = new Map();
    this.problems = new Map();
    this.unreported = new Set();
  }

  /** Take in what changed; the listeners learn which problems are touched, not at once while more is on its way. */
  apply(changes) {
    if (changes.anew) this.clear();
    this.version = changes.version;
    this.counts = changes.counts;
    this.dropped = changes.dropped ?? {};
    this.total = changes.total;
    this.cellsLeftOut = changes.cells_left_out ?? 0;
    for (const cell of changes.cells) {
      const key = `${cell.page} ${cell.api}`;
      if (cell.count > 0) this.cells.set(key, cell);
      else this.cells.delete(key);
    }
    for (const id of changes.gone) this.problems.delete(id);
    for (const problem of changes.problems) {
      problem.words = [
        problem.rule, problem.title, problem.message, ...problem.fixes.flatMap((fix) => [fix.text, ...fix.headers]),
        ...problem.explained, ...problem.beside.map((finding) => finding.rule),
        problem.requested_by ?? "", problem.api, problem.path, ...problem.pages, ...problem.methods,
      ].join("\n").toLowerCase();
      this.problems.set(problem.id, problem);
    }
    for (const problem of changes.problems) this.unreported.add(problem.id);
    if (changes.more && performance.now() - this.told < TOLD_MILLISECONDS) return;
    this.told = performance.now();
    const touched = this.unreported;
    this.unreported = new Set();
    for (const listener of this.listeners) listener(touched);
  }
}
