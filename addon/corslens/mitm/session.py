"""One session: what happens to each flow between its first hook and its last. Knows flows, but neither options nor the master."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from weakref import WeakValueDictionary

from mitmproxy import http
from msgspec import structs

from corslens.fetch.constants import LOCATION, NULL
from corslens.fetch.limits import limited_text
from corslens.fetch.origins import origin_of
from corslens.fetch.redirects import is_redirect, taints_origin
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.mitm import annotate, convert
from corslens.mitm.continuations import next_url
from corslens.mitm.fields import Fields
from corslens.mitm.heads import FlowRequestHead, FlowResponseHead
from corslens.mitm.in_flight import FlowsInFlight, InFlight
from corslens.mitm.own_connections import OwnConnections
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.relevance import request_concerns_cors, response_concerns_cors
from corslens.observation.exchange import Exchange
from corslens.observation.network_error import gets_proxy_error_page
from corslens.observation.observation import Observation, Role
from corslens.patching.propose import page_of
from corslens.patching.proxy_response import respond_to_preflight
from corslens.patching.summary import PatchSummary
from corslens.verdict.cut_heads import is_cut
from corslens.witness.witness import Witness

_UNANSWERED = "the client disconnected, or the proxy ended, before there was a response"
"""Of a flow that no hook told the end of: mitmproxy 12 loses some of the streams that an HTTP/2 client resets."""

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})

type Matches = Callable[[http.HTTPFlow], bool]


class InspectionSink(Protocol):
    """Where inspections go."""

    def __call__(self, inspection: Inspection, *, final: bool) -> None:
        """Take an inspection; `final` when its exchange is complete, else a better one with the same id may follow."""


class Session:
    """Inspects flows, patches them when asked to, marks them, and hands every inspection on.

    Args:
        everything: whether flows without any CORS in them are inspected, too.
        excluded: hosts that are never looked at: pages that proxies serve themselves.
        connections: tells which flows go to this process's own web interface; those are left alone.
        update: called with an earlier flow whose marks changed.
        edited_by: names what changed a flow's response, which had these header lines before.
    """

    def __init__(
        self,
        inspector: Inspector,
        patching: PatchMode,
        sink: InspectionSink,
        *,
        scope: Matches | None = None,
        everything: bool = False,
        excluded: frozenset[str] = frozenset(),
        connections: OwnConnections | None = None,
        update: Callable[[http.HTTPFlow], None] | None = None,
        edited_by: Callable[[http.HTTPFlow, Fields], tuple[str, ...]] = lambda _flow, _before: (),
    ) -> None:
        self.inspector = inspector
        self.patching = patching
        self.scope = scope
        self.everything = everything
        self.excluded = excluded
        self.connections = connections or OwnConnections()
        self.patch_summary = PatchSummary()
        self.live = False
        """Whether a flow came from a connection, not from a file: only then has the clock to do with them."""
        self._sink = sink
        self._update = update
        self._edited_by = edited_by
        self._in_flight = FlowsInFlight()
        # Weak: mitmweb and the console keep their flows, mitmdump lets them go, and so do we.
        self._flows: WeakValueDictionary[str, http.HTTPFlow] = WeakValueDictionary()
        self._replays = 0
        self._flows_dropped = 0

    def wants_request(self, data: http.RequestData, concerns: bool | None) -> bool:
        """Say whether a request is to be taken note of: most have nothing to do with CORS.

        Args:
            concerns: what a glance shows.
        """
        if self.everything or concerns or data.method == b"OPTIONS":
            return True
        return concerns is None and request_concerns_cors(data.headers.fields, data)

    def wants_response(self, flow: http.HTTPFlow, response: http.Response) -> bool:
        """Say whether a response is to be judged."""
        data = response.data
        return self.everything or flow.id in self._in_flight or self._concerns(data.headers.fields, data.status_code)

    def knows(self, flow: http.HTTPFlow) -> bool:
        """Say whether a flow has begun and not ended."""
        return flow.id in self._in_flight

    def request_head(self, flow: http.HTTPFlow, head: FlowRequestHead, page: str | None = None) -> None:
        """Take note of a request that is wanted, and respond to it when it is a preflight that the proxy is to respond to.

        Args:
            head: the flow's, as its hook saw it.
            page: the origin of the page whose redirect brought the request here, where that is proven.
        """
        if not self._in_scope(flow, head):
            return
        state = self._begin(flow, head)
        state.page = page
        state.apart = self.everything and not request_concerns_cors(head.fields, head)
        if state.apart:
            return
        observation = self.inspector.begin(state.exchange)
        state.refused = head.response_status == 407
        # Somebody before us may have responded already.
        may_respond = head.response_status is None and not is_cut(observation) and head.port != self.connections.web_port
        if observation.role is Role.PREFLIGHT and may_respond and self.patching.responds_to(flow):
            given = respond_to_preflight(observation, self.patching.policy, proven_page=page)
            if given is not None and given.response is not None:
                # Empty for now: it comes by again as a response, and is patched there like any other.
                flow.response = state.made = http.Response.make(given.response.status)
                del flow.response.headers["content-length"]  # not with a 204, RFC 9110 section 8.6

    def response_head(self, flow: http.HTTPFlow, head: FlowResponseHead) -> bool:
        """Judge a response that is wanted, and patch it. Say whether to look again at once, because its end may be long in coming.

        Args:
            head: the response's, as its hook saw it.
        """
        assert flow.response is not None
        if self.connections.leads_to_web(flow.server_conn):
            # mitmweb itself, whatever it was called: patched, it would show every page what its user may read.
            self._in_flight.pop(flow.id, None)
            return False
        state = self._in_flight.get(flow.id)
        if state is None:
            asked = FlowRequestHead.of(flow)
            if not self._in_scope(flow, asked):
                return False
            state = self._begin(flow, asked)
            state.apart = True
        response = convert.response_of(head)
        address = convert.server_address(flow)
        state.exchange = structs.replace(state.exchange, response=response, renewed=None, replaced=None, server_address=address)
        state.apart = state.apart and not self._concerns(head.fields, head.status)
        state.left = head
        if state.apart:
            state.inspection = self.inspector.pass_by(state.exchange)
            return bool(flow.response.stream) or is_event_stream(response.headers.get("content-type"))
        # This proxy's own 407 is between it and the browser; patched, nobody could log in.
        state.wanted = not state.refused and self.patching.should_patch(flow, state.exchange)
        injections = self.patching.injections_for(flow)
        made = state.made is flow.response
        inspections = self.inspector.complete(
            state.exchange, patch=state.wanted, injections=injections, made_by_proxy=made, proven_page=state.page
        )
        first = inspections[0]
        view = first.patch
        if view is not None and not view.patch.empty and view.applied:
            convert.apply_to(flow, view.patch, response)
            state.patched, state.left = True, FlowResponseHead.of(flow.response)
        if view is not None and view.patch.by:
            self.patching.note(first)
        if view is not None and not view.patch.empty and not view.injected:
            self.patch_summary.record(first.observation, view.patch, asked=not made)
        if (state.wanted or injections) and not self.inspector.dry_run:
            self._prove_next_hop(state, flow, first.observation)
        self._take(state, flow, inspections)
        return bool(flow.response.stream) or is_event_stream(response.headers.get("content-type"))

    def _prove_next_hop(self, state: InFlight, flow: http.HTTPFlow, observation: Observation) -> None:
        """Let a redirect behind which the origin is `null` prove whose request it is, if the page may be allowed."""
        response = observation.exchange.delivered
        if (
            response is None
            or not is_redirect(response)
            or observation.role not in (Role.SIMPLE, Role.ACTUAL)
            or is_cut(observation)
        ):
            return
        page = page_of(observation, state.page)
        target = next_url(response, observation.exchange.request.url)
        if page is None or page == NULL or target is None or not self.patching.policy.allows(page):
            return
        if observation.origin == NULL or taints_origin(page, observation.target_origin, origin_of(target)):
            self.patching.continuations.mark(flow, target, page=page)
            convert.name_change(flow, LOCATION)
            assert flow.response is not None
            state.left = FlowResponseHead.of(flow.response)

    def _concerns(self, fields: Fields, status: int) -> bool:
        return response_concerns_cors(fields, status) or self.patching.injects_for_anybody

    def look_again(self, flow: http.HTTPFlow) -> None:
        """Judge what the browser got, if others changed the response after us, and hand the inspection on."""
        state = self._in_flight.get(flow.id)
        if state is None or state.inspection is None:
            return
        self._rejudge(state, flow)
        self._sink(state.inspection, final=False)

    def response_done(self, flow: http.HTTPFlow) -> None:
        """Close the flow's book: the response is complete."""
        if flow.id not in self._in_flight:
            return
        state = self._in_flight.pop(flow.id, None)
        if state is None or state.inspection is None:
            return
        self._rejudge(state, flow)
        self._sink(state.inspection, final=True)

    def failed(self, flow: http.HTTPFlow) -> None:
        """Close the flow's book: it ended in an error."""
        state = self._in_flight.pop(flow.id, None)
        if state is None:
            return
        if state.apart and state.inspection is None:
            self._sink(self.inspector.pass_by(convert.exchange_of(flow, begun=state.exchange)), final=True)
            return
        delivered = flow.response is not None and flow.response.stream
        left = flow.error is not None and not gets_proxy_error_page(flow.error.msg)
        if state.inspection is not None and flow.response is not None and (delivered or left):
            # The head was delivered before, or would have been, had the browser not left: the verdict is on that.
            self._rejudge(state, flow)
            error = None if flow.error is None else limited_text(flow.error.msg)
            observation = state.inspection.observation
            observation = structs.replace(observation, exchange=structs.replace(observation.exchange, error=error))
            self._amend(state, flow, structs.replace(state.inspection, observation=observation))
        else:
            self._take(state, flow, self.inspector.complete(convert.exchange_of(flow, begun=state.exchange)))
        assert state.inspection is not None
        self._sink(state.inspection, final=True)

    def resumed(self, flow: http.HTTPFlow) -> None:
        """Judge what the browser gets of a flow that was held back, and perhaps edited, when its book was closed already."""
        inspection = self.get(annotate.id_of(flow))
        if inspection is None or flow.response is None:
            return
        state = InFlight(inspection.observation.exchange)
        state.inspection = inspection
        state.patched = inspection.patch is not None and inspection.patch.applied
        exchange = inspection.observation.exchange
        was = exchange.replaced or exchange.response
        now = convert.response_of(FlowResponseHead.of(flow.response))
        lines = [line for line in now.headers.lines if line[0] != convert.PATCHED_HEADER]
        if was is not None and (was.status, list(was.headers.lines)) == (now.status, lines):
            return
        self._rejudge(state, flow)
        self._sink(state.inspection or inspection, final=True)

    def later(self, inspections: Iterable[Inspection], *, marked: bool = False) -> None:
        """Hand on what became known later of exchanges that are over.

        Args:
            marked: whether the flows have these inspections' marks already.
        """
        for inspection in inspections:
            flow = self._flows.get(inspection.id)
            state = self._in_flight.get(inspection.id if flow is None else flow.id)
            if flow is not None and not marked and annotate.annotate(flow, inspection) and self._update is not None:
                self._update(flow)
            if state is not None:  # its body is still on the way
                state.inspection = inspection
            self._sink(inspection, final=state is None)

    def attest(self, id: str, witness: Witness) -> None:
        """Take what the browser says of an exchange."""
        before = self.inspector.get(id)
        found = self.inspector.attest(id, witness)
        self.later(found, marked=before is not None and len(found) == 1 and _has_same_marks(found[0], before))

    def never_left(self, exchange: Exchange) -> None:
        """Take a request that a browser made and did not send."""
        self.later(self.inspector.inspect(exchange))

    def finish(self, now: float | None = None) -> None:
        """Hand on what is still to be known: the session is over. A flow that was under way has its last word now.

        Args:
            now: until when live traffic was watched; None of traffic that was read.
        """
        for state in self._in_flight.values():
            if state.inspection is None:
                exchange = structs.replace(state.exchange, error=_UNANSWERED)
                if state.apart:
                    state.inspection = self.inspector.pass_by(exchange)
                    continue
                state.inspection, *others = self.inspector.complete(exchange)
                self.later(others)
        self.later(self.inspector.finish(now))
        while self._in_flight:
            self._emit_final(self._in_flight.popitem(last=False)[1])

    def take_over(self, other: "Session") -> None:
        """Go on with another session's flows, which have begun and not ended."""
        other.later(other.inspector.finish())
        self._in_flight, self._flows = other._in_flight, other._flows
        self._replays, self.live, self.patch_summary = other._replays, other.live, other.patch_summary

    def dropped(self) -> Mapping[str, int]:
        """Return how many entries each store has dropped because of its limit; only those that did."""
        stores = {"flows under way": self._flows_dropped, "missing headers": self.patch_summary.dropped}
        return {**self.inspector.dropped(), **{name: count for name, count in stores.items() if count}}

    def recent(self) -> list[Inspection]:
        """Return what is remembered, oldest first."""
        return list(self.inspector.recent())

    def get(self, id: str) -> Inspection | None:
        """Return the inspection with this id, while it is remembered."""
        return self.inspector.get(id)

    def flow(self, id: str) -> http.HTTPFlow | None:
        """Return the flow of an inspected exchange, while anybody keeps it."""
        return self._flows.get(id)

    def clear(self) -> None:
        """Forget every exchange seen so far."""
        self.inspector.clear()
        self.patch_summary.clear()
        self._in_flight.clear()

    def _begin(self, flow: http.HTTPFlow, head: FlowRequestHead) -> InFlight:
        id = flow.id
        if head.is_replay:
            # A replay is the same flow again, but another exchange.
            self._replays += 1
            id = f"{flow.id}.{self._replays}"
        self.live = self.live or head.live
        state = InFlight(convert.begun_exchange_of(flow, head, id))
        self._in_flight[flow.id] = state
        self._flows[id] = flow
        for oldest in self._in_flight.excess():
            self._flows_dropped += 1
            self._emit_final(oldest)
        return state

    def _emit_final(self, state: InFlight) -> None:
        if state.inspection is not None:
            self._sink(state.inspection, final=True)

    def _in_scope(self, flow: http.HTTPFlow, head: FlowRequestHead) -> bool:
        if head.host in self.excluded or head.method == b"CONNECT":
            return False
        if head.port == self.connections.web_port and (head.host in _THIS_MACHINE or head.host.endswith(".localhost")):
            return False  # most likely mitmweb; what counts is the connection, once there is one
        return self.scope is None or bool(self.scope(flow))

    def _take(self, state: InFlight, flow: http.HTTPFlow, inspections: tuple[Inspection, ...]) -> None:
        state.inspection = inspections[0]
        annotate.annotate(flow, state.inspection)
        self.later(inspections[1:])

    def _amend(self, state: InFlight, flow: http.HTTPFlow, inspection: Inspection) -> None:
        state.inspection = inspection
        self.inspector.amend(inspection)
        annotate.annotate(flow, inspection)

    def _rejudge(self, state: InFlight, flow: http.HTTPFlow) -> None:
        response, inspection = flow.response, state.inspection
        assert response is not None and inspection is not None
        left, now = state.left, FlowResponseHead.of(response)
        if left is not None and now.fields == left.fields and now.status == left.status:
            return
        edited = self._edited_by(flow, () if left is None else left.fields)
        state.left = now
        got = convert.response_of(now)
        if state.patched:
            # The verdicts stay those on what the server sent; what changed is what the patch came to.
            state.inspection = self.inspector.redeliver(inspection, got, edited_by=edited)
            annotate.annotate(flow, state.inspection)
        else:
            state.exchange = structs.replace(state.exchange.with_response(got), edited_by=edited)
            self._take(state, flow, self.inspector.complete(state.exchange, patch=state.wanted and self.inspector.dry_run))


def is_event_stream(content_type: str | None) -> bool:
    """Say whether a response of this type goes on while the page reads it."""
    return content_type is not None and content_type[:17].lower() == "text/event-stream"


def _has_same_marks(now: Inspection, before: Inspection) -> bool:
    """Say whether nothing changed of what a flow is marked with, as when the browser confirms a verdict."""
    return now.findings is before.findings and now.verdicts is before.verdicts and now.misprediction is before.misprediction
