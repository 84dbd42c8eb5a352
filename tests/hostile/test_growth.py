"""A hostile HAR to `analyze`: what is done grows with the file at most in proportion, and what is in one head not at all beyond the limits.

Counted are calls, of Python's functions and of C's, so that nothing depends on the machine: a list of 2 MB in both halves of a preflight
takes 7 ms of CPU (`corslens analyze` on it), where a quadratic step would take hours.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from corslens.analysis import Judging, collect, prefixes
from corslens.diagnosis.summary import SessionSummary
from corslens.fetch.limits import LIST_ELEMENTS

from tests.inputs.make_har import at, encoded, entry
from tests.make import PAGE

JUDGED = Judging().settings()
type Lines = list[tuple[str, str]]


def names(beginning: str, size: int) -> str:
    return ", ".join(f"{beginning}{number:08}" for number in range(size))


SHAPES: dict[str, Callable[[int], tuple[Lines, Lines]]] = {
    "names that are asked for, and others": lambda n: (
        [("Access-Control-Request-Headers", names("x-", n))],
        [("Access-Control-Allow-Headers", names("y-", n)), ("Access-Control-Allow-Methods", names("m-", n))],
    ),
    "names backwards": lambda n: (
        [("Access-Control-Request-Headers", names("x-", n))],
        [("Access-Control-Allow-Headers", names("x-", n)[::-1])],
    ),
    "near misses": lambda n: (
        [("Access-Control-Request-Headers", "content-type")],
        [(f"Access-Control-Allow-Orig{number:06}", "*") for number in range(n)],
    ),
    "lines of one name": lambda n: ([("Access-Control-Request-Headers", "x-a")] * n, [("Access-Control-Allow-Headers", "x-b")] * n),
    "servers": lambda n: ([("Access-Control-Request-Headers", "x-a")], [("Server", f"nginx/{number}") for number in range(n)]),
}  # fmt: skip


def har(shape: str, size: int, entries: int = 1) -> bytes:
    asked, answer = SHAPES[shape](size)
    given = [("Origin", PAGE), ("Access-Control-Request-Method", "PUT"), *asked]
    answer = [("Access-Control-Allow-Origin", PAGE), *answer]
    return encoded(*[entry("OPTIONS", given=given, status=204, answer=answer, started=at(number)) for number in range(entries)])


def calls(folder: Path, content: bytes, exchanges: int = 1) -> int:
    """How many functions are called to read and judge a HAR."""
    path = folder / "a.har"
    path.write_bytes(content)
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    summary = SessionSummary(everything=True)
    prefix = prefixes([str(path)])[str(path)]
    for _ in range(2):  # what is worked out at the first sight of a shape and at the second is no work of this capture
        collect(str(path), prefix, JUDGED, SessionSummary(everything=True))
    sys.setprofile(note)
    try:
        collect(str(path), prefix, JUDGED, summary)
    finally:
        sys.setprofile(None)
    assert summary.exchanges == exchanges
    return count


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_beyond_the_limits_a_head_costs_no_more(shape: str, tmp_path: Path) -> None:
    """But for reading it and for looking at the names of what is cut: eight times as much, at most eight times that."""
    calls(tmp_path, har(shape, LIST_ELEMENTS))  # what is done the first time is done
    at_the_limit, beyond, far_beyond = (calls(tmp_path, har(shape, LIST_ELEMENTS * factor)) for factor in (2, 8, 64))
    assert beyond < 6 * at_the_limit, (at_the_limit, beyond, far_beyond)
    assert far_beyond < 12 * beyond, (at_the_limit, beyond, far_beyond)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_number_of_entries(shape: str, tmp_path: Path) -> None:
    """Four times as many hostile entries for one endpoint, at most some four times the work."""
    calls(tmp_path, har(shape, 64, 2), 2)
    some, many = calls(tmp_path, har(shape, 64, 10), 10), calls(tmp_path, har(shape, 64, 40), 40)
    assert many < 5 * some, (some, many)


def test_two_megabytes_of_names_are_a_few_thousand_calls(tmp_path: Path) -> None:
    """Fewer than one for each of the 120,000 names."""
    content = har("names that are asked for, and others", 60_000)
    assert len(content) > 2_000_000
    assert calls(tmp_path, content) < 60_000


def redirects(count: int, sources: int) -> bytes:
    """Redirects up to the limit, of a page whose sixteen documents each allow so many sources, in a policy and in further ones."""
    few = "connect-src https://api.example" + " https://*.b.example:*" * (sources // 2)
    policy = ", ".join([few, *["connect-src https://api.example https://b.example"] * (sources // 4), ";" * 20_000])
    document = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
    given = [("Origin", PAGE), ("Referer", f"{PAGE}/"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")]
    entries = [
        entry(
            "GET",
            f"{PAGE}/{number}",
            document,
            answer=[("Content-Security-Policy", f"connect-src https://{number}.example/ {policy[12:]}")],
            started=at(number / 100),
        )
        for number in range(16)
    ]
    for number in range(count):
        chain, hop = divmod(number, 20)
        to = [("Access-Control-Allow-Origin", "*"), ("Location", f"https://other.example/{chain}/{hop + 1}")]
        url = f"https://api.example/{chain}/{hop}"
        entries.append(entry("GET", url, given, status=302, answer=to, started=at(1 + number / 100)))
    return encoded(*entries)


@pytest.mark.slow
@pytest.mark.parametrize("sources", [60, 1_000])
def test_redirects_cost_what_they_are_and_not_what_pages_allow(sources: int, tmp_path: Path) -> None:
    """Four times as many, four times the work; no more than some milliseconds each, however many sources are compared."""
    few, many = (calls(tmp_path, redirects(count, sources), 16 + count) for count in (10, 40))
    assert many < 5 * few, (few, many)
    assert many - few < 30 * 60_000, (few, many)
