"""What is wrong and what to do about it, in lines that several formats print; redacted and not escaped."""

import re
from collections.abc import Iterator

from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.problem import Problem
from corslens.lint.finding import Fix
from corslens.observation.redaction import redact_url

_URL_GOES_ON = re.compile(r"[\w/?#.-]")


def fix_line(fix: Fix) -> str:
    """Return a fix in one line: who can make it, what to do, and the header lines to send."""
    shown = [part for part in (fix.text, "; ".join(fix.beside)) if part]
    return f"Fix ({fix.side.value}): {': '.join(shown)}"


def fix_block(fix: Fix) -> Iterator[str]:
    """Yield a fix in lines of its own: who can make it and what to do, then the header lines to send, so that each can be copied."""
    first, *rest = fix.lines
    yield f"Fix ({fix.side.value}): {first}"
    yield from (f"  {line}" for line in rest)


def without_origin(diagnosis: Diagnosis, message: str) -> str:
    """Return a message on a page request whose URL stands beside it: with the path alone; of a redirect it names another URL, which stays."""
    request = diagnosis.place.observation.exchange.request
    shown, origin = redact_url(request.url), redact_url(diagnosis.place.observation.target_origin)
    if request.url == diagnosis.page_request.url and shown.startswith(f"{origin}/"):
        first, *rest = message.split(shown)
        path = shown[len(origin) :]
        return first + "".join((shown if _URL_GOES_ON.match(part) else path) + part for part in rest)
    return message


def fix_lines(problem: Problem) -> Iterator[str]:
    """Yield the fix to make first, then the others."""
    cause = problem.cause
    for place, fix in enumerate(() if cause is None else cause.fixes):
        line = fix_line(fix)
        yield line if place == 0 else line.replace("Fix", "Or", 1)


def also(problem: Problem) -> Iterator[str]:
    """Yield what follows from the cause, and what else is wrong, if anything does and is."""
    diagnosis = problem.diagnosis
    if diagnosis.explained:
        yield f"So: {', '.join(dict.fromkeys(finding.rule for finding in diagnosis.explained))}"
    for finding in diagnosis.beside:
        line = f"; {fix_line(finding.fix)}" if finding.fix is not None else ""
        yield f"Also ({finding.severity.word}): {finding.message} [{finding.rule}]{line}"


def examples(problem: Problem) -> Iterator[str]:
    """Say where the examples are: `a.har entry 12`."""
    for example in problem.examples:
        exchange = example.diagnosis.place.observation.exchange
        source = exchange.source
        yield exchange.id if source.file is None else f"{source.file} entry {source.index}"
