"""What nobody waits for is done once the head went out: in the same order, with the same result, and only where nobody could tell."""

import asyncio
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from corslens.mitm.afterwards import Afterwards
from corslens.mitm.faults import Faults
from corslens.mitm.flow_queue import FlowQueue
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.addons.dumper import Dumper
from mitmproxy.flow import Error

from scripts.bench_suite.chain import Chain, flow_of
from scripts.bench_suite.traffic import session as traffic
from scripts.bench_suite.traffic import simple
from tests.mitm.make import answered, flow, standing_still


class Recorder:
    """A session that writes down what it is given."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.patching = PatchMode(lambda: 0.0)

    def wants_request(self, data: http.RequestData, concerns: bool | None) -> bool:
        return not data.path.startswith(b"/0")

    def wants_response(self, flow: http.HTTPFlow, response: http.Response) -> bool:
        return response.status_code != 204 or self.knows(flow)

    def knows(self, flow: http.HTTPFlow) -> bool:
        return any(call[1] == flow.id for call in self.calls)

    def request_head(self, flow: http.HTTPFlow, head: FlowRequestHead, page: str | None = None) -> None:
        self.calls.append(("request", flow.id, head.path, page))

    def response_head(self, flow: http.HTTPFlow, head: FlowResponseHead) -> bool:
        self.calls.append(("response", flow.id, head.status))
        return False

    def response_done(self, flow: http.HTTPFlow) -> None:
        self.calls.append(("done", flow.id))

    def failed(self, flow: http.HTTPFlow) -> None:
        self.calls.append(("failed", flow.id))


def queue(*, waits: bool) -> tuple[FlowQueue, Recorder]:
    recorder = Recorder()
    made = FlowQueue(Afterwards(), Faults(), lambda _: None)
    made.session, made.may_wait = cast(Session, recorder), waits
    return made, recorder


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["request_head", "response_head", "response_done", "failed", "work_off"]))
    ),
    replayed=st.sets(st.integers(0, 4)),
)
def test_the_session_gets_the_same_in_the_same_order(steps: list[tuple[int, str]], replayed: set[int]) -> None:
    flows = [answered(flow(path=f"/{n}"), 200 if n < 2 else 204) for n in range(5)]
    for n in replayed:
        flows[n].is_replay = "request"

    async def run(*, waits: bool) -> list[tuple[object, ...]]:
        called, recorder = queue(waits=waits)
        for n, step in steps:
            made = flows[n]
            path, made.request.path = made.request.path, f"/{n}"
            getattr(called, step)(*(() if step == "work_off" else (made,)))
            made.request.path = f"{path}/elsewhere"[:40]  # others send it to another place
        called.work_off()
        return recorder.calls

    assert asyncio.run(run(waits=True)) == asyncio.run(run(waits=False))


async def test_a_fault_costs_no_other_flow(caplog: pytest.LogCaptureFixture) -> None:
    called, recorder = queue(waits=True)
    one, other = answered(flow()), answered(flow())
    called.request_head(one)
    recorder.request_head = None  # type: ignore[assignment]
    called.request_head(other)
    called.response_done(other)
    called.work_off()
    assert [call[0] for call in recorder.calls][-1:] == ["done"]
    assert any("Internal error in corslens" in record.getMessage() for record in caplog.records)


async def test_other_traffic_has_its_turn() -> None:
    """What takes long is done in parts."""
    time = iter(range(100))
    recorder = Recorder()
    afterwards = Afterwards()
    called = FlowQueue(afterwards, Faults(), lambda _: None, clock=lambda: float(next(time)))
    called.session, called.may_wait = cast(Session, recorder), True
    for n in range(1, 4):
        made = answered(flow(path=f"/{n}"))
        called.request_head(made)
        called.response_done(made)
    for number in (1, 2, 3):
        await asyncio.sleep(0)
        assert len(recorder.calls) == number


async def test_what_is_put_off_is_bounded() -> None:
    called, recorder = queue(waits=True)
    for n in range(1, 101):
        called.request_head(flow(path=f"/{n}"))
    assert len(called._waiting) == 24
    assert [call[2] for call in recorder.calls] == [f"/{n}".encode() for n in range(1, 77)]


def a_chain(**settings: Any) -> Chain:
    """A chain in which no pause of this process's own, such as a look for garbage among all tests, takes the time of an exchange."""
    return Chain(work_clock=standing_still, **settings)


