"""Requests into the local network that never came: what a session shows of them, and what corslens doctor says."""

from corslens.diagnosis.local_network import LocalNetwork, local_network
from corslens.diagnosis.summary import SessionSummary, summarize
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.mitm.doctor import DoctorState, local_network_check
from corslens.observation.exchange import Exchange
from corslens.witness.witness import Witness, WitnessOutcome
from msgspec import structs

from tests import make

PAGE = "https://app.example"
ROUTER = "https://router.example/status"
NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}


def document(policy: str = "local-network-access=(self)") -> Exchange:
    given = {"Content-Type": "text/html", "Permissions-Policy": policy}
    made = make.exchange(make.request(url=f"{PAGE}/", given=NAVIGATES, origin=None), make.response(200, given))
    return structs.replace(made, id="page", server_address="203.0.113.1")


def requested(id: str, *, time: float = 1.0) -> Exchange:
    made = make.exchange(make.request(url=ROUTER, origin=PAGE, time=time), make.response(200, allow_origin=PAGE))
    return structs.replace(made, id=id, server_address="192.168.1.1")


def stopped() -> Exchange:
    witness = Witness(
        outcome=WitnessOutcome.FAILED, code="net::ERR_FAILED", reason="InvalidLocalNetworkAccess", page=f"{PAGE}/", live=True
    )
    made = structs.replace(requested("stopped"), response=None, server_address=None)
    return structs.replace(made, by_browser=True, witness=witness)


def session(*exchanges: Exchange) -> SessionSummary:
    inspector = Inspector(rules=load_rules())
    inspections = [found for one in exchanges for found in inspector.inspect(one)]
    return summarize([*inspections, *inspector.finish()], everything=True)


def test_the_browser_stopped_it() -> None:
    found = local_network(session(document(), stopped()))
    assert found == LocalNetwork(stopped=(PAGE,))
    check = local_network_check(found)
    assert check.state is DoctorState.PROBLEM
    assert f"stopped requests of {PAGE} with targetAddressSpace" in check.finding
    assert "bypass the proxy" in check.fix


def test_it_came_after_all() -> None:
    """Without targetAddressSpace the same request passes."""
    assert local_network(session(document(), stopped(), requested("came", time=2.0))) == LocalNetwork()


def test_the_page_may_and_nothing_came() -> None:
    found = local_network(session(document()))
    assert found == LocalNetwork(silent=(PAGE,))
    check = local_network_check(found)
    assert check.state is DoctorState.UNKNOWN
    assert f"the policy of {PAGE} allows requests to the local network, and none came" in check.finding


def test_what_came_did_not_fail() -> None:
    assert local_network(session(document(), requested("came"))) == LocalNetwork()


def test_nothing_of_the_kind() -> None:
    found = local_network(session(document("local-network-access=()")))
    assert found == LocalNetwork()
    assert "so nothing of it is seen" in local_network_check(found).finding
