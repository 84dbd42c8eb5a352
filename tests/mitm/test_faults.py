"""Faults of ours: told once, counted, and never in the way of the traffic."""

import io
import logging
from typing import cast

import pytest
from corslens.mitm.addon import CorsLens
from corslens.mitm.faults import Faults
from corslens.mitm.session import Session
from mitmproxy.test import taddons

from tests.mitm.make import answered, flow


async def test_hooks_never_raise(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever breaks inside, other addons and the traffic go on."""

    class Broken:
        def __getattr__(self, name: str) -> None:
            raise RuntimeError

    addon = CorsLens(out=io.StringIO())
    with taddons.context(addon) as context:
        context.configure(addon, cors_show="none")
        addon._flows.session = cast(Session, Broken())
        made = answered(flow())
        for hook in ("requestheaders", "responseheaders", "response", "error"):
            getattr(addon, hook)(made)
        addon._flows.session = None
        addon.done()
    assert any(
        "Internal error in corslens while handling https://api.example/me" in record.getMessage() for record in caplog.records
    )


def test_a_fault_is_told_once_for_each_place_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    assert not faults
    for _ in range(3):
        try:
            raise KeyError("what a header held")
        except KeyError as error:
            faults.report(error, flow())
    with caplog.at_level(logging.ERROR):
        faults.summarize()
    told = [record.getMessage() for record in caplog.records]
    assert faults
    assert len(told) == 2
    assert "KeyError" in told[0] and "what a header held" not in told[0]
    assert told[1].startswith("Internal errors in corslens: 3 at ")
