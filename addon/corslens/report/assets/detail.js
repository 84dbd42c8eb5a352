"use strict";
/* One problem in full: the cause and its fix, what happened, why it matters. */

class Detail {
  /**
   * @param load (problem) → a promise of {pool, exchanges, rules, advice}
   * @param loadSettings (problem, server) → a promise of {blocks, notes}, where the problem's data holds none
   * @param close called when the reader goes back to the list
   * @param actions (problem, data) → what can be tried at once, as nodes; nothing in a report
   * @param hiding what hides the problems of one cause
   */
  constructor(load, loadSettings, close, actions, hiding) {
    this.hiding = hiding;
    this.load = load;
    this.loadSettings = loadSettings;
    this.close = close;
    this.actions = actions;
    this.place = byId("detail");
    this.problem = null;
    this.shownExamples = "";
    this.engine = null;
    this.server = null;
  }

  hide() {
    this.problem = null;
    this.place.hidden = true;
    this.place.replaceChildren();
  }

  /** Show this problem; `focus` moves the reader there. */
  async show(problem, focus) {
    const changed = this.problem?.id !== problem.id;
    const examples = problem.examples.join(" ");
    this.problem = problem;
    if (!changed) {
      this.head(problem);
      if (examples === this.shownExamples || this.exchange) return;
    }
    this.shownExamples = examples;
    this.exchange = null;
    this.badges = h("p", { class: "line" });
    this.where = h("p", { class: "where" });
    this.title = h("h3", { id: "detail-title", tabindex: "-1" }, prose(problem.message));
    this.sources = h("p", { class: "muted", "data-sources": "", hidden: true });
    this.initiator = h("p", { class: "where", "data-initiator": "" });
    this.fixes = h("div", { class: "fixes" });
    this.tries = h("div", { class: "tries", id: "tries" });
    this.body = h("div", { class: "detail-body" }, h("p", { class: "muted" }, "Loading…"));
    this.shownFixes = null;
    this.head(problem);
    this.place.replaceChildren(
      h("div", { class: "detail-top" },
        h("button", { type: "button", class: "back", title: "Close (Esc)", onclick: () => this.close() }, "← All problems"), this.hiding.button(problem)),
      this.badges, this.where, this.title, this.sources, this.initiator, this.fixes, this.tries, this.body,
    );
    this.place.hidden = false;
    if (changed) this.place.scrollTop = 0;
    if (focus) this.title.focus();
    let data;
    try {
      data = await this.load(problem);
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "error" }, `The exchanges could not be loaded: ${error.message}`));
      return;
    }
    if (this.problem?.id === problem.id) this.fill(problem, data);
  }

  /** The badges, and what to do: they change while somebody looks. */
  head(problem) {
    const pages = problem.pages.map(originLabel);
    const from = pages.slice(0, 3).join(", ") + (pages.length > 3 ? ` and ${pages.length - 3} more` : "");
    this.badges.replaceChildren(problemBadge(problem), " ", severityBadge(problem.severity), " ", h("code", { class: "rule" }, problem.rule),
      h("span", { class: "muted" }, `${count(problem.count, "time")}, last `, timeOf(problem.last), ` · ${problem.engines.map((engine) => ENGINES[engine] ?? engine).join(", ")}`));
    this.where.replaceChildren(`${problem.methods.join(", ")} `, h("b", {}, `${problem.api}${problem.path}`), from ? ` from ${from}` : "");
    this.initiator.replaceChildren(problem.requested_by ? `Requested by ${problem.requested_by}` : "");
    this.initiator.hidden = !problem.requested_by;
    const shown = JSON.stringify([problem.fixes, problem.explained]);
    if (this.shownFixes === shown) return;
    this.shownFixes = shown;
    const [first, ...others] = problem.fixes;
    const sides = [...new Set(others.map((one) => one.side))].join(", ");
    this.fixes.replaceChildren(
      problem.explained.length ? h("p", { class: "muted so" }, `So: ${problem.explained.join("; ")}.`) : "",
      first ? section("Fix", fixBlock(first),
        others.length ? h("details", {}, h("summary", {}, `${count(others.length, "other way", "other ways")} to fix it (${sides})`), others.map(fixBlock)) : "") : "",
    );
  }

  fill(problem, data) {
    const servers = data.advice?.[problem.api] ?? [];
    const sources = sourceLinks(data.rules[problem.rule]?.sources ?? []);
    this.sources.replaceChildren("Read more: ", ...sources.flat());
    this.sources.hidden = !sources.length;
    this.tries.replaceChildren(servers.length ? this.settings(problem, servers) : "", ...this.actions(problem, data));
    const kept = problem.examples.filter((id) => data.exchanges[id]);
    if (!kept.length) {
      this.body.replaceChildren(h("p", { class: "muted" }, "Its exchanges are no longer kept in memory."), this.why(problem, data));
      return;
    }
    this.exchange = kept[0];
    const place = h("div");
    const choose = kept.length > 1 && h("label", { class: "examples" }, `Example (the first ${kept.length} are kept) `,
      h("select", { onchange: (event) => this.example(place, problem, data, event.target.value) },
        kept.map((id, index) => {
          const exchange = data.exchanges[id];
          return h("option", { value: id }, `${index + 1}: ${calendar.format(new Date(exchange.time * 1000))} ${exchange.method} ${pathOf(exchange.url)}`);
        })));
    this.body.replaceChildren(choose || "", place);
    this.example(place, problem, data, kept[0]);
  }

  /** One exchange of the problem. */
  example(place, problem, data, id) {
    this.exchange = id;
    const exchange = data.exchanges[id];
    const pooled = (index) => data.pool[index];
    const steps = exchange.steps.map((step) => ({
      ...step, request: step.request.map(pooled), response: step.response.map(pooled),
    }));
    const diagram = h("div", { class: "diagram" });
    place.replaceChildren(
      section("What happened", diagram),
      section("Headers", steps.filter((step) => step.request.length || step.response.length).map((step, index, all) => headersOf(step, index === all.length - 1))),
      section("Checks", this.engines(exchange, pooled)),
      exchange.patch === null ? "" : this.patch(pooled(exchange.patch)),
      problem.beside.length ? section("Also wrong here", h("ul", {}, problem.beside.map((finding) => h("li", {}, severityBadge(finding.severity), " ",
        prose(finding.message), " ", h("code", { class: "rule" }, finding.rule), " ", sourceLinks(data.rules[finding.rule]?.sources ?? []), finding.fixes.length ? h("div", { class: "muted" }, `Fix (${finding.fixes[0].side}): `, prose(fixLine(finding.fixes[0]))) : "")))) : "",
      section("Evidence", this.context(problem, exchange)),
      this.why(problem, data),
    );
    drawSequence(diagram, steps, exchange.page ?? exchange.origin ?? "the page");
  }

  context(problem, exchange) {
    const facts = [];
    const add = (name, ...value) => facts.push(h("dt", {}, name), h("dd", {}, value));
    add("First seen", timeOf(problem.first));
    add("Confidence", problem.confidence);
    add("Sent by", exchange.sender ? ENGINES[exchange.sender] : "no browser that is recognized");
    if (exchange.tainted) add("Origin", "null, because of a redirect to another origin");
    if (exchange.need) {
      const why = [];
      if (exchange.need.method) why.push(`the method ${exchange.need.method}`);
      if (exchange.need.header_names.length) why.push(`the header${exchange.need.header_names.length > 1 ? "s" : ""} ${exchange.need.header_names.join(", ")}`);
      if (exchange.need.forced) why.push("an upload listener or a streamed body");
      if (why.length) add("Preflight, because of", why.join(" and "));
    }
    const credentials = exchange.credentials;
    add("Credentials", credentials.value === null ? `unknown: ${credentials.why}` : `${credentials.value}${credentials.evidence.length ? `, seen by: ${credentials.evidence.join(", ")}` : ""}`);
    return h("dl", { class: "facts" }, facts);
  }

  engines(exchange, pooled) {
    const names = Object.keys(exchange.verdicts).sort((a, b) => (b === exchange.headline) - (a === exchange.headline));
    const chosen = names.includes(this.engine) ? this.engine : exchange.headline;
    const list = h("ol", { class: "checks" });
    const fold = h("details", { class: "passed-checks" });
    const note = h("p", { class: "muted" });
    const chips = names.map((name) => {
      const verdict = pooled(exchange.verdicts[name]);
      return h("button", {
        type: "button", class: `chip ${verdict.outcome}`, "data-engine": name, onclick: () => choose(name),
      }, h("b", {}, ENGINES[name] ?? name), " ", outcomeBadge(verdict.outcome), h("span", { class: "chip-reason" }, verdictWords(verdict)));
    });
    const choose = (name) => {
      this.engine = name;
      for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.engine === name));
      const checks = pooled(exchange.checks[name]);
      const passed = checks.filter((check) => check.state === "passed");
      list.replaceChildren(...checks.filter((check) => check.state !== "passed").map(checkItem));
      fold.replaceChildren(h("summary", {}, `${count(passed.length, "check")} passed`), h("ol", { class: "checks" }, passed.map(checkItem)));
      fold.hidden = !passed.length;
      const notes = pooled(exchange.verdicts[name]).notes ?? [];
      note.textContent = notes.length ? `It notes: ${notes.join(", ")}` : "";
      note.hidden = !notes.length;
    };
    choose(chosen);
    return [h("div", { class: "chips", role: "group", "aria-label": "Engine whose checks are shown" }, chips), list, fold, note];
  }

  patch(patch) {
    const changes = [...patch.changes];
    if (patch.status) changes.unshift({ header: "status", from: [patch.status.from], to: patch.status.to, because: patch.status.because });
    const rows = changes.map((change) => h("tr", {},
      h("th", { scope: "row" }, change.header),
      h("td", {}, change.from.length ? change.from.map((value) => h("del", {}, String(value))) : h("span", { class: "muted" }, "absent")),
      h("td", {}, change.to === null ? h("span", { class: "muted" }, "removed") : h("ins", {}, String(change.to))),
      h("td", {}, prose(change.because))));
    const after = Object.entries(patch.verdicts_after).map(([engine, verdict]) => h("span", { class: "after" }, `${ENGINES[engine] ?? engine} `, outcomeBadge(verdict.outcome), " "));
    const titles = { patch: ["Patched by the proxy", "What a patch would change"], injection: ["Injected on purpose", "What an injection would change"], proxy: ["Made by the proxy: the request did not reach the server", ""] };
    return section(titles[patch.by][patch.applied ? 0 : 1],
      patch.refused ? h("p", {}, `Nothing is changed: ${patch.refused}`) : "",
      patch.beyond.length ? h("p", {}, `A proxy cannot fix: ${patch.beyond.join(", ")}`) : "",
      rows.length ? h("div", { class: "scroll", role: "region", "aria-label": "Headers before and after", tabindex: "0" },
        h("table", { class: "patch" }, h("thead", {}, h("tr", {}, ["Header", "Server sent", "Page gets", "Because"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows))) : "",
      rows.length ? h("p", {}, "Then: ", after) : "");
  }

  /** Why it matters, and who says so. */
  why(problem, data) {
    const rule = data.rules[problem.rule];
    return rule ? section("Why", paragraphs(rule.why), rule.sources.length ? h("ul", { class: "sources" }, rule.sources.map((url) => h("li", {}, sourceLink(url)))) : "") : "";
  }

  /** Settings for one server at a time; the live page has them written when somebody looks. */
  settings(problem, servers) {
    const place = h("div", { "aria-live": "polite" });
    const show = async (name) => {
      const server = servers.find((candidate) => candidate.server === name) ?? servers[0];
      this.server = server.server;
      if (!server.blocks) {
        place.replaceChildren(h("p", { class: "muted" }, "Loading…"));
        try {
          Object.assign(server, await this.loadSettings(problem, server.server));
        } catch (error) {
          place.replaceChildren(h("p", { class: "error" }, `The settings could not be loaded: ${error.message}`));
          return;
        }
        if (this.server !== server.server) return;
      }
      place.replaceChildren(...server.blocks.map((block) => h("figure", { class: "code" },
        h("figcaption", {}, h("span", {}, block.file), copyButton(block.text, `the settings for ${server.label}`)),
        h("pre", { tabindex: "0", role: "region", "aria-label": `Settings for ${server.label}` }, h("code", {}, block.text)))),
      ...(server.notes ?? []).map((note) => h("p", { class: "muted" }, prose(note))));
    };
    const chosen = servers.some((server) => server.server === this.server) ? this.server : servers[0].server;
    const select = h("select", { onchange: (event) => show(event.target.value) },
      servers.map((server) => h("option", { value: server.server, selected: server.server === chosen }, server.label)));
    let shown = Boolean(servers[0].blocks);
    if (shown) show(chosen);
    const open = (event) => {
      if (!event.target.open || shown) return;
      shown = true;
      show(chosen);
    };
    return h("details", { class: "settings", ontoggle: open }, h("summary", {}, "Settings for your server"),
      h("p", { class: "muted" }, "The smallest policy that allows what was seen of this API, and nothing else."),
      h("label", {}, "Server ", select), place);
  }
}

/** One way to fix it: who can, what to do, and the lines to send. */
function fixBlock(fix) {
  return h("div", { class: "fix", "data-side": fix.side },
    h("div", {}, h("span", { class: "side" }, fix.side), fix.text ? h("span", {}, prose(fix.text)) : "",
      fix.headers.map((line) => h("code", { class: "value" }, line))),
    copyButton(fix.headers.length ? fix.headers.join("\n") : fix.text, "the fix"));
}

function section(title, ...content) {
  return h("section", {}, h("h4", {}, title), content);
}

function checkItem(check) {
  const [sign, word] = CHECK_STATES[check.state];
  const line = check.header === null ? "" : h("code", { class: "value" }, check.value === null ? `${check.header}: absent` : `${check.header}: ${check.value}`);
  const wanted = check.wanted ? h("span", { class: "wanted" }, "wanted: ", h("code", {}, check.wanted)) : "";
  return h("li", { class: check.state }, h("span", { class: "state" }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "hidden" }, word)),
    h("div", {}, h("span", {}, check.title), CHECK_REMARKS[check.state] ? h("span", { class: "muted" }, ` ${CHECK_REMARKS[check.state]}`) : "", line, wanted));
}