async def pass_through(folder: Path, *, waits: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    log = folder / f"{waits}.jsonl"
    with monkeypatch.context() as patched:
        if not waits:
            patched.setattr("corslens.mitm.addon.may_wait", lambda *_: False)
        async with a_chain(cors_log=str(log), cors_show="none") as chain:
            chain.addon.on_tick()
            assert chain.addon._flows.may_wait is waits
            await chain.send(traffic(400, seed=7))
    records = map(msgspec.json.decode, log.read_bytes().splitlines())
    return {record["id"]: record for record in records}  # the last of each counts


async def test_the_same_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uuid.uuid4", Numbers())
    later = await pass_through(tmp_path, waits=True, monkeypatch=monkeypatch)
    monkeypatch.setattr("uuid.uuid4", Numbers())
    at_once = await pass_through(tmp_path, waits=False, monkeypatch=monkeypatch)
    assert len(later) > 300
    assert [(later[id], at_once[id]) for id in later if later[id] != at_once[id]] == []


class Numbers:
    """Ids that are the same each time."""

    def __init__(self) -> None:
        self._next = 0

    def __call__(self) -> str:
        self._next += 1
        return f"{self._next:08}"


def a_flow() -> http.HTTPFlow:
    return flow_of(simple(1, 1.0))


async def marks_at_the_end(*addons: object, **settings: Any) -> dict[str, Any]:
    """The marks of a flow as its last hook ends."""
    async with a_chain(cors_show="none", **settings) as chain:
        chain._master.addons.add(*addons)
        chain.addon.on_tick()
        made = a_flow()
        chain.call(made)
        return dict(made.metadata)


async def test_marks_come_afterwards_in_plain_mitmdump() -> None:
    async with a_chain(cors_show="none") as chain:
        chain.addon.on_tick()
        made = a_flow()
        chain.call(made)
        assert made.metadata == {}
        session = chain.addon.session  # whoever reads finds all of it
        assert session is not None
        assert session.get(made.id) is not None
        assert "corslens" in made.metadata


def reads(hook: str) -> object:
    """An addon of somebody's with this hook."""
    return SimpleNamespace(name="theirs", **{hook: lambda _: None})


READERS: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {
    "another addon": ((reads("response"),), {}),
    "an addon that looks at heads": ((reads("responseheaders"),), {}),
    "a filter on metadata": ((), {"stickycookie": "~meta corslens"}),
    "an addon that looks at messages of WebSockets": ((reads("websocket_message"),), {}),
    "an addon that looks at its flows at the end": ((reads("done"),), {}),
    "headers that are changed after us": ((), {"modify_headers": ["/~s/Vary/Origin"]}),
    "bodies that are changed after us, and lengths with them": ((), {"modify_body": ["/~s/hello/good day"]}),
    "patching": ((), {"cors_patch": "~all"}),
    "a scope": ((), {"cors_scope": "~all"}),
}


@pytest.mark.parametrize(("addons", "settings"), READERS.values(), ids=READERS)
async def test_marks_are_there_for_whoever_may_read_them(addons: tuple[object, ...], settings: dict[str, object]) -> None:
    marks = await marks_at_the_end(*addons, **settings)
    assert "corslens" in marks


async def test_saved_flows_have_their_marks(tmp_path: Path) -> None:
    marks = await marks_at_the_end(save_stream_file=str(tmp_path / "flows"))
    assert "corslens" in marks


async def test_the_dumper_chooses_a_view_by_marks() -> None:
    async with a_chain(cors_show="none") as chain:
        chain._master.addons.add(Dumper(io.StringIO()))
        chain.set(flow_detail=3)
        chain.addon.on_tick()
        made = a_flow()
        chain.call(made)
        assert "corslens" in made.metadata


async def test_a_script_that_was_edited_may_read_marks_at_once() -> None:
    """mitmproxy tells nobody of it."""
    async with a_chain(cors_show="none") as chain:
        addons = chain._master.addons
        before = addons.register(reads("request"))
        chain.addon.on_tick()
        addons.remove(before)
        addons.register(reads("response"))
        made = a_flow()
        chain.call(made)
        assert "corslens" in made.metadata


async def test_an_addon_that_only_looks_at_requests_is_no_reader() -> None:
    marks = await marks_at_the_end(reads("request"))
    assert marks == {}


async def test_from_an_option_on_nothing_waits() -> None:
    """Patching is in force for the very next flow."""
    async with a_chain(cors_show="none") as chain:
        chain.addon.on_tick()
        first = a_flow()
        chain.call(first)
        chain.set(cors_patch="~all")
        assert "corslens" in first.metadata
        second = a_flow()
        chain.call(second)
        assert "corslens" in second.metadata


async def test_what_passed_before_another_log_is_in_the_first_one(tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    async with a_chain(cors_show="none", cors_log=str(first)) as chain:
        chain.addon.on_tick()
        made = a_flow()
        chain.call(made)
        chain.set(cors_log=str(second))
        assert made.id in first.read_text()
    assert made.id not in second.read_text()


async def test_a_flow_that_fails_comes_after_those_before_it() -> None:
    called, recorder = queue(waits=True)
    one, other = answered(flow()), flow()
    called.request_head(one)
    called.request_head(other)
    called.response_head(one)
    other.error = Error("server gone")
    called.failed(other)
    assert [call[0] for call in recorder.calls] == ["request", "request", "response", "failed"]
