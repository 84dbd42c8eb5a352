"""corslens.testing: the proxy in a thread of a test's own process."""

import threading
import urllib.request

import pytest
from corslens.testing import ProxyError, watch

from tests.cli.launched import serve


def read(url: str, proxy: str) -> None:
    """Request as a page of http://app.example would."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
    opener.open(urllib.request.Request(url, headers={"Origin": "http://app.example"})).read()


@pytest.fixture
def confdir(tmp_path):
    return f"confdir={tmp_path}"


def test_problems_are_seen(confdir, monkeypatch):
    """While it runs and after; the failure's message is the diagnosis."""
    monkeypatch.setenv("no_proxy", "")
    with serve() as url, watch(confdir) as lens:
        lens.expect_no_problems()
        read(f"{url}/api", lens.proxy)
        assert [problem.count for problem in lens.problems] == [1]
        with pytest.raises(AssertionError) as failure:
            lens.expect_no_problems()
        assert str(failure.value).startswith(f"BLOCKED  GET {url}/api  Missing Access-Control-Allow-Origin")
        assert "Fix (server): Access-Control-Allow-Origin" in str(failure.value)
        assert lens.playwright == {"server": lens.proxy, "bypass": "<-loopback>"}
        assert lens.environment["HTTPS_PROXY"] == lens.proxy
        assert lens.authority.is_file()
    assert [thread.name for thread in threading.enumerate() if thread.name == "corslens"] == []


def test_a_second_session_knows_nothing_of_the_first(confdir, monkeypatch):
    """One after the other in the same process."""
    monkeypatch.setenv("no_proxy", "")
    with serve() as url:
        for _ in range(2):
            with watch(confdir) as lens:
                assert lens.summary.exchanges == 0
                read(f"{url}/api", lens.proxy)
                assert lens.summary.exchanges == 1


def test_a_wrong_option_is_one_sentence(confdir):
    with (
        pytest.raises(ProxyError, match='cors_shwo: no such option; did you mean "cors_show"'),
        watch("cors_shwo=none", confdir),
    ):
        raise AssertionError("not reached")


def test_a_failing_test_stops_it(confdir):
    with pytest.raises(KeyError), watch(confdir):
        raise KeyError
    assert [thread.name for thread in threading.enumerate() if thread.name == "corslens"] == []
