"""No store grows with the traffic: every container that can be reached from the running addon stays at its limit.

scripts/bench memory pushes a million exchanges through the same chain and looks at the process from outside.
"""

import functools
import gc
import inspect
import sys
import types
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice

import pytest
from corslens.diagnosis import problem, problem_store, summary
from corslens.diagnosis.summary import SessionSummary
from corslens.lint.rules import index
from corslens.lint.rules.plan import Plan
from corslens.mitm import continuations, in_flight, terminal, unreachable
from corslens.observation import request_head
from corslens.patching.summary import PatchSummary
from corslens.verdict import decide_each
from mitmproxy.tools.dump import DumpMaster

from scripts.bench_suite.chain import Chain
from scripts.bench_suite.crowd import crowd

LIMIT = 150
COUNT = 4_000
"""Exchanges, half of them when every limit was reached long ago."""

_NOT_OURS = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    type,
    DumpMaster,
    Plan,
)
"""Of a plan the size is that of the rules; how many plans there are is a limit, and looked at."""
_CONTAINERS = (dict, list, set, deque, tuple, frozenset)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits that are constants, at the size of the others, so that a short test reaches them."""
    for module, name in (
        (in_flight, "IN_FLIGHT"), (continuations, "_MAX_ISSUED"), (terminal, "REMEMBERED"), (unreachable, "MAX_REPORTED"), (problem, "NAMES"), (problem, "_LIVES"),
        (summary, "_ENDPOINTS"), (summary, "_CELLS"), (problem_store, "_GONE"), (index, "_REMEMBERED"), (decide_each, "_REMEMBERED"), (request_head, "_HEADS_READ"),
    ):  # fmt: skip
        assert getattr(module, name) > 0
        monkeypatch.setattr(module, name, LIMIT)


def reachable(roots: list[object]) -> Iterator[object]:
    """Yield every object that the roots hold, however far away; code and mitmproxy's master are not looked into."""
    seen = set(map(id, roots))
    todo = list(roots)
    while todo:
        held = todo.pop()
        yield held
        for other in gc.get_referents(held):
            if id(other) not in seen and not isinstance(other, _NOT_OURS):
                seen.add(id(other))
                todo.append(other)


def roots(chain: Chain) -> list[object]:
    """The addon, and every container that a module of ours keeps."""
    kept = [
        value
        for name, module in list(sys.modules.items())
        if name.split(".")[0] == "corslens"
        for value in vars(module).values()
        if isinstance(value, _CONTAINERS) and value is not vars(module).get("__builtins__")
    ]
    return [chain.addon, *kept]


def held(chain: Chain) -> tuple[Counter[int], int]:
    """How many containers there are of each size over the limit, and how many objects are held in all."""
    gc.collect()
    found: Counter[int] = Counter()
    number = 0
    for number, one in enumerate(reachable(roots(chain)), 1):  # noqa: B007  # how many there are
        if isinstance(one, _CONTAINERS) and len(one) > LIMIT:
            found[len(one)] += 1
    return found, number


async def test_every_store_stays_at_its_limit(small_limits: None, tmp_path) -> None:
    """Twice the traffic holds no more; a container over the limit was so before, a table of words say."""
    settings = {"cors_patch": "~m GET", "cors_patch_origins": ["any"], "cors_patch_minutes": 0}
    settings["cors_report"] = str(tmp_path / "report.json")
    async with Chain(cors_history=LIMIT, **settings) as chain:
        addon = chain.addon
        addon._outputs._summary = SessionSummary(remember=LIMIT, hold=0, problems=LIMIT, everything=True)
        assert addon.session is not None
        addon.session.patch_summary = PatchSummary(LIMIT)
        exchanges = crowd(COUNT)
        await chain.send(islice(exchanges, LIMIT // 2))  # what is made the first time is made
        before, _ = held(chain)
        await chain.send(islice(exchanges, COUNT // 2))
        _, objects = held(chain)
        await chain.send(islice(exchanges, COUNT // 2))
        after, objects_after = held(chain)
        assert after - before == Counter()
        assert objects_after < 1.05 * objects, (objects, objects_after)
        assert not addon.faults
        dropped = addon.dropped()
    assert dropped.keys() >= {
        "exchanges", "endpoints", "stored responses", "pending preflights", "settled preflights", "redirects", "connections",
        "preflight cache entries", "open exchanges", "flows under way", "missing headers", "problems",
        "pairs of origins", "endpoints of the report",
    }  # fmt: skip


def test_every_cache_of_results_is_bounded() -> None:
    """In its number of entries; what an entry may hold is bounded_cache.py's business."""
    gc.unfreeze()
    caches = [
        held for held in gc.get_objects() if type(held) is functools._lru_cache_wrapper
    ]  # not isinstance: that wakes lazy objects
    unbounded = {
        f"{cache.__module__}.{cache.__name__}"
        for cache in caches
        if cache.__module__.startswith("corslens")
        and cache.cache_parameters()["maxsize"] is None
        and inspect.signature(cache.__wrapped__).parameters  # without one there is one entry
    }
    # Of our own files and servers, not of traffic.
    assert unbounded <= {"corslens.report.page.assets.asset", "corslens.advice.settings._environment"}
