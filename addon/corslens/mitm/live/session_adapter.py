"""What the live page shows and commands of the running addon."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from mitmproxy import exceptions

from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.mitm.live.app import Export, PatchState
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session
from corslens.report.formats.registry import FORMATS, Format, render


class Lens(Protocol):
    """The addon, as far as the page has to do with it."""

    session: Session | None
    patching: PatchMode
    summary: SessionSummary

    def clear(self) -> None:
        """Begin a session anew."""

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

    @property
    def summary(self) -> SessionSummary:
        """What is shown of the session."""
        return self._lens.summary

    def clear(self) -> None:
        """Begin the session anew."""
        self._lens.clear()

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
        """Return the formats in which the session can be saved, by the ending of a file's name."""

        def written_as(form: Format) -> Callable[[], Callable[[], bytes]]:
            def begin() -> Callable[[], bytes]:
                summary, rules = self.summary.snapshot(), self.rules
                return lambda: render(form, summary, rules)

            return begin

        rows = sorted(FORMATS.items(), key=lambda item: item[0] is not Format.HTML)
        return {row.ending.removeprefix("."): Export(row.label, row.content_type, written_as(form)) for form, row in rows}
