"use strict";
/* Keyboard shortcuts: only where nobody is typing, and never with a modifier. */

/**
 * @param problems the list
 * @param close closes the problem that is open, if one is
 */
function listenToKeys({ problems, close }) {
  const help = byId("keys");
  const shortcuts = {
    j: () => problems.step(1),
    k: () => problems.step(-1),
    "/": () => byId("filter-text").focus(),
    "?": () => help.showModal(),
    Escape: close,
  };
  byId("help").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = shortcuts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
