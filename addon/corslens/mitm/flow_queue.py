"""What the hooks hand to the session: at once while a flow may be changed or its marks be read; else once its head went out.

Whatever is done later is done in the order of the hooks, on the heads that they saw, so that the same comes of it.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from mitmproxy import http
from mitmproxy.master import Master
from mitmproxy.tools.dump import DumpMaster

from corslens.mitm import annotate
from corslens.mitm.afterwards import Afterwards
from corslens.mitm.faults import Faults
from corslens.mitm.fields import glance
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.mitm.session import Session

_STEP_SECONDS = 0.002
"""CPU time after which other traffic has its turn, should exchanges take so long."""
_MAX_WAITING = 24
"""Hooks that are put off; where traffic comes faster than it is judged, it has to wait for that."""
_MARK_FILTERS = ("~meta", "~mark", "~comment")
_HOOKS = ("responseheaders", "response", "error", "websocket_start", "websocket_message", "websocket_end", "done")
_SHOWN_IN_VIEWS = 3
"""The dumper's `flow_detail` from which on it shows bodies, in the view that marks say is best."""


class FlowQueue:
    """Hands flows to a session.

    Args:
        afterwards: calls `step`, soon after something waits.
        recheck: called with a flow whose response may be long in coming to its end.
        clock: seconds of CPU time.
    """

    def __init__(
        self,
        afterwards: Afterwards,
        faults: Faults,
        recheck: Callable[[http.HTTPFlow], object],
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.session: Session | None = None
        self.may_wait = False
        """Whether nothing is to come of a flow while it passes: nobody patches it, nor reads its marks."""
        self._faults = faults
        self._afterwards = afterwards
        self._recheck = recheck
        self._clock = clock
        self._waiting: deque[tuple[http.HTTPFlow, Callable[[], object]]] = deque()
        self._addons: Mapping[str, object] = {}
        self._known: list[object] = []
        self._begun: set[str] = set()
        """Flows of which the session may not know yet."""
        afterwards.add_step(self.step)

    def watch(self, addons: Mapping[str, object]) -> None:
        """Let flows wait no longer than these addons are those that there are now: mitmproxy tells nobody of a script that was edited."""
        self._addons, self._known = addons, list(addons.values())

    def request_head(self, flow: http.HTTPFlow) -> None:
        """Take a request's head."""
        session = self.session
        if session is None:
            return
        data = flow.request.data
        concerns, referers = glance(data.headers.fields)
        page = session.patching.continuations.take(flow, referers)
        if flow.is_replay == "request":
            annotate.clear(flow)
        if not session.wants_request(data, concerns):
            return
        head = FlowRequestHead.of(flow)
        if self._may_wait_for(flow) and page is None:
            self._add(flow, lambda: session.request_head(flow, head))
        else:
            self.work_off()
            session.request_head(flow, head, page)

    def response_head(self, flow: http.HTTPFlow) -> None:
        """Take a response's head."""
        session, response = self.session, flow.response
        if session is None or response is None:
            return
        if not (flow.id in self._begun or session.wants_response(flow, response)):
            return
        head = FlowResponseHead.of(response)
        if self._may_wait_for(flow):
            self._add(flow, lambda: _pass_head(session, flow, head))
        else:
            self.work_off()
            if session.response_head(flow, head):
                self._recheck(flow)

    def response_done(self, flow: http.HTTPFlow) -> None:
        """Take note that a response is complete."""
        session = self.session
        if session is None or not (flow.id in self._begun or session.knows(flow)):
            return
        if self._may_wait_for(flow):
            self._add(flow, lambda: session.response_done(flow), complete=True)
        else:
            self.work_off()
            session.response_done(flow)

    def failed(self, flow: http.HTTPFlow) -> None:
        """Take note that a flow ended in an error."""
        self.work_off()
        if self.session is not None:
            self.session.failed(flow)

    def work_off(self) -> None:
        """Hand over all that waits."""
        while self._waiting:
            self._hand_over()
        self._begun.clear()

    def step(self) -> bool:
        """Hand over what waits as far as time allows; say whether there is more."""
        until = self._clock() + _STEP_SECONDS
        while self._waiting:
            self._hand_over()
            if self._waiting and self._clock() >= until:
                return True
        self._begun.clear()
        return False

    def _hand_over(self) -> None:
        flow, hand_over = self._waiting.popleft()
        try:
            hand_over()
        except Exception as error:
            self._faults.report(error, flow)

    def _may_wait_for(self, flow: http.HTTPFlow) -> bool:
        if not self.may_wait or list(self._addons.values()) != self._known:
            self.may_wait = False
            return False
        return flow.live and flow.is_replay is None

    def _add(self, flow: http.HTTPFlow, hand_over: Callable[[], object], *, complete: bool = False) -> None:
        while len(self._waiting) >= _MAX_WAITING:
            self._hand_over()
        self._begun.add(flow.id)
        self._waiting.append((flow, hand_over))
        self._afterwards.add(complete=complete)


def _pass_head(session: Session, flow: http.HTTPFlow, head: FlowResponseHead) -> None:
    if session.response_head(flow, head):
        session.look_again(flow)


def may_wait(master: Master, own: object) -> bool:
    """Say whether nobody reads the marks of a flow while its hooks are called, nor changes responses afterwards by an option.

    Who might read: a view, the file that flows are saved to, filters on marks, and every addon that mitmproxy did not bring along.

    Args:
        own: the addon that marks them.
    """
    options = master.options
    if not isinstance(master, DumpMaster) or options.save_stream_file:
        return False
    if options.modify_headers or options.modify_body:
        return False
    if "flow_detail" in options and options.flow_detail >= _SHOWN_IN_VIEWS:
        return False
    if any(code in text for text in _texts(master) for code in _MARK_FILTERS):
        return False
    return not any(
        hasattr(addon, hook)
        for addon in master.addons.lookup.values()
        if addon is not own and not type(addon).__module__.startswith(("mitmproxy.", "corslens."))
        for hook in _HOOKS
    )


def _texts(master: Master) -> Iterator[str]:
    """Yield what is set as options, be it a filter or not."""
    for name, _ in master.options.items():
        value = getattr(master.options, name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Sequence):
            yield from value
