"""A server that cannot be reached is told of once, and a scan of the network not for ever."""

from corslens.mitm import unreachable
from corslens.mitm.unreachable import Unreachable

from tests.mitm.make import flow


def test_each_server_is_told_of_once(caplog):
    told = Unreachable()
    for host in ("one.example", "two.example", "one.example"):
        told.report(flow("CONNECT", host=host))
    assert [record.args[0] for record in caplog.records] == ["one.example:443", "two.example:443"]
    assert told.dropped() == {}


def test_the_rest_is_counted(caplog, monkeypatch):
    monkeypatch.setattr(unreachable, "MAX_REPORTED", 3)
    told = Unreachable()
    for number in range(10):
        told.report(flow("CONNECT", host=f"h{number}.example"))
    assert len(caplog.records) == 3
    assert told.dropped() == {"failed tunnels": 7}


def test_what_the_browser_asks_for_itself_is_not_reported(caplog):
    """An offline machine would report the browser's own hosts first."""
    told = Unreachable()
    told.report(flow("CONNECT", host="accounts.google.com"))
    told.report(flow("CONNECT", host="api.example"))
    assert [record.args[0] for record in caplog.records] == ["api.example:443"]
