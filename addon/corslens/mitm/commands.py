"""The `cors.` commands. Names hold letters and dots only: mitmweb's HTTP interface takes nothing else."""

from collections.abc import Sequence
from pathlib import Path

from mitmproxy import command, ctx, exceptions, flow, http, types

from corslens.mitm.annotate import id_of
from corslens.mitm.live import LivePage
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.report_file import ENDINGS, write_report
from corslens.mitm.session import Session
from corslens.mitm.terminal import Terminal
from corslens.mitm.view import text_for
from corslens.report.escape import escape


class Commands:
    """The commands of the addon; they work on its session."""

    session: Session | None
    terminal: Terminal
    patching: PatchMode
    page: LivePage

    @command.command("cors.explain")
    def explain(self, flows: Sequence[flow.Flow]) -> str:
        """Explain what CORS made of flows: the text of the content view CORS, also where a flow has no body to view."""
        session = self._need_session()
        texts = [text_for(each, session.get) for each in flows]
        return ("\n" + "=" * 72 + "\n\n").join(texts) or "No flow is selected."

    @command.command("cors.pair")
    def pair(self, flow: flow.Flow) -> str:
        """Go to the counterpart of a flow: from a preflight to the request that it was for, and back."""
        session = self._need_session()
        inspection = session.get(id_of(flow)) if isinstance(flow, http.HTTPFlow) else None
        if inspection is None:
            return "This flow was not inspected."
        observation = inspection.observation
        other = observation.preflight.id if observation.preflight is not None else observation.actual
        if other is None:
            return "This flow has no counterpart: " + escape(str(flow.comment or "it is neither preflight nor preflighted"))
        counterpart = session.flow(other)
        view = ctx.master.addons.get("view")
        if counterpart is None or view is None:
            return "The counterpart is no longer among the flows."
        if counterpart not in view:
            raise exceptions.CommandError("The counterpart is hidden by the view's filter.")
        view.focus.flow = counterpart
        assert isinstance(counterpart, http.HTTPFlow)
        return f"{escape(counterpart.request.method)} {escape(counterpart.request.path)}: both are shown by ~meta {other}"

    @command.command("cors.patch.on")
    def patch_on(self, *filter: str) -> str:
        """Patch the responses that match a flow filter, for cors_patch_minutes."""
        text = " ".join(filter).strip()
        if not text:
            raise exceptions.CommandError("cors.patch.on needs a flow filter, for instance ~d api.test (~all for everything)")
        self._set(cors_patch=text)
        return self.patching.describe()

    @command.command("cors.patch.off")
    def patch_off(self) -> str:
        """Stop patching, and injecting."""
        self._set(cors_patch="", cors_patch_rules=[])
        return self.patching.describe()

    @command.command("cors.report")
    def report(self, path: types.Path) -> str:
        """Write a report on what is remembered; the format follows the file's ending."""
        session = self._need_session()
        target = Path(path).expanduser()
        if target.suffix.lower() not in ENDINGS:
            raise exceptions.CommandError(f"cors.report: {path} does not end in {', '.join(ENDINGS)}")
        inspections = session.recent()
        try:
            write_report(target, inspections)
        except OSError as error:
            raise exceptions.CommandError(f"cors.report: {path}: {error.strerror or error}") from None
        return f"{len(inspections)} exchanges are reported in {path}"

    @command.command("cors.clear")
    def clear(self) -> None:
        """Forget every exchange seen so far; flows keep their marks."""
        self._need_session().clear()
        self.terminal.clear()
        self.page.app.board.clear()

    def _need_session(self) -> Session:
        if self.session is None:
            raise exceptions.CommandError("corslens is not running yet.")
        return self.session

    def _set(self, **values: object) -> None:
        try:
            ctx.options.update(**values)
        except exceptions.OptionsError as error:
            raise exceptions.CommandError(str(error)) from None
