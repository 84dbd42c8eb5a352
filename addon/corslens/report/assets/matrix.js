"use strict";
/* The matrix: a row a page's origin, a column an API's origin, each cell the worst that happened or was found between them. */

const MATRIX_LIMIT = 24;
/** How bad a cell is: what a browser lets pass may be the worse mistake. */
function badness(cell) {
  return BADNESS[cell.worst];
}

class Matrix {
  /**
   * @param choose called with (page, api) when a cell is pressed, with ("", "") when it is pressed again
   * @param patch (cell) → a button that patches what is blocked there; null in a report
   */
  constructor(place, choose, patch) {
    this.place = place;
    this.choose = choose;
    this.patch = patch;
    this.drawn = "";
  }

  show(store, chosen) {
    const cells = [...store.cells.values()];
    const drawn = JSON.stringify([cells, chosen]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (!cells.length) {
      this.place.replaceChildren(h("p", { class: "empty" }, "No page has requested anything of another origin yet."));
      return;
    }
    const pages = this.axis(cells, "page");
    const apis = this.axis(cells, "api");
    const focus = document.activeElement?.dataset?.cell;
    const head = h("tr", {}, h("th", { scope: "col", class: "corner" }, "Page ", h("span", { "aria-hidden": "true" }, "↓"), " ", h("wbr"), "API ", h("span", { "aria-hidden": "true" }, "→")),
      apis.shown.map((api) => h("th", { scope: "col" }, h("span", { class: "origin", title: api }, originNodes(api)))));
    const rows = pages.shown.map((page) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: "origin", title: page }, originNodes(page))),
      apis.shown.map((api) => this.tableCell(store.cells.get(`${page} ${api}`), chosen))));
    const hiddenAway = pages.more + apis.more;
    const leftOut = store.cellsLeftOut;
    this.place.replaceChildren(
      h("div", { class: "scroll", role: "region", "aria-label": "Matrix of origins", tabindex: "0" },
        h("table", { class: apis.shown.length > 2 ? "matrix dense" : "matrix" }, h("thead", {}, head), h("tbody", {}, rows))),
      hiddenAway ? h("p", { class: "muted" },
        `${[pages.more && count(pages.more, "more page origin"), apis.more && count(apis.more, "more API origin")].filter(Boolean).join(" and ")} ${hiddenAway === 1 ? "is" : "are"} left out here; the filters of the list reach them.`) : "",
      leftOut ? h("p", { class: "muted" },
        `${number.format(cells.length)} of ${number.format(cells.length + leftOut)} pairs of origins; these are the worst.`) : "",
    );
    if (focus) [...this.place.querySelectorAll("[data-cell]")].find((cell) => cell.dataset.cell === focus)?.focus({ preventScroll: true });
  }

  /** The origins on one side, worst and busiest first. */
  axis(cells, side) {
    const rank = new Map();
    for (const cell of cells) {
      const before = rank.get(cell[side]) ?? [0, 0];
      rank.set(cell[side], [Math.max(before[0], badness(cell)), before[1] + cell.count]);
    }
    const all = [...rank].sort((a, b) => b[1][0] - a[1][0] || b[1][1] - a[1][1] || (a[0] < b[0] ? -1 : 1)).map(([origin]) => origin);
    return { shown: all.slice(0, MATRIX_LIMIT), more: Math.max(0, all.length - MATRIX_LIMIT) };
  }

  tableCell(cell, chosen) {
    const patchable = this.patch && cell && ["blocked", "depends"].includes(cell.worst);
    return h("td", {}, this.cell(cell, chosen), patchable ? this.patch(cell) : "");
  }

  cell(cell, chosen) {
    if (!cell) return h("span", { class: "none" }, h("span", { class: "hidden" }, "nothing seen"));
    const pressed = chosen.page === cell.page && chosen.api === cell.api;
    const [sign, word] = OUTCOMES[cell.worst] ?? SEVERITIES[cell.worst];
    return h("button", {
      type: "button",
      class: `cell ${cell.worst}`,
      "data-cell": `${cell.page} ${cell.api}`,
      title: `${number.format(cell.bad)} of ${count(cell.count, "page request")}`,
      "aria-pressed": String(pressed),
      onclick: () => (pressed ? this.choose("", "") : this.choose(cell.page, cell.api)),
    }, h("span", { class: "hidden" }, `${cell.page} requests ${cell.api}: `),
    h("span", { class: "word" }, h("span", { "aria-hidden": "true" }, `${sign} `), h("span", { class: "word-itself" }, word)), " ", h("span", { class: "muted" }, number.format(cell.bad), h("span", { class: "of-all" }, ` of ${number.format(cell.count)}`)));
  }
}
