"use strict";
/* The counts at the top. */

const COUNTS = [
  ["blocked", "blocked", "blocked"],
  ["depends", "depend on credentials", "depends"],
  ["patched", "patched", "patched"],
  ["allowed", "allowed", "allowed"],
  ["aborted", "aborted", ""],
  ["unjudged", "not judged", ""],
  ["requests", "page requests", ""],
  ["exchanges", "exchanges", ""],
  ["suppressed", "suppressed", ""],
];

function showCounts(store) {
  const always = new Set(["exchanges", "blocked", "allowed"]);
  const tiles = COUNTS.filter(([name]) => always.has(name) || store.counts[name]).map(([name, label, tone]) => {
    const value = store.counts[name] ?? 0;
    return h("li", { class: value ? `tile ${tone}` : "tile", "data-count": name },
      h("strong", {}, number.format(value)), h("span", {}, ` ${label}`));
  });
  if (store.counts.agreement) {
    tiles.push(h("li", { class: "tile", "data-count": "agreement", title: "page requests whose outcome the browser itself reported" },
      h("span", {}, store.counts.agreement)));
  }
  const dropped = Object.entries(store.dropped).sort(([, one], [, other]) => other - one);
  if (dropped.length) {
    const told = dropped.map(([name, value]) => `${number.format(value)} ${name}`).join(", ");
    tiles.push(h("li", { class: "tile", "data-count": "dropped", title: "cors_history sets how many are kept" },
      h("strong", {}, "Dropped"), h("span", {}, ` to stay within limits: ${told}`)));
  }
  byId("counts").replaceChildren(...tiles);
}
