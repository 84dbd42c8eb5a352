"""What the live page shows and commands of the running addon."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from mitmproxy import exceptions

from corslens.inspection import Inspection
from corslens.lint.rule import RuleSet
from corslens.mitm.live_app import Export, PatchState
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session
from corslens.report.as_html import render_html
from corslens.report.formats import ENDINGS, Format, render_inspections


class Lens(Protocol):
    """The addon, as far as the page has to do with it."""

    session: Session | None
    patching: PatchMode

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were forgotten over a limit."""

    def patch_on(self, *filter: str) -> str:
        """Patch the responses that match a flow filter."""

    def patch_off(self) -> str:
        """Stop patching."""


class LiveSession:
    """The addon's present session; there is none before it runs."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens

    @property
    def rules(self) -> RuleSet:
        """The rules."""
        session = self._lens.session
        return RuleSet({}) if session is None else session.inspector.rules

    def find(self, id: str) -> Inspection | None:
        """Return the latest inspection of an exchange that is still remembered."""
        return None if self._lens.session is None else self._lens.session.get(id)

    def recent(self) -> Iterable[Inspection]:
        """Return all that are remembered, oldest first."""
        return () if self._lens.session is None else self._lens.session.recent()

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were forgotten over a limit."""
        return self._lens.dropped()

    def patch_state(self) -> PatchState:
        """Return the state of patch mode."""
        patching = self._lens.patching
        return PatchState(
            on=patching.on and not patching.expired,
            scope=patching.filter_text,
            injections=patching.injections,
            pages=str(patching.policy.origins),
            seconds_left=patching.seconds_left,
            dry_run=patching.dry_run,
        )

    def switch_patching(self, scope: str) -> None:
        """Do as the commands cors.patch.on and cors.patch.off.

        Raises: ValueError for a bad filter.
        """
        try:
            if scope:
                self._lens.patch_on(scope)
            else:
                self._lens.patch_off()
        except exceptions.CommandError as error:
            raise ValueError(str(error)) from None

    def exports(self) -> Mapping[str, Export]:
        """Return the formats in which the session can be saved."""

        def as_html(inspections: Iterable[Inspection]) -> bytes:
            return render_html(inspections, self.rules, about="from a live session").encode()

        def written_as(form: Format) -> Callable[[Iterable[Inspection]], bytes]:
            return lambda inspections: render_inspections(form, inspections, self.rules)

        written = {"html": as_html} | {
            ending.removeprefix("."): written_as(form) for ending, form in ENDINGS.items() if ending != ".html"
        }
        return {
            name: Export(_LABELS.get(name, name.upper()), _CONTENT_TYPES.get(name, "application/octet-stream"), render)
            for name, render in written.items()
        }


_LABELS = {
    "html": "HTML report",
    "json": "JSON",
    "jsonl": "JSON lines",
    "sarif": "SARIF",
    "xml": "JUnit XML",
    "md": "Markdown",
    "txt": "text",
}
_CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "sarif": "application/sarif+json",
    "xml": "application/xml",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}
