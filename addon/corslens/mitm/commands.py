"""The `cors.` commands. Names hold letters and dots only: mitmweb's HTTP interface takes nothing else."""

import logging
from collections.abc import Sequence
from pathlib import Path

from mitmproxy import command, ctx, exceptions, flow, http, types
from mitmproxy.log import ALERT

from corslens.advice import SERVERS, advise
from corslens.diagnosis.summary import SessionSummary
from corslens.fetch.origins import is_serialized_origin
from corslens.mitm import modified_headers
from corslens.mitm.annotate import id_of
from corslens.mitm.command_types import HeaderName, HeaderValue, InjectedName, Said
from corslens.mitm.live.proxy_host import LivePage
from corslens.mitm.options import PATCHING_OFF
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.private_files import write_whole
from corslens.mitm.session import Session
from corslens.mitm.terminal import Terminal
from corslens.mitm.view import columns, text_for
from corslens.observation.redaction import redact_method, redact_url
from corslens.patching.injection_line import write_injection
from corslens.patching.injection_rules import write_injections
from corslens.report.escape import escape
from corslens.report.formats.registry import ENDINGS, format_of, render

logger = logging.getLogger(__name__)

_POPUP = 0.8
"""The share of the screen's width in which mitmproxy's console shows what a command returns (`DataViewerOverlay`)."""


