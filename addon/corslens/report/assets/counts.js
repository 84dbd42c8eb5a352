"use strict";
/* The counts at the top. */

const COUNTS = [
  ["exchanges", "exchanges inspected", ""],
  ["cors", "of them CORS", ""],
  ["preflights", "preflights", ""],
  ["blocked", "blocked", "blocked"],
  ["depends", "depend on credentials", "depends"],
  ["allowed", "allowed", "allowed"],
  ["aborted", "given up by the browser", ""],
  ["patched", "patched", "patched"],
  ["silenced", "findings silenced", ""],
  ["passed", "forgotten before anybody looked", ""],
];

function showCounts(store) {
  const always = new Set(["exchanges", "cors", "blocked", "allowed"]);
  const tiles = COUNTS.filter(([name]) => always.has(name) || store.counts[name]).map(([name, label, tone]) => {
    const value = store.counts[name] ?? 0;
    return h("li", { class: value ? `tile ${tone}` : "tile", "data-count": name },
      h("strong", {}, number.format(value)), h("span", {}, ` ${label}`));
  });
  byId("counts").replaceChildren(...tiles);
}
