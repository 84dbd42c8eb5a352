"use strict";
/* What things are called on the page; what a rule says of itself comes from the catalog. */

/* The engines stand in the filter that the template writes. */
const ENGINES = Object.fromEntries([...byId("filter-engine").options].filter((option) => option.value).map((option) => [option.value, option.textContent]));
const SEVERITIES = { error: ["✕", "error"], warning: ["!", "warning"], info: ["i", "note"] };
const OUTCOMES = {
  allowed: ["✓", "allowed"],
  blocked: ["✕", "blocked"],
  depends: ["?", "depends"],
  aborted: ["–", "aborted"],
  patched: ["⚒", "patched"],
};
/* How bad each of them is, for the matrix and the order of problems. */
const BADNESS = { blocked: 7, depends: 6, error: 5, warning: 4, patched: 3, info: 2, allowed: 1, aborted: 0 };
const CHECK_STATES = { passed: ["✓", "passed"], failed: ["✕", "failed"], "not-reached": ["–", "not reached"], "not-needed": ["○", "not needed"] };
const CHECK_REMARKS = { "not-reached": "not reached", "not-needed": "only matters with credentials" };
const STEP_KINDS = { preflight: "Preflight", request: "Request", redirected: "Redirected request" };

/** An outcome as a badge: sign and word, never color alone. */
function outcomeBadge(outcome, ...more) {
  const [sign, word] = OUTCOMES[outcome] ?? ["", outcome];
  return h("span", { class: `badge ${outcome}` }, h("span", { "aria-hidden": "true" }, `${sign} `), word, ...more);
}

function severityBadge(severity) {
  const [sign, word] = SEVERITIES[severity] ?? ["", severity];
  return h("span", { class: `badge ${severity}` }, h("span", { "aria-hidden": "true" }, `${sign} `), word);
}

/** What became of a problem's page requests, and how it stands. */
function problemBadge(problem) {
  if (problem.state === "resolved") return h("span", { class: "badge allowed" }, h("span", { "aria-hidden": "true" }, "✓ "), "resolved");
  if (problem.state === "patched") return outcomeBadge("patched");
  if (OUTCOMES[problem.word]) return outcomeBadge(problem.word);
  return severityBadge(problem.severity);
}

/** A fix in one line: what to do, and the header lines to send (report/plain.py, fix_line). */
function fixLine(fix) {
  return [fix.text, fix.headers.filter((line) => !fix.text.includes(line)).join("; ")].filter(Boolean).join(": ");
}

/* Header names of which MDN has a page. */
const EXPLAINED_HEADERS = /^(access-control-(allow-(origin|credentials|methods|headers)|expose-headers|max-age|request-(method|headers))|origin|vary|timing-allow-origin|cross-origin-resource-policy|cookie|authorization|location|sec-fetch-(mode|site|dest))$/i;

/** A header's name, as a link to MDN where it has a part in CORS. */
function headerName(name) {
  return EXPLAINED_HEADERS.test(name) ? sourceLink(`https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/${name}`, name) : name;
}

const STANDARDS = { "fetch.spec.whatwg.org": "Fetch standard", "html.spec.whatwg.org": "HTML standard", "developer.mozilla.org": "MDN", "www.rfc-editor.org": "RFC" };

/** Links to who says so: each by its publisher and the name of the page or section. */
function sourceLinks(urls) {
  return urls.map((url, index) => {
    const [host, ...path] = hostOf(url).split(/[/#]/).filter(Boolean);
    return [index ? ", " : "", sourceLink(url, [STANDARDS[host] ?? host, path.at(-1)].filter(Boolean).join(": "))];
  });
}

/** What a verdict says in a few words. */
function verdictWords(verdict) {
  if (verdict.outcome === "blocked") return verdict.reason ?? "blocked";
  if (verdict.outcome === "depends") {
    const branch = (name, mode) => (verdict[name] ? `${verdict[name].outcome} ${mode} credentials` : null);
    return [branch("if_credentialed", "with"), branch("if_not_credentialed", "without")].filter(Boolean).join(", ");
  }
  return "";
}

/** An origin as nodes: a line may break after the scheme and before the port. */
function originNodes(origin) {
  const end = origin.indexOf("://") + 3;
  if (end < 3) return originLabel(origin);
  const port = /:\d+$/.exec(origin)?.[0] ?? "";
  const labels = origin.slice(end, origin.length - port.length).split(/(?<=\.)/);
  return [h("span", { class: "scheme" }, origin.slice(0, end)), labels.map((label) => [h("wbr"), label]), h("wbr"), port];
}

function originLabel(origin) {
  return origin === "" ? "(no origin sent)" : origin === "null" ? "null (opaque origin)" : origin;
}
