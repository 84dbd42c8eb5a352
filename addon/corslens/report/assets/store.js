"use strict";
/* What the page knows: counts, cells and problems, brought up to date by changes. */

class Store {
  constructor() {
    this.clear();
    this.listeners = [];
  }

  clear() {
    this.version = 0;
    this.counts = {};
    this.forgotten = {};
    this.cells = new Map();
    this.problems = new Map();
  }

  /** Take in what changed; the listeners learn which problems are touched. */
  apply(changes) {
    if (changes.anew) this.clear();
    this.version = changes.version;
    this.counts = changes.counts;
    this.forgotten = changes.forgotten ?? {};
    for (const cell of changes.cells) {
      const key = `${cell.page} ${cell.api}`;
      if (cell.count > 0) this.cells.set(key, cell);
      else this.cells.delete(key);
    }
    for (const id of changes.gone) this.problems.delete(id);
    for (const problem of changes.problems) {
      problem.words = [
        problem.rule, problem.message, problem.fix, problem.api, problem.path, ...problem.pages, ...problem.methods,
      ].join("\n").toLowerCase();
      this.problems.set(problem.id, problem);
    }
    const touched = new Set(changes.problems.map((problem) => problem.id));
    for (const listener of this.listeners) listener(touched);
  }
}
