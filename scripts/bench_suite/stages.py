"""What an exchange costs us, stage by stage: observe, judge, lint, annotate, log; and the whole of it in all hooks of a live flow.

Each stage runs over and over here, from the processor's caches. In a proxy some 1.4 ms of mitmproxy's own code come between two exchanges,
and the same hooks take two to three times as long: what they cost in earnest is the live part's to say.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import batched, islice

from corslens.fetch.messages import HeaderList
from corslens.inspector import Inspector
from corslens.lint.facts.vocabulary import Facts
from corslens.lint.linter import run
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import Rule, RuleSet
from corslens.mitm.annotate import annotate
from corslens.observation.endpoint_history import Traffic
from corslens.observation.exchange import Exchange
from corslens.observation.observation import Observation
from corslens.observation.pairing import Pairing
from corslens.report.formats.jsonl import encode
from corslens.verdict.decide_each import decide_each
from msgspec import structs

from scripts.bench_suite.chain import Chain, flow_of
from scripts.bench_suite.figures import Figure, figure
from scripts.bench_suite.traffic import pair, plain, simple

_GROUP = "our cost per exchange"
_COUNT = 2_000
_STAGES = (
    "observe",
    "judge",
    "lint",
    "annotate",
    "all of it",
    "log",
    "hooks, live, until the response goes out",
    "all hooks, live",
)
_PLAIN = "an exchange without CORS"


def _fresh(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return copies whose header lists have not been looked into yet, as they come off the wire."""
    return [
        structs.replace(
            each,
            request=structs.replace(each.request, headers=HeaderList(each.request.headers.lines)),
            response=None
            if each.response is None
            else structs.replace(each.response, headers=HeaderList(each.response.headers.lines)),
        )
        for each in exchanges
    ]


def _micros(work: Callable[[], object], count: int) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) / count * 1e6


def _observe(exchanges: Sequence[Exchange]) -> list[Observation]:
    pairing = Pairing()
    observations = []
    for exchange in exchanges:
        pairing.begin(exchange)
        observations.append(pairing.complete(exchange))
    return observations


def _inspect(exchanges: Sequence[Exchange], rules: RuleSet) -> Inspector:
    inspector = Inspector(rules=rules)
    for exchange in exchanges:
        inspector.inspect(exchange)
    return inspector


async def _call_hooks(exchanges: Sequence[Exchange]) -> tuple[float, float]:
    """Return the microseconds an exchange that the browser waits for our hooks, and those of all: counts and the page's data, too."""
    waited = taken = 0.0
    async with Chain(odd=False, cors_show="none") as chain:
        chain.addon.on_tick()  # from the first look at the clock on, what nobody waits for is put off
        for some in batched(exchanges, 8):
            flows = [flow_of(each) for each in some]  # no more at once than a proxy has
            started = time.process_time()
            for flow in flows:
                chain.call(flow)
            waited += time.process_time() - started
            assert chain.addon.summary is not None  # brings everything up to date
            taken += time.process_time() - started
    return waited / len(exchanges) * 1e6, taken / len(exchanges) * 1e6


def _many_rules(rules: RuleSet, count: int) -> RuleSet:
    """Return a set of `count` rules: the shipped ones, over and over under other ids."""
    many: dict[str, Rule] = {}
    copy = 0
    while len(many) < count:
        copy += 1
        for rule in rules.rules.values():
            many[f"{rule.id}-{copy}"] = structs.replace(rule, id=f"{rule.id}-{copy}")
    return RuleSet(dict(islice(many.items(), count)))


def measure(rounds: int) -> list[Figure]:
    """Return the figures of this stage, in microseconds of CPU an exchange."""
    rules = load_rules()
    kinds = {
        "a simple CORS exchange": [simple(n, n / 20) for n in range(_COUNT)],
        "half of a preflight pair": [each for n in range(_COUNT // 2) for each in pair(n, n / 20)],
        _PLAIN: [plain(n, n / 20) for n in range(_COUNT)],
    }
    figures: list[Figure] = []
    for kind, exchanges in kinds.items():
        # Without CORS in it a live flow is let go before it is inspected, unless there is a log that wants it.
        targets = {"all hooks, live": 5.0} if kind == _PLAIN else {"all of it": 50.0}
        stages: dict[str, list[float]] = {name: [] for name in _STAGES}
        for _ in range(rounds):
            fresh = _fresh(exchanges)
            found: list[Observation] = []
            stages["observe"].append(_micros(lambda fresh=fresh, found=found: found.extend(_observe(fresh)), _COUNT))
            stages["judge"].append(_micros(lambda found=found: [decide_each(each) for each in found], _COUNT))
            traffic = Traffic()
            facts = [Facts(each, decide_each(each), traffic.record(each)) for each in found]
            stages["lint"].append(_micros(lambda facts=facts: [run(rules, each) for each in facts], _COUNT))
            fresh = _fresh(exchanges)
            inspectors: list[Inspector] = []
            stages["all of it"].append(_micros(lambda fresh=fresh, to=inspectors: to.append(_inspect(fresh, rules)), _COUNT))
            recent = list(inspectors[0].recent())
            stages["log"].append(_micros(lambda recent=recent: [encode(each) for each in recent], _COUNT))
            flows = [(flow_of(each.observation.exchange), each) for each in recent]
            stages["annotate"].append(_micros(lambda flows=flows: [annotate(flow, each) for flow, each in flows], len(flows)))
            stages["all of it"][-1] += stages["annotate"][-1]
            waited, taken = asyncio.run(_call_hooks(exchanges))
            stages["hooks, live, until the response goes out"].append(waited)
            stages["all hooks, live"].append(taken)
        for name, values in stages.items():
            figures.append(figure(_GROUP, f"{kind}: {name}", "µs", values, targets.get(name)))
    observations = _observe(_fresh(kinds["a simple CORS exchange"]))
    traffic = Traffic()
    histories = [traffic.record(each) for each in observations]
    for count in (60, 600):
        many = _many_rules(rules, count)
        values = []
        for _ in range(rounds):
            facts = [Facts(each, decide_each(each), history) for each, history in zip(observations, histories, strict=True)]
            values.append(_micros(lambda facts=facts, many=many: [run(many, each) for each in facts], _COUNT))
        figures.append(figure(_GROUP, f"lint with {count} rules", "µs", values))
    return figures
