"""What the live page shows and commands of the running addon."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from mitmproxy import ctx, exceptions
from mitmproxy.options import CONF_BASENAME

from corslens.diagnosis.local_network import local_network
from corslens.diagnosis.summary import SessionSummary
from corslens.fetch.origins import is_serialized_origin
from corslens.inspection import Inspection
from corslens.lint.rules.rule import RuleSet
from corslens.mitm import modified_headers
from corslens.mitm.doctor import DoctorCheck, DoctorState, examine_from_within, local_network_check, running_processes
from corslens.mitm.live.app import Export, InjectionState, PatchState
from corslens.mitm.options import Settings
from corslens.mitm.patch_mode import PatchMode
from corslens.mitm.session import Session
from corslens.observation.redaction import redact_text
from corslens.patching.injection_rules import write_injections
from corslens.report.formats.registry import FORMATS, Format, render


class Addon(Protocol):
    """The addon, as far as the page has to do with it."""

    patching: PatchMode
    settings: Settings | None
    starts_browser: bool

    @property
    def session(self) -> Session | None:
        """What became of the flows that passed."""

    @property
    def summary(self) -> SessionSummary:
        """What is shown of the session."""

    def clear(self) -> None:
        """Begin a session anew."""

    def dropped(self) -> Mapping[str, int]:
        """Return how many of what were dropped over a limit."""

    def patch_on(self, *filter: str) -> Any:
        """Patch the responses that match a flow filter."""

    def patch_off(self) -> Any:
        """Stop patching."""

    def inject(self, filter: str, header: Any, value: Any) -> Any:
        """Inject a header."""

    def allow_pages(self, origins: Sequence[str]) -> None:
        """Let patches allow pages of these origins, too."""


class LiveSession:
    """The addon's present session; there is none before it runs."""

    def __init__(self, lens: Addon) -> None:
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
        """Return how many of what were dropped over a limit."""
        return self._lens.dropped()

    def examine(self, *, through_proxy: bool) -> Callable[[], list[DoctorCheck]]:
        """Return the work of finding out why nothing is seen."""
        local = local_network_check(local_network(self.summary))
        if self._lens.starts_browser:
            ready = DoctorCheck(name="browser", state=DoctorState.OK, finding="the one that corslens open started is set up")
            return lambda: [ready, local]
        authority = Path(ctx.options.confdir).expanduser() / f"{CONF_BASENAME}-ca-cert.pem"

        def work() -> list[DoctorCheck]:
            pem = b""
            with suppress(OSError):
                pem = authority.read_bytes()
            found = examine_from_within(
                through_proxy=through_proxy, pem=pem, home=Path.home(), environment={}, processes=running_processes()
            )
            return [*found, local]

        return work

    def patch_state(self) -> PatchState:
        """Return the state of patch mode."""
        patching = self._lens.patching
        ours = [
            InjectionState(
                name=one.name if one.spec is None else "",
                spec=one.spec,
                changes=tuple(map(redact_text, one.described())),
                filter=one.filter_text,
                pages=patching.pages_of(one),
                hits=effect.hits,
                led_to=effect.led_to,
                refused=None if effect.refused is None else redact_text(effect.refused),
            )
            for one, effect in patching.injections()
        ]
        options = getattr(ctx, "options", None)
        others = () if options is None else modified_headers.cors_lines(options)
        return PatchState(
            on=patching.on and not patching.expired,
            scope=patching.filter_text,
            injections=(*ours, *(InjectionState(name=line, changes=(change,), external=True) for line, change in others)),
            pages=str(patching.policy.origins),
            seconds_left=patching.seconds_left,
            minutes=0 if self._lens.settings is None else self._lens.settings.patch_minutes,
            dry_run=patching.dry_run,
        )

    def not_allowed(self, origins: Iterable[str]) -> list[str]:
        """Return those of the origins that a patch would not allow, and that a user could name."""
        policy = self._lens.patching.policy
        return [origin for origin in origins if is_serialized_origin(origin) and not policy.allows(origin)]

    def switch_patching(self, scope: str, allow: Sequence[str] = ()) -> None:
        """Do as the commands cors.patch.on and cors.patch.off.

        Raises: ValueError for a bad filter or origin.
        """
        with _as_value_errors():
            if scope:
                self._lens.allow_pages(allow)
                self._lens.patch_on(scope)
            else:
                self._lens.patch_off()

    def inject(self, filter: str, header: str, value: str, allow: Sequence[str] = ()) -> None:
        """Do as the command cors.inject, and first name the pages that may be allowed beside the others.

        Raises: ValueError for what is wrong.
        """
        if value.startswith("@"):
            raise ValueError("For a value from a file, use the option cors_inject.")
        with _as_value_errors():
            self._lens.allow_pages(allow)
            self._lens.inject(filter, header, value)

    def stop_injecting(self, spec: str) -> None:
        """Take a line out of cors_inject.

        Raises: ValueError when it is not there.
        """
        if spec not in ctx.options.cors_inject:
            raise ValueError("This is no longer injected.")
        ctx.options.update(cors_inject=[line for line in ctx.options.cors_inject if line != spec])

    def injection_rules(self) -> str:
        """Return what is injected as a rules file."""
        return write_injections(rule for rule, _ in self._lens.patching.injections())

    def exports(self) -> Mapping[str, Export]:
        """Return the formats in which the session can be saved, by the ending of a file's name."""

        def written_as(form: Format) -> Callable[[], Callable[[], bytes]]:
            def begin() -> Callable[[], bytes]:
                summary, rules = self.summary.snapshot(), self.rules
                return lambda: render(form, summary, rules)

            return begin

        rows = sorted(FORMATS.items(), key=lambda item: item[0] is not Format.HTML)
        return {row.ending.removeprefix("."): Export(row.label, row.content_type, written_as(form)) for form, row in rows}


@contextmanager
def _as_value_errors() -> Iterator[None]:
    try:
        yield
    except exceptions.CommandError as error:
        raise ValueError(str(error)) from None
