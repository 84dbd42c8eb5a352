"""The live page and the HTML report with 10,000 exchanges: how long the model and the report take, and how large they are."""

import time
from collections.abc import Callable

from corslens.inspector import Inspector
from corslens.lint.loader import load_rules
from corslens.report.as_html import render_html

from bench_suite.figures import Figure, figure
from bench_suite.traffic import session

_COUNT = 10_000


def measure(rounds: int) -> list[Figure]:
    """Return the figures; opening the page in a real browser is measured by the browser tests."""
    inspector = Inspector(rules=load_rules(), history=_COUNT)
    for exchange in session(_COUNT):
        inspector.inspect(exchange)
    inspector.finish()
    group = f"HTML report, {_COUNT} exchanges"
    size = len(render_html(tuple(inspector.recent()))) / 1e6

    def timed(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return [
        figure(group, "rendering", "s", [timed(lambda: render_html(tuple(inspector.recent()))) for _ in range(rounds)]),
        figure(group, "size", "MB", [size]),
    ]
