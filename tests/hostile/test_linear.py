"""Nothing takes longer than in proportion to what came over the wire: ten times as much, at most some thirty times as long."""

import time
from collections.abc import Callable

import pytest
from corslens.fetch.messages import HeaderList, Request, Response
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import redact_url
from corslens.report.formats.exchange_text import render_view
from corslens.report.formats.jsonl import encode

RULES = load_rules()


def answers(count: int) -> dict[str, list[tuple[str, str]]]:
    """Header lines that grow with `count`."""
    return {
        "lines of one name": [("Access-Control-Allow-Origin", "https://a.example")] * count,
        "lines of many names": [(f"X-{number}", "1") for number in range(count)],
        "tokens in one line": [("Access-Control-Allow-Headers", "x-a, " * count)],
        "different tokens": [("Access-Control-Allow-Headers", ", ".join(f"x-{number}" for number in range(count)))],
        "commas": [("Access-Control-Allow-Methods", "," * count * 5)],
        "one long value": [("Access-Control-Allow-Origin", "a" * count * 5)],
        "backslashes and quotes": [("Timing-Allow-Origin", '\\"' * count)],
        "digits": [("Access-Control-Max-Age", "9" * count * 5)],
        "a long Location": [("Location", "https://a.example/?" + "token=1&" * count)],
        "misspelt names": [("Access-Control-Allow-Orign", "*")] * count,
        "Vary": [("Vary", "Origin, " * count)],
    }


def inspect(lines: list[tuple[str, str]], method: str) -> None:
    """Everything that is done with an exchange."""
    request = Request(
        method=method,
        url="https://api.example/",
        headers=HeaderList([("Origin", "https://app.example"), ("Access-Control-Request-Method", "PUT"), *lines]),
    )
    exchange = Exchange(id="x", request=request, response=Response(status=200, headers=HeaderList(lines)))
    inspector = Inspector(rules=RULES)
    for inspection in (*inspector.inspect(exchange), *inspector.finish()):
        encode(inspection)
        render_view(inspection, inspector.get)


def seconds(work: Callable[[], object]) -> float:
    """CPU time, the best of three."""
    taken = []
    for _ in range(3):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("kind", answers(1))
def test_time_grows_with_the_size(kind: str, method: str) -> None:
    """A quadratic step would make it a hundred times as long."""
    small, large = answers(2_000)[kind], answers(20_000)[kind]
    inspect(small, method)
    assert seconds(lambda: inspect(large, method)) < 30 * seconds(lambda: inspect(small, method)) + 0.05


def test_redacting_grows_with_the_url() -> None:
    """Also of URLs that no page would send."""
    for unit in ("token=1&", "a" * 8, "eyJhbGci", "eyJhbGciOiJ.", "=&=&=&=&", "????????", "%41%41%4", "sk-sk-sk"):
        small, large = "https://a.example/?a=1&" + unit * 2_000, "https://a.example/?a=1&" + unit * 20_000
        assert seconds(lambda url=large: redact_url(url + "x")) < 30 * seconds(lambda url=small: redact_url(url + "x")) + 0.05
