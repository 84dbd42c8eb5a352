"""No exchange, and no number of exchanges, keeps more memory than the options say: 1,600 heads of 300 KB took 583 MiB."""

import gc
import logging
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from corslens.fetch.messages import HeaderLine, HeaderList, Request, Response
from corslens.inspection import weigh_inspection
from corslens.observation.exchange import Exchange

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.hostile_shapes import RESPONSES, TIME, exchange

HISTORY_MB = 2
MEGABYTE = 1 << 20
HEAD = 300_000
"""Bytes of a hostile head."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    tracemalloc.stop()
    logging.disable(logging.NOTSET)


type Head = tuple[str, list[HeaderLine], list[HeaderLine]]


def _names_asked(number: int) -> Head:
    asked = ", ".join(f"x-{number}-{part}-{'n' * 200}" for part in range(HEAD // 220))
    return ("OPTIONS", [("Access-Control-Request-Headers", asked)], [("Access-Control-Allow-Headers", asked[::-1])])


HEADS: dict[str, Callable[[int], Head]] = {
    "many lines": lambda number: ("GET", [], [(f"X-{number}-{part}", "v" * 20) for part in range(HEAD // 32)]),
    "long lines": lambda number: ("GET", [], [(f"X-{part}", f"{number}" + "v" * 30_000) for part in range(HEAD // 30_000)]),
    "near misses": lambda number: ("GET", [], [(f"Access-Control-Allow-Orig{number}{part}", "*") for part in range(HEAD // 32)]),
    "both halves": lambda number: (
        "GET", [("X-Page", f"{number}" + "v" * 30_000)] * 9, [("Set-Cookie", f"{number}" + "v" * 30_000)] * 9
    ),
    "an allowlist": lambda number: ("GET", [], [("Access-Control-Allow-Origin", f"https://{number}." + "v" * 30_000)] * 9),
    "long names asked": _names_asked,
    "a redirect": lambda number: ("GET", [], [("Location", f"https://other{number}.example/?" + "v" * HEAD)]),
    "cookies set": lambda number: ("GET", [], [("Set-Cookie", f"c{number}_{part}={'v' * 2_000}") for part in range(HEAD // 2_000)]),
    "what names the client": lambda number: (
        "GET", [("User-Agent", f"{number}" + "v" * 30_000), *[(f"Sec-Fetch-{name}", f"{number}" + "v" * 30_000) for name in ("Dest", "Site")]], []
    ),
    "a stored response": lambda number: ("GET", [("Cookie", f"{number}" + "v" * HEAD)], [("ETag", f"{number}" + "v" * HEAD)]),
}  # fmt: skip
"""Method, lines of the request and of the response, by a number: none of them equal to an earlier one."""


def hostile(kind: str, number: int) -> Exchange:
    method, asked, answered = HEADS[kind](number)
    lines = [
        ("Origin", f"https://page{number}.example"),
        ("User-Agent", f"{number} Chrome/156"),
        ("Sec-Fetch-Mode", "cors"),
        *asked,
    ]
    if method == "OPTIONS":
        lines.append(("Access-Control-Request-Method", "PUT"))
    time = TIME + number
    return Exchange(
        id=f"{kind} {number}",
        request=Request(
            method=method, url=f"https://api{number}.example/me?q=" + "u" * 5_000, headers=HeaderList(lines), time=time
        ),
        response=Response(status=302 if kind == "a redirect" else 200, headers=HeaderList(answered), time=time + 0.01),
        client=f"client{number}",
        connection=f"connection{number}",
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", HEADS)
async def test_exchanges_of_any_size_stay_within_the_budget(kind: str, tmp_path) -> None:
    """The budget is an estimate, and what is never weighed (counts, texts of problems) comes to it."""
    settings = {"cors_history_mb": HISTORY_MB, "cors_show": "none", "cors_report": str(tmp_path / "report.json")}
    async with Chain(odd=False, **settings) as chain:
        await chain.send([hostile(kind, 0)])
        gc.collect()
        tracemalloc.start()
        held = []
        for block in range(2):
            await chain.send(hostile(kind, 1 + block * 8 + number) for number in range(8))
            assert chain.addon.summary is not None  # brings up to date what would be done in a moment
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert not chain.addon.faults
    assert held[-1] < 3 * HISTORY_MB * MEGABYTE, [f"{each / MEGABYTE:.1f} MiB" for each in held]
    assert held[-1] < held[0] + MEGABYTE, [f"{each / MEGABYTE:.1f} MiB" for each in held]


@pytest.mark.slow
async def test_sixty_large_heads_stay_within_four_megabytes() -> None:
    """30 MB of heads: both what is estimated and what Python allocates stay bounded, and what is dropped is counted."""
    async with Chain(odd=False, cors_history_mb=4, cors_show="none") as chain:
        await chain.send([hostile("both halves", 0)])
        gc.collect()
        tracemalloc.start()
        await chain.send(hostile("both halves", number) for number in range(1, 61))
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert chain.addon.session is not None
        kept = chain.addon.session.recent()
        estimated = sum(map(weigh_inspection, kept))
        dropped = chain.addon.dropped()
        assert not chain.addon.faults
    assert estimated < 4 * MEGABYTE
    assert held < 8 * MEGABYTE, f"{held / MEGABYTE:.1f} MiB"
    assert dropped["exchanges"] == 61 - len(kept) > 0
    assert chain.addon.summary.exchanges == 61, "what is dropped is counted all the same"


@pytest.mark.slow
async def test_no_exchange_leaves_more_than_a_megabyte() -> None:
    async with Chain(odd=False, cors_show="none") as chain:
        each = [hostile(kind, 0) for kind in HEADS]
        each += [exchange("asking names", response, 9_000) for response in RESPONSES]
        await chain.send([hostile("many lines", 1)])
        for one in each:
            tracemalloc.start()
            chain.costs(one)
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            assert taken < MEGABYTE, f"{one.id}: {taken:,} bytes"
