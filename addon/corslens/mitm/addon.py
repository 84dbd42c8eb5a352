"""CorsLens: the addon. Its hooks connect mitmproxy with the session; what they connect lives in the modules beside."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TextIO

from mitmproxy import addonmanager, contentviews, ctx, exceptions, http
from mitmproxy.hooks import UpdateHook
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from msgspec import structs

from corslens.diagnosis.summary import SessionSummary
from corslens.fetch.budget import Budget
from corslens.inspector import Inspector
from corslens.lint.rules.loader import RuleFiles
from corslens.lint.rules.rule import RuleSet
from corslens.mitm import modified_headers, options, ticks
from corslens.mitm.afterwards import Afterwards
from corslens.mitm.announcements import Announcements
from corslens.mitm.commands import Commands
from corslens.mitm.exit_status import ExitStatus
from corslens.mitm.faults import EXCHANGE_SECONDS, Faults, guarded
from corslens.mitm.filters import parse_filter
from corslens.mitm.flow_queue import FlowQueue, may_wait
from corslens.mitm.garbage import Garbage
from corslens.mitm.held_back import HeldBack
from corslens.mitm.live.app import LiveApp
from corslens.mitm.live.proxy_host import LivePage
from corslens.mitm.live.session_adapter import LiveSession
from corslens.mitm.logfile import LogFile
from corslens.mitm.outputs import AttachedBrowser, Listener, Outputs
from corslens.mitm.own_connections import OwnConnections
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.private_files import write_whole
from corslens.mitm.session import Session
from corslens.mitm.terminal import Terminal
from corslens.mitm.unreachable import Unreachable
from corslens.mitm.untrusting_clients import UntrustingClients
from corslens.mitm.view import CorsContentview
from corslens.observation.exchange import Exchange
from corslens.observation.redaction import VALUES_ARE_SHOWN
from corslens.patching.summary import render_missing_headers
from corslens.report.baseline import Gate
from corslens.report.escape import escape
from corslens.report.formats.registry import format_of, render
from corslens.report.formats.text import render_dropped
from corslens.report.initiators import SourceRoot
from corslens.witness.witness import Witness

logger = logging.getLogger(__name__)


class CorsLens(Commands):
    """Inspect, explain and fix CORS in the flows that pass.

    Args:
        clock: seconds since the epoch.
        work_clock: seconds of CPU time of the thread that traffic waits for.
        out: where the terminal's lines go; standard output unless given.
    """

    name = "corslens"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        work_clock: Callable[[], float] = time.thread_time,
        out: TextIO | None = None,
    ) -> None:
        self.clock = clock
        self._budget = Budget(EXCHANGE_SECONDS, work_clock)
        self.faults = Faults()
        self.patching = PatchMode(clock)
        self.terminal = Terminal(out)
        self._afterwards = Afterwards()
        self._flows = FlowQueue(self._afterwards, self.faults, self._recheck_soon, work_clock)
        self._outputs = Outputs(self.terminal, self._afterwards, self.faults.report, options.DEFAULT_HISTORY, clock)
        self.reports: list[Path] = []
        """Files that a report is written to at the end, beside `cors_report`; their endings are among ENDINGS."""
        self.announces_page = True
        """Whether the live page's address is said at the start; who starts the proxy may open the page, or have no use for it."""
        self.starts_browser = False
        """Whether the browser was started for this proxy, with nothing left to set up in it."""
        self.name_of_api: Callable[[str], str] = str
        """What the list of missing headers calls an API's origin."""
        self.source_roots: tuple[SourceRoot, ...] = ()
        """Where the sources of pages are in the repository."""
        self.excluded: set[str] = set()
        """Hosts that are neither inspected nor patched: pages that the proxy serves itself."""
        self.settings: options.Settings | None = None
        self._rule_files: RuleFiles | None = None
        self._gate = Gate(fail_on=None)
        self._ticks = ticks.Ticks(clock, self.on_tick)
        self._settling = ticks.Settling(clock, self.faults, lambda: self.session)
        self._running = False
        self._held_back = HeldBack(self.faults, self._resumed)
        self._updates = False
        self._unreachable = Unreachable()
        self._garbage = Garbage()
        self._passed = False
        """Whether traffic passed since the last look at the clock."""
        session = LiveSession(self)
        self.connections = OwnConnections()
        # Hooks of theirs, as our own: an addon within an addon is looked through at each of the eight events that a flow has.
        self.server_connected = self.connections.server_connected
        self.server_disconnected = self.connections.server_disconnected
        self.page = LivePage(LiveApp(session, session.exports()), self.connections)
        self._announcements = Announcements(self._outputs, self.patching, self.page)
        self.untrusting = UntrustingClients(self._announcements.say_to_person)
        self.tls_failed_client = self.untrusting.tls_failed_client
        self._view = CorsContentview(
            lambda id: None if self.session is None else self.session.get(id),
            lambda inspection: self.summary.diagnosis_of(inspection),
        )

    @property
    def session(self) -> Session | None:
        """What became of the flows that passed."""
        self._flows.work_off()
        return self._flows.session

    @property
    def summary(self) -> SessionSummary:
        """What every output shows of the session."""
        self._flows.work_off()
        return self._outputs.summary

    @property
    def listeners(self) -> list[Listener]:
        """Called with every inspection, again for the same id when more is known of it."""
        return self._outputs.listeners

    # Life.

    def load(self, loader: addonmanager.Loader) -> None:
        """Declare options and the content view."""
        options.declare(loader)
        contentviews.add(self._view)
        self._refuse_deferred()

    def configure(self, updated: set[str]) -> None:
        """Parse the options once; raise OptionsError for what is wrong with them."""
        # What passed before is worked on under the options of then; what passes now at once, until it is known what they mean.
        self._flows.work_off()
        self._flows.may_wait = False
        names = {name for name in updated if name.startswith(options.PREFIX)}
        if not names:
            return
        try:
            self._configure(names)
        except exceptions.OptionsError as error:
            if self._running or not names >= options.NAMES:
                raise
            # mitmproxy's script loader would print a traceback of it; an error logged at start ends the process, too.
            logger.error("%s", error)

    def running(self) -> None:
        """Start what needs a loop, and say what has to be known at the start."""
        self._refuse_deferred()
        if self.session is None:
            self._configure(set(options.NAMES))
        self._running = True
        master = ctx.master
        self._updates = master.addons.get("view") is not None
        self.connections.web_port = ctx.options.web_port if "web_port" in ctx.options else None
        assert self.settings is not None
        if self.settings.fail_on is not None:
            ExitStatus.attach(master, self._has_failed)
        if self.patching.on:
            self._announcements.patching_is_on()
        self._announcements.page_is_served(master, named=self.announces_page)
        self._ticks.begin()
        self._garbage.begin()

    def done(self) -> None:
        """Settle what is pending, write the report, say the summary."""
        self._ticks.end()
        self._held_back.end()
        contentviews.registry._by_name.pop(self._view.name.lower(), None)  # there is no public way, and a reload adds it again
        if self.session is not None and self.settings is not None:
            self._end(self.session, self.settings)
        self._outputs.put_out_all()
        self._switch_log(None)
        self.faults.summarize()
        # mitmproxy loads this same object again when the script's file is touched.
        self._flows.session = self.settings = None
        self._running = False
        self._garbage.end()

    def _end(self, session: Session, settings: options.Settings) -> None:
        path = settings.report
        try:
            session.finish(self.clock() if session.live else None)
            self._outputs.put_out_all()
            if self._outputs.show is not options.Show.NONE:
                self.terminal.summarize(self.summary)
                missing = [
                    structs.replace(one, api=self.name_of_api(one.api)) for one in session.patch_summary.missing_headers()
                ]
                self.terminal.say(render_missing_headers(missing))
                self.terminal.say(render_dropped(self.dropped()))
            self._announcements.say_to_person(self.untrusting.summary())
            for path in [*filter(None, [settings.report]), *self.reports]:
                write_whole(path, render(format_of(path), self.summary, session.inspector.rules, self._gate))
        except OSError as error:
            logger.error("cors_report: %s: %s", escape(str(path)), error.strerror or error)
        except Exception as error:
            self.faults.report(error)

    # Flows. A fault of ours must not touch them.

    @guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Take note of the request."""
        if self.page.wants(flow):
            raise exceptions.AddonHalt  # no list, log or file of others is to know of it
        self._passed = True
        self._flows.request_head(flow)

    def request(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Respond to what is requested of the live page; nothing else is done when a request is complete."""
        if self.page.wants(flow):
            try:
                worked_out = self.page.respond(flow)
                if worked_out is not None:
                    return self._when_worked_out(flow, worked_out)
            except Exception as error:
                self.faults.report(error, flow)
                flow.response = http.Response.make(500)
            raise exceptions.AddonHalt
        return self.page.signpost(flow)

    async def _when_worked_out(self, flow: http.HTTPFlow, worked_out: Awaitable[None]) -> None:
        try:
            await worked_out
        except Exception as error:
            self.faults.report(error, flow)
            flow.response = http.Response.make(500)
        raise exceptions.AddonHalt

    @guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Judge, and patch, before anything goes to the browser: later would be too late for a streamed response."""
        if self.page.wants(flow):
            raise exceptions.AddonHalt
        try:
            self._flows.response_head(flow)
        finally:
            self.patching.served_here.see(flow)

    @guarded
    def response(self, flow: http.HTTPFlow) -> None:
        """See what other addons did to the response, and close the book."""
        if self.page.wants(flow):
            raise exceptions.AddonHalt
        self._flows.response_done(flow)
        if self._updates and ctx.options.intercept:
            self._held_back.follow(flow)

    @guarded
    def error(self, flow: http.HTTPFlow) -> None:
        """Close the book on a flow that failed."""
        if isinstance(flow, http.HTTPFlow) and self.page.wants(flow):
            raise exceptions.AddonHalt
        if isinstance(flow, http.HTTPFlow):
            self._flows.failed(flow)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Keep the live page's host from resolvers."""
        self.page.keep_secret(data.server)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Keep the live page's host from other proxies."""
        self.page.refuse_tunnel(flow)

    @guarded
    def http_connect_error(self, flow: http.HTTPFlow) -> None:
        """Report a tunnel that could not be made: the requests meant for it never come by, and browsers blame CORS for it, too."""
        if self.session is None or not flow.live or self.page.wants(flow):
            return
        self._unreachable.report(flow)

    # Options.

    def _configure(self, names: set[str]) -> None:
        old = self.settings
        settings = options.parse(options.values(ctx.options), old=old, changed=names)
        files = self._rule_files
        if files is None or old is None or settings.rules != old.rules:
            try:
                files = RuleFiles(settings.rules, parse_filter=parse_filter)
            except (ValueError, OSError) as error:
                raise exceptions.OptionsError(f"cors_rules: {error}") from None
        if old is None or settings.log != old.log:
            self._switch_log(settings.log)
        # The console's screen is its own.
        self._outputs.show = settings.show if ctx.master.addons.get("consoleaddon") is None else options.Show.NONE
        options.choose_values(settings, old)
        self.settings, self._rule_files, self._gate = (
            settings,
            files,
            Gate(fail_on=settings.fail_on, source_roots=self.source_roots),
        )
        rules = files.rules
        rules.prepare()
        session = self.session
        if session is None or old is None or (settings.history, settings.history_mb) != (old.history, old.history_mb):
            session = self._new_session(settings, rules)
            if self.session is not None:
                session.take_over(self.session)
            self._flows.session = session
            if old is None or (settings.history, settings.history_mb) != (old.history, old.history_mb):
                self._start_summary(settings)
        if settings.show_values:
            self.summary.note(VALUES_ARE_SHOWN)
        inspector = session.inspector
        inspector.rules, inspector.headline = rules, settings.headline
        session.scope = settings.scope
        session.everything = settings.log is not None or settings.report is not None or bool(self.reports)
        self.page.serve_under(settings.page_domain)
        session.excluded = frozenset(
            self.excluded
            | ({self.page.domain, self.page.host} if self.page.host else set())
            | ({ctx.options.onboarding_host} if "onboarding_host" in ctx.options else set())
        )
        if old is None or names & options.PATCH_OPTIONS:
            was_on = self.patching.on
            self.patching.switch(settings)
            if self._running and (was_on or self.patching.on):
                self._announcements.patching_is_on()
        inspector.patch_policy, inspector.dry_run = self.patching.policy, settings.dry_run

    def _new_session(self, settings: options.Settings, rules: RuleSet) -> Session:
        inspector = Inspector(
            rules=rules,
            headline=settings.headline,
            history=settings.history,
            history_bytes=settings.history_mb << 20,
            budget=self._budget,
            at_once=ticks.AT_ONCE,
            over_budget=self.faults.report_time,
        )
        return Session(
            inspector,
            self.patching,
            self._outputs.take,
            connections=self.connections,
            update=self._flow_updated,
            edited_by=lambda flow, before: modified_headers.edited_by(ctx.options, flow, before),
        )

    def _switch_log(self, path: Path | None) -> None:
        try:
            log = None if path is None else LogFile(path)
        except OSError as error:
            raise exceptions.OptionsError(f"cors_log: {str(path)!r} cannot be written: {error.strerror or error}") from None
        self._outputs.put_out_all()
        if self._outputs.log is not None:
            self._outputs.log.close()
        self._outputs.log = log

    def _start_summary(self, settings: options.Settings) -> None:
        """Begin what is shown anew, with what is still remembered: the limit is another one."""
        summary = self._outputs.begin_anew(settings.history, settings.history_mb << 20)
        for inspection in [] if self.session is None else self.session.recent():
            summary.add(inspection)

    def _refuse_deferred(self) -> None:
        for fault in options.faults_in_deferred(ctx.options):
            logger.error("%s", fault)

    # Outputs.

    def listen_to(self, browser: AttachedBrowser) -> None:
        """Hand every inspection to what listens to a browser, and put out with its word what it is still to speak of."""
        self._outputs.browser = browser

    @guarded
    def attest(self, id: str, witness: Witness) -> None:
        """Take what the browser itself says of an exchange."""
        if self.session is not None:
            self.session.attest(id, witness)

    @guarded
    def never_left(self, exchange: Exchange) -> None:
        """Take a request that the browser did not send."""
        if self.session is not None:
            self.session.never_left(exchange)

    def dropped(self) -> Mapping[str, int]:
        """Return how many entries each store has dropped because of a limit; only those that did."""
        session = {} if self.session is None else self.session.dropped()
        return {**session, **self.summary.dropped(), **self._unreachable.dropped()}

    def _flow_updated(self, flow: http.HTTPFlow) -> None:
        if self._updates:
            ctx.master.addons.trigger(UpdateHook([flow]))

    def _has_failed(self) -> bool:
        threshold, worst = self._gate.fail_on, self.summary.worst()
        return threshold is not None and worst is not None and worst >= threshold

    # Time.

    @guarded
    def on_tick(self) -> None:
        """Switch patching off when its time is over or say that it is on, take up edited rule files, and settle preflights that were never followed."""
        set_back = self._ticks.set_back()
        if set_back:
            logger.warning("corslens: the clock went back by %.0f seconds; pending exchanges are settled now.", set_back)
            self.patching.follow_clock(-set_back)
            if self.session is not None:
                self.session.later(self.session.inspector.finish())
        if self.patching.expired:
            ctx.options.update(**options.PATCHING_OFF)
        elif self.patching.reminder_due():
            self._announcements.patching_state()
        rules = None if self._rule_files is None else ticks.edited_rules(self._rule_files)
        if rules is not None and self.session is not None:
            self.session.inspector.rules = rules
        self._settling.on_tick()
        self._afterwards.work()
        self._flows.watch(ctx.master.addons.lookup)
        self._flows.may_wait = self._may_wait()
        self._garbage.on_tick(quiet=not self._passed)
        self._passed = False

    def _may_wait(self) -> bool:
        """Say whether flows are worked on once their heads went out: nothing is to be changed of them, and no filter looks at them."""
        settings = self.settings
        return (
            self._running
            and settings is not None
            and settings.scope is None
            and not self.patching.on
            and may_wait(ctx.master, self)
        )

    def _recheck_soon(self, flow: http.HTTPFlow) -> None:
        # Other addons still have this hook before them; look when they are through.
        asyncio.get_running_loop().call_soon(self._recheck_response, flow)

    @guarded
    def _recheck_response(self, flow: http.HTTPFlow) -> None:
        if self.session is not None:
            self.session.look_again(flow)

    def _resumed(self, flow: http.HTTPFlow) -> None:
        if self.session is not None:
            self.session.resumed(flow)
            self._flow_updated(flow)
