"""cors_fail_on gives mitmdump its exit status, after everybody else is done (tests/mitm/test_wrappers.py runs it in a process)."""

import pytest
from corslens.mitm.exit_status import ExitStatus
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from tests.browser.kit.servers import Server, fixed
from tests.mitm.proxy import Proxy

pytestmark = pytest.mark.slow  # starts programs


@pytest.mark.parametrize(("threshold", "fails"), [("error", True), ("info", True), ("never", False)])
async def test_a_blocked_exchange(confdir, threshold, fails):
    """It fails at every threshold but never."""
    async with Server({"/": fixed(200)}) as api, Proxy(confdir, cors_fail_on=threshold) as proxy:
        await proxy.send("GET", api.url("/"), [("Origin", "http://app.test")])
        status = proxy.master.addons.get("corslensexitstatus")
        assert (status is not None) is fails
        if status is not None:
            with pytest.raises(SystemExit) as caught:
                status.done()
            assert caught.value.code == 1
            status.has_failed = lambda: False  # SystemExit would end the tests, too


async def test_no_problem(confdir):
    """Without a finding the process ends as ever."""
    async with Server({"/": fixed(200)}) as api, Proxy(confdir, cors_fail_on="info") as proxy:
        await proxy.send("GET", api.url("/"), [])


async def test_it_is_attached_once(confdir):
    """And last in the chain, also when the addon is loaded anew."""
    master = DumpMaster(Options(confdir=str(confdir)), with_termlog=False, with_dumper=False)
    ExitStatus.attach(master, lambda: True)
    ExitStatus.attach(master, lambda: False)
    assert [type(addon) for addon in master.addons.chain].count(ExitStatus) == 1
    assert isinstance(master.addons.chain[-1], ExitStatus)
    assert not master.addons.get("corslensexitstatus").has_failed()
