"""Several inspections are put out at once, and none waits for others that do not come."""

import asyncio
import io

from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm.afterwards import Afterwards
from corslens.mitm.outputs import Outputs
from corslens.mitm.terminal import Terminal
from msgspec import structs

from tests import make

INSPECTOR = Inspector(rules=load_rules())
SOME = [INSPECTOR.inspect(structs.replace(make.exchange(make.request(), make.response()), id=f"{n}"))[0] for n in range(9)]


def heard_by(outputs: Outputs) -> list[str]:
    heard: list[str] = []
    outputs.listeners.append(lambda inspection: heard.append(inspection.id))
    return heard


def some_outputs() -> Outputs:
    return Outputs(Terminal(io.StringIO()), Afterwards(), lambda error, _: _raise(error), history=100)


def _raise(error: Exception) -> None:
    raise error


async def test_several_at_once() -> None:
    outputs = some_outputs()
    heard = heard_by(outputs)
    for one in SOME[:2]:
        outputs.take(one, final=True)
    await asyncio.sleep(0)
    assert heard == []
    outputs.take(SOME[2], final=True)
    assert heard == []  # the hook that handed it over is not to wait
    await asyncio.sleep(0)
    assert heard == [one.id for one in SOME[:3]]


async def test_one_alone_comes_soon() -> None:
    outputs = some_outputs()
    heard = heard_by(outputs)
    out = asyncio.Event()
    outputs.listeners.append(lambda _: out.set())
    outputs.take(SOME[0], final=True)
    await out.wait()
    assert heard == [SOME[0].id]


async def test_at_once_for_who_reads_the_summary() -> None:
    outputs = some_outputs()
    outputs.take(SOME[0], final=True)
    assert outputs.summary.exchanges == 1


def test_at_once_where_no_loop_comes_by() -> None:
    outputs = some_outputs()
    heard = heard_by(outputs)
    outputs.take(SOME[0], final=True)
    assert heard == [SOME[0].id]