class Commands:
    """The commands of the addon; they work on its session."""

    terminal: Terminal
    patching: PatchMode
    page: LivePage

    @property
    def session(self) -> Session | None:
        """What became of the flows that passed."""
        raise NotImplementedError

    @property
    def summary(self) -> SessionSummary:
        """What is shown of the session."""
        raise NotImplementedError

    @command.command("cors.explain")
    def explain(self, flows: Sequence[flow.Flow]) -> str:
        """Explain the CORS verdicts on flows: the text of the content view CORS, also for a flow without a body."""
        session = self._need_session()
        width = columns(_POPUP)
        texts = [text_for(each, session.get, width, self.summary.diagnosis_of) for each in flows]
        return ("\n" + "=" * min(72, width) + "\n\n").join(texts) or "No flow is selected."

    @command.command("cors.pair")
    def pair(self, flow: flow.Flow) -> None:
        """Select the counterpart of a flow: from a preflight to its request, and back."""
        session = self._need_session()
        inspection = session.get(id_of(flow)) if isinstance(flow, http.HTTPFlow) else None
        if inspection is None:
            raise exceptions.CommandError("cors.pair: this flow was not inspected.")
        observation = inspection.observation
        other = observation.preflight.id if observation.preflight is not None else observation.actual
        if other is None:
            raise exceptions.CommandError("cors.pair: this flow is not one of a preflight and its request.")
        counterpart = session.flow(other)
        view = ctx.master.addons.get("view")
        if counterpart is None or view is None:
            raise exceptions.CommandError("cors.pair: the counterpart is no longer among the flows.")
        if counterpart not in view:
            raise exceptions.CommandError(
                f"cors.pair: the counterpart is hidden by the view's filter; ~meta {other} shows both."
            )
        view.focus.flow = counterpart
        # The console goes there; mitmweb keeps its selection in the browser, so it has to be told how to find it.
        request = counterpart.request
        logger.log(
            ALERT, "%s %s: ~meta %s shows both", escape(redact_method(request.method)), escape(redact_url(request.url)), other
        )

    @command.command("cors.patch.on")
    def patch_on(self, *filter: str) -> Said:
        """Patch the responses that match a flow filter, for cors_patch_minutes."""
        text = " ".join(filter).strip()
        if not text:
            raise exceptions.CommandError("cors.patch.on needs a flow filter, for instance ~d api.test (~all for everything)")
        self._set(cors_patch=text)
        return _said(self.patching.describe())

    @command.command("cors.patch.off")
    def patch_off(self) -> Said:
        """Stop patching and injecting."""
        self._set(**PATCHING_OFF)
        return _said(self.patching.describe())

    @command.command("cors.inject")
    def inject(self, filter: str, header: HeaderName, value: HeaderValue) -> Said:
        """Inject a response header for cors_patch_minutes; "" removes it, {origin} is the request's origin."""
        try:
            line = write_injection(filter, header, value)
        except ValueError as error:
            raise exceptions.CommandError(f"cors.inject: {error}") from None
        self._set(cors_inject=[*self._other_injections(filter, header), line])
        return _said("\n".join(map(escape, self.patching.describe_injections())))

    @command.command("cors.inject.remove")
    def inject_remove(self, filter: str, header: InjectedName) -> Said:
        """Stop injecting a header that cors.inject or cors_inject injects."""
        others = self._other_injections(filter, header)
        if len(others) == len(ctx.options.cors_inject):
            raise exceptions.CommandError(
                f"cors.inject.remove: no {header} is injected for {filter}; cors.inject.list shows what is"
            )
        self._set(cors_inject=others)
        return _said(self.patching.describe())

    @command.command("cors.inject.list")
    def inject_list(self) -> str:
        """List what is injected: filter, pages, time left, hits, the verdict that it led to, and how to stop it."""
        lines = [*self.patching.describe_injections(), *modified_headers.describe(ctx.options)]
        return "\n".join(map(escape, lines)) or "nothing is injected"

    @command.command("cors.inject.save")
    def inject_save(self, path: types.Path) -> str:
        """Write what is injected as a rules file for cors_patch_rules."""
        rules = [rule for rule, _ in self.patching.injections()]
        _write("cors.inject.save", Path(path).expanduser(), write_injections(rules).encode())
        return f"{len(rules)} injection{'' if len(rules) == 1 else 's'} in {path}: load with cors_patch_rules={path}"

    def allow_pages(self, origins: Sequence[str]) -> None:
        """Let patches and injections allow pages of these origins, too.

        Raises: CommandError for what is not the origin of a website.
        """
        for origin in origins:
            if not is_serialized_origin(origin):
                raise exceptions.CommandError(f"{origin[:200]!r} is not the origin of a website")
        listed = list(ctx.options.cors_patch_origins)
        if more := [origin for origin in origins if not self.patching.policy.allows(origin)]:
            self._set(cors_patch_origins=[*listed, *more])

    def _other_injections(self, filter: str, header: str) -> list[str]:
        """Return the lines of cors_inject but those for this filter and header."""
        same = {
            one.spec
            for one, _ in self.patching.injections()
            if one.filter_text == filter and header.lower() in {name.lower() for name in (*one.set, *one.remove)}
        }
        return [line for line in ctx.options.cors_inject if line not in same]

    @command.command("cors.report")
    def report(self, path: types.Path) -> str:
        """Write a report on the session; the format follows the file's ending."""
        session = self._need_session()
        target = Path(path).expanduser()
        if target.suffix.lower() not in ENDINGS:
            raise exceptions.CommandError(f"cors.report: {path} does not end in {', '.join(ENDINGS)}")
        _write("cors.report", target, render(format_of(target), self.summary, session.inspector.rules))
        return f"{self.summary.exchanges} exchanges are reported in {path}"

    @command.command("cors.servers")
    def servers(self) -> Sequence[str]:
        """List the servers that cors.advise can write settings for."""
        return [server.name for server in SERVERS]

    @command.command("cors.advise")
    @command.argument("server", type=types.Choice("cors.servers"))
    def advise(self, server: str, flows: Sequence[flow.Flow], path: types.Path, *origins: str) -> str:
        """Write a server's CORS settings for what flows need; if origins are given, no other origin is allowed."""
        session = self._need_session()
        found = [session.get(id_of(each)) for each in flows if isinstance(each, http.HTTPFlow)]
        try:
            advice = advise([inspection for inspection in found if inspection is not None], server, origins)
        except ValueError as error:
            raise exceptions.CommandError(f"cors.advise: {escape(str(error))}") from None
        warnings = "\n".join(map(escape, advice.warnings))
        if not advice.text:
            raise exceptions.CommandError(f"cors.advise: {warnings}")
        _write("cors.advise", Path(path).expanduser(), advice.text.encode())
        return f"Settings for {advice.server.title} are in {path}" + (f"\n{warnings}" if warnings else "")

    @command.command("cors.clear")
    def clear(self) -> None:
        """Drop every exchange seen so far; flows keep their marks."""
        self._need_session().clear()
        self.terminal.clear()
        self.summary.clear()

    def _need_session(self) -> Session:
        if self.session is None:
            raise exceptions.CommandError("corslens is not running yet.")
        return self.session

    def _set(self, **values: object) -> None:
        try:
            ctx.options.update(**values)
        except exceptions.OptionsError as error:
            raise exceptions.CommandError(str(error)) from None


def _said(text: str) -> Said:
    """Return the text, but not to the console: what the options' change logged stands in its status bar."""
    if ctx.master.addons.get("consoleaddon") is not None:
        return None  # type: ignore[return-value]  # mitmproxy knows no union
    return Said(text)


def _write(command_name: str, path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise exceptions.CommandError(f"{command_name}: {path}: {error.strerror or error}") from None
