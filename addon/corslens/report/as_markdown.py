"""Markdown for a pull-request comment: a headline, a table, and each finding's fix folded away."""

from corslens.report.collection import Collection
from corslens.report.escape import escape
from corslens.report.groups import Group, examples_text

_LONGEST = 60_000
"""GitHub takes 65,536 characters in a comment."""

_MARKS = {"error": "🔴", "warning": "🟠", "info": "🔵"}


def render_markdown(collection: Collection) -> str:
    """Return the comment; what does not fit is counted at its end."""
    groups = collection.groups()
    new = [group for group in groups if not collection.is_known(group)]
    known = len(groups) - len(new)
    tally = collection.tally
    silenced = tally.silenced_first()
    lines = [f"## corslens: {_headline(new, known=known, silenced=bool(silenced), blocked=tally.labels['BLOCKED'])}", ""]
    counts = f"{tally.exchanges} exchange{'' if tally.exchanges == 1 else 's'}, {tally.cors} of them CORS; {tally.labels['BLOCKED']} blocked"
    depending = tally.labels["DEPENDS"]
    lines.append(
        f"{counts}, {depending} that depend{'s' if depending == 1 else ''} on credentials." if depending else f"{counts}."
    )
    if known:
        lines.append(f"{known} known from the baseline, not listed.")
    lines += [f"- {count} silenced: {_code(rule)} ({_inline(note)})" for (rule, note), count in silenced]
    lines += _table(new)
    for one in collection.inputs:
        lines += [f"\n> ⚠️ {_inline(sentence)}" for sentence in one.damages]
        lines += [f"\n> {_inline(sentence)}" for sentence in one.notes]
    return "\n".join(lines) + "\n"


def _headline(groups: list[Group], *, known: int, silenced: bool, blocked: int) -> str:
    counts = []
    for word in _MARKS:
        number = sum(group.severity.word == word for group in groups)
        if number:
            counts.append(f"{number} {word}{'s' if number > 1 and word != 'info' else ''}")
    if counts:
        return ", ".join(counts)
    if known or silenced:
        accepted = " and ".join(word for word, is_so in (("known", known), ("silenced", silenced)) if is_so)
        return f"nothing but what is {accepted}"
    return f"no finding, but {blocked} blocked" if blocked else "nothing found"


def _table(groups: list[Group]) -> list[str]:
    if not groups:
        return []
    rows = ["", "| | rule | endpoint | times |", "| --- | --- | --- | ---: |"]
    details = [""]
    length = 1_000
    for place, group in enumerate(groups):
        row = f"| {_MARKS[group.severity.word]} | {_code(group.key.rule)} | {_code(group.key.endpoint)} | {group.count} |"
        detail = _detail(group)
        length += len(row) + len(detail) + 2
        if length > _LONGEST:
            details.append(f"\n… and {len(groups) - place} more.")
            break
        rows.append(row)
        details.append(detail)
    return rows + details


def _detail(group: Group) -> str:
    lines = [
        f"<details><summary>{_html(group.key.rule)}: {_html(group.message)}</summary>\n",
        f"- {', '.join(map(_code, sorted(group.methods)))} {_code(group.key.endpoint)}",
    ]
    if group.pages:
        lines.append(f"- from {', '.join(map(_code, sorted(group.pages)))}{' and others' if group.unnamed else ''}")
    if group.fix:
        lines.append(f"- fix: {_inline(group.fix)}")
    lines.append(f"- seen in {', '.join(map(_code, examples_text(group)))}")
    return "\n".join(lines) + "\n\n</details>\n"


_DELIMITERS = str.maketrans({"`": r"\x60", "|": r"\x7c"})
"""What would end a code span, or a cell of a table; written as `escape` writes what is invisible."""


def _code(text: str) -> str:
    """Return a code span: the one place where GitHub reads no markup, and makes no mention, reference or link of anything.

    It looks for those in the HTML that comes of the Markdown, where backslashes and entities are gone. In an HTML element amid Markdown
    it finds them, too, but for those of a block.
    """
    text = escape(text).translate(_DELIMITERS)
    return f"`{text}`" if text.strip() else ""


_inline = _code
"""Sentences, too: what is of the wire in them is not marked."""


def _html(text: str) -> str:
    """Return the text as it may stand in a block of HTML, as code."""
    text = escape(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<code>{text}</code>"
