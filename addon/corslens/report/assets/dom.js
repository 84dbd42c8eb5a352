"use strict";
/* Making elements. Text from the wire only ever becomes a text node or an attribute's value: nothing here parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `properties` are attributes, `on…` listeners, `class`; children are nodes or text. */
function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Make an SVG element. */
function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : visible(String(child)));
  }
  return element;
}

/** Make characters visible that would hide or reorder what stands around them: controls and bidirectional marks. */
function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

const byId = (id) => document.getElementById(id);

/** Return the text as nodes, what stands between backticks as code. */
function prose(text) {
  return String(text ?? "").split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

/** Return paragraphs of the text, split at empty lines. */
function paragraphs(text) {
  return String(text ?? "").trim().split(/\n\s*\n/).filter(Boolean).map((part) => h("p", {}, prose(part)));
}

/** A link to a page that explains; anything but http(s) is shown as text, since a user's own rules name it. */
function sourceLink(url, words = url.replace(/^https?:\/\//i, "")) {
  if (!/^https?:\/\//i.test(url)) return document.createTextNode(words);
  return h("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, words);
}

const calendar = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const calendarInFull = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A time element: the date, without its year, and the clock's time. */
function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode("?");
  return h("time", { datetime: date.toISOString(), title: calendarInFull.format(date) }, calendar.format(date));
}

const number = new Intl.NumberFormat("en");
/* Where there is little room. */
const shortNumber = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const count = (n, one, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;

/** A button that copies; the clipboard API is missing on http pages, so a selection is the way out. */
function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const area = h("textarea", { class: "hidden", "aria-hidden": "true", tabindex: "-1" });
      area.value = text;
      button.after(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = done ? "Copied ✓" : "Not copied";
    announce(done ? `Copied ${what}` : `Could not copy ${what}`);
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return button;
}

/** Let screen readers say it. */
function announce(words) {
  byId("announced").textContent = words;
}

/** Put the children in this order with the fewest moves, and keep the focus where it was. */
function arrange(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  if (focused && document.activeElement !== focused && parent.contains(focused)) focused.focus({ preventScroll: true });
}
