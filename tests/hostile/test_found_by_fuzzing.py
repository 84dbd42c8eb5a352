"""What scripts/fuzz found once stays mended."""

import io

import pytest
from corslens.inputs.damage import Damage
from corslens.inputs.har import HarReader
from corslens.mitm.filters import parse_filter
from corslens.mitm.flowfiles import FlowFileReader
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow


def test_har_with_bytes_that_are_not_utf_8_is_one_sentence() -> None:
    """msgspec raises a UnicodeDecodeError of its own kind."""
    items = list(HarReader(b'{"log": \xe0"x"}', "a.har", "a"))
    assert len(items) == 1
    assert isinstance(items[0], Damage)
    assert "a.har" in str(items[0])


def test_flow_with_a_field_too_many_is_one_sentence() -> None:
    """mitmproxy's reader asserts that it knows every field."""
    out = io.BytesIO()
    FlowWriter(out).add(tflow.tflow(resp=True))
    data = out.getvalue().replace(b"9:websocket", b"9:wobsocket")
    items = list(FlowFileReader(data, "a.mitm", "a"))
    assert [isinstance(item, Damage) for item in items] == [True]
    assert "a.mitm" in str(items[0])


def test_flow_with_a_line_break_in_a_name_is_one_sentence() -> None:
    """Python's words about an unexpected argument repeat it."""
    out = io.BytesIO()
    FlowWriter(out).add(tflow.tflow(resp=True))
    damaged = out.getvalue().replace(b"15:timestamp_start", b"15:timestamp_st\nrt")
    (damage,) = FlowFileReader(damaged, "a.mitm", "a", everything=True)
    assert isinstance(damage, Damage)
    assert "\n" not in str(damage)
    # Nothing in it has to do with CORS, so it is passed over without being built.
    assert list(FlowFileReader(damaged, "a.mitm", "a", everything=False)) == []


@pytest.mark.parametrize("text", ["!" * 30 + "~all", "(" * 30 + "~all" + ")" * 30, "! ( " * 12 + "~all"])
def test_filter_nested_without_end_is_refused_at_once(text: str) -> None:
    """mitmproxy's parser takes twice as long for each level."""
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_filter(text)
