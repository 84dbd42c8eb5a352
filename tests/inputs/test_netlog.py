"""Chromium's network log, line by line. What a whole one holds is in test_captures."""

from pathlib import Path

import pytest
from corslens.inputs.damage import Damage
from corslens.inputs.netlog import open_netlog
from corslens.observation.exchange import Exchange

LOG = (Path(__file__).parent / "captures" / "chromium-netlog.json").read_bytes()


def read(data: bytes) -> tuple[list[Exchange], list[str]]:
    exchanges, damages = [], []
    for item in open_netlog(data, "a.json", "a", everything=True):
        if isinstance(item, Damage):
            damages.append(item.what)
        else:
            exchanges.append(item)
    return exchanges, damages


@pytest.mark.parametrize("percent", [20, 50, 90])
def test_a_log_that_was_cut_off_is_read_to_where_it_ends(percent: int) -> None:
    whole, _ = read(LOG)
    part, damages = read(LOG[: len(LOG) * percent // 100])
    assert 0 < len(part) < len(whole)
    assert damages == ["holds 1 line that cannot be read; it was cut off or edited"]


def test_what_is_no_log() -> None:
    assert read(b'{"constants":5}') == ([], ["is a network log whose constants cannot be read"])


def test_events_of_other_shapes_cost_themselves() -> None:
    edited = LOG.replace(b'"url":"http://localhost:', b'"url":5,"x":"http://localhost:', 1)
    exchanges, damages = read(edited.replace(b'"cors-error":12', b'"cors-error":"many"'))
    assert len(exchanges) >= len(read(LOG)[0]) - 1
    assert all("cannot be read" in damage or "request.url" in damage for damage in damages)
