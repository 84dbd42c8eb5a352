"use strict";
/* The sequence diagram: the page on the left, a lifeline for each origin that was asked, time going down. */

const HEAD = 46;
const NARROW = 420;

/** Cut text to a width; the whole stands in a title. */
function fitted(text, width, size) {
  const room = Math.max(3, Math.floor(width / (size * 0.56)));
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** Break text into two lines where one is too narrow for it. */
function wrapped(text, width, size) {
  if (fitted(text, width, size) === text) return [text];
  const room = Math.floor(width / (size * 0.56));
  const at = Math.max(text.lastIndexOf(" ", room), text.lastIndexOf("-", room - 1) + 1);
  return at > room / 3 ? [text.slice(0, at).trimEnd(), text.slice(at).trimStart()] : [text];
}

function hostOf(origin) {
  return origin.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
}

function pathOf(url) {
  const rest = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  return rest || "/";
}

/** The value of a header in pooled lines, joined as the standard's get does. */
function headerValue(lines, name) {
  const values = lines.filter(([key, value]) => key.toLowerCase() === name && value !== null).map(([, value]) => value);
  return values.length ? values.join(", ") : null;
}

/** The rows of the diagram: arrows and notes, each with its words. */
function sequence(steps) {
  const rows = [];
  for (const step of steps) {
    const path = pathOf(step.url);
    if (step.cached) {
      rows.push({ kind: "note", target: step.target, text: `preflight not sent again: cached ${step.age < 1 ? "just now" : `${Math.round(step.age)} s ago`}` });
      continue;
    }
    if (["not-sent", "pending", "sent"].includes(step.outcome)) {
      const words = { "not-sent": "never sent", pending: "not seen yet", sent: "sent; no longer kept" }[step.outcome];
      rows.push({ kind: "ghost", target: step.target, text: `${step.method} ${path}`, under: words });
      continue;
    }
    const asks = step.kind === "preflight"
      ? [headerValue(step.request, "access-control-request-method"), headerValue(step.request, "access-control-request-headers")].filter(Boolean).join(" with ")
      : null;
    rows.push({
      kind: "request", target: step.target, text: `${step.method} ${path}`,
      under: asks ? `may I send ${asks}?` : step.origin ? `Origin: ${step.origin}` : "no Origin",
    });
    const failed = step.outcome === "blocked";
    const allows = headerValue(step.response, "access-control-allow-origin");
    const location = step.status >= 300 && step.status < 400 ? headerValue(step.response, "location") : null;
    rows.push({
      kind: "response", target: step.target, failed, depends: step.outcome === "depends",
      text: step.error ? `${step.byProxy ? "proxy's error page" : "no response"}: ${step.error}` : step.status === null ? "no response yet" : location ? `${step.status} to ${location}` : `${step.status}`,
      under: failed ? `blocked: ${step.reason ?? "see the checks"}` : step.status === null ? "" : allows === null ? "no Access-Control-Allow-Origin" : `allows ${allows}`,
    });
    if (step.patched) {
      const words = step.byProxy ? "the proxy made this response; the request did not reach the server" : "the proxy changed this response";
      rows.push({ kind: "note", target: step.target, patched: true, text: words });
    }
    if (step.editedBy?.length) rows.push({ kind: "note", target: step.target, patched: true, text: `changed in the proxy by ${step.editedBy.join(", ")}` });
  }
  return rows;
}

/** What a row says to those who cannot see it. */
function rowWords(row) {
  const where = hostOf(row.target);
  if (row.kind === "note") return row.text;
  if (row.kind === "ghost") return `Request to ${where}, ${row.under}: ${row.text}`;
  return row.kind === "request" ? `Page to ${where}: ${row.text}, ${row.under}` : `${where} to page: ${row.text}, ${row.under}`;
}

/** Draw the steps into the place, again whenever its width changes. */
function drawSequence(place, steps, page) {
  const rows = sequence(steps);
  const targets = [...new Set(rows.map((row) => row.target))];
  const words = h("ol", { class: "hidden" }, rows.map((row) => h("li", {}, rowWords(row))));
  let width = 0;
  const draw = () => {
    const now = Math.min(860, Math.floor(place.clientWidth));
    if (!now || now === width) return;
    width = now;
    place.replaceChildren(sequenceSvg(rows, targets, page, width), words);
  };
  draw();
  new ResizeObserver(draw).observe(place);
}

function sequenceSvg(rows, targets, page, width) {
  const lanes = targets.length + 1;
  const narrow = width < NARROW;
  const step = narrow ? 60 : 46;
  const size = narrow ? 11 : 12.5;
  const box = Math.min(220, narrow ? width / lanes - 6 : width / (lanes + 0.4));
  const edge = narrow ? 22 : Math.min(70, box / 2);
  const gap = (width - 2 * edge) / (lanes - 1);
  const x = (lane) => edge + lane * gap;
  const height = HEAD + 14 + rows.length * step + 8;
  const root = svg("svg", { class: "sequence", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
  for (let lane = 0; lane < lanes; lane++) {
    const origin = lane === 0 ? page : targets[lane - 1];
    const wide = Math.min(box, lane === 0 || lane === lanes - 1 ? (narrow ? box : edge * 2) : gap - 8);
    const left = Math.min(Math.max(0, x(lane) - wide / 2), width - wide);
    root.append(
      svg("line", { class: "life", x1: x(lane), x2: x(lane), y1: HEAD - 2, y2: height }),
      svg("rect", { class: "lane", x: left + 0.5, y: 2, width: wide - 1, height: HEAD - 4, rx: 6 }),
      svg("text", { class: "lane-role", x: left + wide / 2, y: 18, "text-anchor": "middle" }, lane === 0 ? "Page" : "API"),
      svg("text", { class: "lane-name", x: left + wide / 2, y: 34, "text-anchor": "middle" }, svg("title", {}, origin), fitted(hostOf(origin), wide - 8, 11)),
    );
  }
  rows.forEach((row, index) => root.append(rowSvg(row, HEAD + 14 + index * step, x(0), x(targets.indexOf(row.target) + 1), size)));
  return root;
}

function rowSvg(row, top, from, to, size) {
  const line = top + 20;
  const tone = row.failed ? "failed" : row.depends ? "depends" : row.kind;
  const group = svg("g", { class: `row ${tone}` });
  const room = to - from - 24;
  const middle = (from + to) / 2;
  const text = (words, y, kind, whole = words) => svg("text", { class: kind, x: middle, y, "text-anchor": "middle", "font-size": size },
    svg("title", {}, whole), fitted(words, room, size));
  if (row.kind === "note") {
    group.append(svg("rect", { class: row.patched ? "note patched" : "note", x: from + 8, y: top + 4, width: to - from - 16, height: 24, rx: 4 }), text(row.text, top + 20, "under"));
    return group;
  }
  const [start, end] = row.kind === "response" ? [to, from] : [from, to];
  const way = Math.sign(end - start);
  const tip = row.failed ? end + 11 : end;
  fill(group, {}, [
    svg("line", { class: "arrow", x1: start, x2: tip - way * 2, y1: line, y2: line }),
    svg("path", { class: "tip", d: `M${tip} ${line} l${-way * 8} -4.5 v9 z` }),
    text(row.text, line - 6, "text"),
    wrapped(row.under ?? "", room, size).map((part, index, all) => text(part, line + 14 + index * 13, "under", all.join(" "))),
  ]);
  if (row.failed) {
    group.append(svg("circle", { class: "stop", cx: end, cy: line, r: 10 }),
      svg("path", { class: "cross", d: `M${end - 4} ${line - 4} l8 8 m0 -8 l-8 8` }));
  }
  if (row.kind === "ghost" && row.under === "never sent") {
    group.append(svg("path", { class: "never", d: `M${to - 18} ${line - 5} l10 10 m0 -10 l-10 10` }));
  }
  return group;
}