/** The head of a request and its response; the lines that decided stand out, those without a part in CORS fold away. */
function headersOf(step, open) {
  const title = `${STEP_KINDS[step.kind]}: ${step.method} ${step.url}`;
  const outcome = step.error ? step.error : step.status === null ? "no response" : `${step.status}`;
  return h("details", { class: "headers", open: open || step.outcome === "blocked" },
    h("summary", {}, h("span", { class: "clip" }, title), " ", h("span", { class: "muted" }, outcome)),
    flowLink(step.flow),
    headerTable("Request headers", step.request), step.response.length ? headerTable("Response headers", step.response) : "");
}

/** The way to a flow in mitmweb, where the page is within it. */
function flowLink(flow) {
  const flows = byId("main").dataset.flows;
  return flows && flow ? h("p", {}, h("a", { href: `${flows}${encodeURIComponent(flow)}/response`, target: "corslens-flow" }, "Show this flow in mitmweb")) : "";
}

function headerTable(caption, lines) {
  const row = ([name, value, mark]) => h("tr", { class: mark === 2 ? "decides" : null },
    h("th", { scope: "row" }, mark > 0 ? headerName(name) : name),
    h("td", {}, value === null ? h("em", {}, "absent") : value, mark === 2 ? h("span", { class: "tag" }, "decides") : ""));
  const concerning = lines.filter(([, , mark]) => mark > 0);
  const others = lines.filter(([, , mark]) => mark === 0);
  return h("div", { class: "head" }, h("h5", {}, caption),
    concerning.length ? h("table", {}, h("tbody", {}, concerning.map(row))) : h("p", { class: "muted" }, "None of these headers has a part in CORS."),
    others.length ? h("details", { class: "others" }, h("summary", {}, count(others.length, "other line")), h("table", {}, h("tbody", {}, others.map(row)))) : "");
}
