"""What a session shows of requests into the local network that never came: a proxy fails all that declare targetAddressSpace."""

from math import inf

from msgspec import Struct

from corslens.diagnosis.page_request import ProblemState
from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary

STOPPED = "target-address-space-through-proxy"
MEANS_TO = "page-means-local-network"
CAME = "local-network-through-proxy"


class LocalNetwork(Struct, frozen=True, kw_only=True):
    """Origins of pages, in order."""

    stopped: tuple[str, ...] = ()
    """The browser says that it stopped their requests with targetAddressSpace, and none to the same server came since."""
    silent: tuple[str, ...] = ()
    """Their policies allow them the local network, and no request into it came."""


def local_network(summary: SessionSummary) -> LocalNetwork:
    """Return what never came in a session."""
    problems = summary.problems()
    came = {(page, one.key.api_origin): one.last for one in problems if _is_of(one, CAME) for page in one.pages}
    stopped = {
        page
        for one in problems
        if _is_of(one, STOPPED) and one.state is ProblemState.OPEN
        for page in one.pages
        if came.get((page, one.key.api_origin), -inf) < one.last
    }
    silent = {one.key.api_origin for one in problems if _is_of(one, MEANS_TO)} - stopped
    return LocalNetwork(stopped=tuple(sorted(stopped)), silent=tuple(sorted(silent - {page for page, _ in came})))


def _is_of(problem: Problem, rule: str) -> bool:
    return problem.key.rule == rule or any(beside == rule and count > 0 for (beside, _), count in problem.beside.items())
