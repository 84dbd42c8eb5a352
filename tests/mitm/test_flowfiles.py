"""Flow files become exchanges in the order in which the requests came, as far as they can be read."""

import io
from itertools import accumulate

import pytest
from corslens.inputs.damage import Damage
from corslens.mitm import flowfiles
from corslens.mitm.flowfiles import FlowFileReader
from corslens.observation.exchange import Exchange
from mitmproxy import flow as flows
from mitmproxy.flow import Flow
from mitmproxy.io import FlowWriter, tnetstring
from mitmproxy.test import tflow

from tests.each import each
from tests.mitm.make import answered, flow


def written(*made: flows.Flow) -> bytes:
    """A flow file."""
    buffer = io.BytesIO()
    writer = FlowWriter(buffer)
    for one in made:
        writer.add(one)
    return buffer.getvalue()


def at(seconds: float, **settings):
    """An answered flow whose request came then."""
    made = answered(flow(**settings), allow_origin="*")
    made.request.timestamp_start = seconds
    return made


def read(data: bytes) -> tuple[list[Exchange], list[str]]:
    """The exchanges and the sentences about what could not be read."""
    found = list(FlowFileReader(data, "a.mitm", "a"))
    return [one for one in found if isinstance(one, Exchange)], [str(one) for one in found if isinstance(one, Damage)]


def test_order_is_that_of_the_requests():
    """mitmproxy writes a flow when it is over."""
    exchanges, damages = read(written(at(3.0), at(1.0), at(2.0)))
    assert [exchange.request.time for exchange in exchanges] == [1.0, 2.0, 3.0]
    assert [exchange.id for exchange in exchanges] == ["a:1", "a:2", "a:0"]
    assert damages == []


def test_the_source_names_file_position_and_flow():
    made = at(1.0)
    ((exchange,), _) = read(written(made))
    assert (exchange.source.file, exchange.source.index, exchange.source.flow) == ("a.mitm", 0, made.id)


def test_order_is_kept_within_a_window(monkeypatch):
    monkeypatch.setattr(flowfiles, "WINDOW", 3)
    exchanges, _ = read(written(*(at(float(n ^ 1)) for n in range(20))))
    assert [exchange.request.time for exchange in exchanges] == [float(n) for n in range(20)]


def test_what_is_no_http_exchange_is_left_out():
    connect = flow("CONNECT")
    exchanges, damages = read(written(tflow.ttcpflow(), connect, at(1.0), tflow.tdnsflow()))
    assert ([exchange.source.index for exchange in exchanges], damages) == ([2], [])


def test_truncated_anywhere():
    parts = [written(at(float(n))) for n in range(10)]
    data = b"".join(parts)
    boundaries = list(accumulate(map(len, parts), initial=0))

    def check(percent):
        end = len(data) * percent // 100
        exchanges, damages = read(data[:end])
        assert [exchange.source.index for exchange in exchanges] == list(range(sum(edge <= end for edge in boundaries) - 1))
        assert len(damages) == (end not in boundaries)
        assert all("damaged or cut off" in damage for damage in damages)

    each(range(1, 100), check)


def test_a_flow_with_wrong_content_is_a_sentence():
    data = written(at(1.0), at(2.0)).replace(b"timestamp_start", b"timestamp_xtart")
    exchanges, damages = read(data)
    assert exchanges == [] and len(damages) == 1 and damages[0].startswith("a.mitm: ")


@pytest.mark.parametrize("digits", [10, 12])
def test_a_length_of_terabytes_is_a_sentence(digits):
    """mitmproxy's reader asks for that much memory; what came before is there."""
    exchanges, damages = read(written(at(1.0)) + b"9" * digits + b":x}")
    assert len(exchanges) == 1 and damages == ["a.mitm: is damaged or cut off after flow 0"]


def test_progress():
    reader = FlowFileReader(written(*(at(float(n)) for n in range(5))), "a.mitm", "a")
    assert reader.progress == 0.0
    list(reader)
    assert reader.progress == 1.0


def test_an_older_version_is_read():
    """mitmproxy's reader migrates; here from the format before the present one."""
    state = at(1.0).get_state()
    state["version"] = 20
    buffer = io.BytesIO()
    tnetstring.dump(state, buffer)
    exchanges, damages = read(buffer.getvalue())
    assert ([exchange.request.time for exchange in exchanges], damages) == ([1.0], [])


def test_flows_without_cors_are_passed_over_unmade(monkeypatch):
    """They are most of a file, and making them takes longer than reading them."""
    plain = answered(flow(origin=None, lines=[("Sec-Fetch-Site", "same-origin"), ("Cookie", "a=1")]))
    data = written(at(1.0), plain, at(2.0))
    made: list[object] = []
    monkeypatch.setattr(Flow, "from_state", staticmethod(_noting(Flow.from_state, made)))
    reader = FlowFileReader(data, "a.mitm", "a", everything=False)
    assert [exchange.id for exchange in reader] == ["a:0", "a:2"]
    assert len(made) == 2
    assert (reader.skipped, reader.cookies_skipped) == (1, True)
    assert len(list(FlowFileReader(data, "a.mitm", "a"))) == 3


def _noting(make, made):
    def noted(state):
        made.append(state["id"])
        return make(state)

    return noted
