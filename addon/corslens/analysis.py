"""Captured files through the pipeline: each capture is a session of its own, and nothing leaks from one into the next."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Protocol

from msgspec import Struct, structs

from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.limitations import Limitations
from corslens.diagnosis.summary import SessionSummary, Update
from corslens.inputs import files
from corslens.inputs.damage import Damage
from corslens.inputs.har import HarReader
from corslens.inputs.har_entries import split_snapshots
from corslens.inputs.kinds import InputKind
from corslens.inputs.relevance import exchange_concerns_cors
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule import RuleSet
from corslens.observation.evidence import NO_PRIOR, Prior
from corslens.observation.exchange import Exchange
from corslens.report.escape import escape
from corslens.verdict.headline import AUTO, CAPTURED, HeadlinePolicy

type Filter = Callable[[Exchange], bool]
type Sink = Callable[[Inspection, Diagnosis], None]
type Read = Callable[[str], Iterator[files.Capture | Damage]]
type Progress = Callable[[float], None]
"""Called now and then with how much of the present capture was read, from 0 to 1."""

_DAMAGES = 100
"""Damaged entries of a capture that are named; more are counted."""
_STRIDE = 256
"""Exchanges between two reports of progress."""


GC_THRESHOLDS = (50_000, 20, 50)
"""For `gc.set_threshold` where many exchanges are judged: they hold no cycles and die young."""


class AnalysisSettings(Struct, frozen=True, kw_only=True):
    """How captures are judged."""

    rules: RuleSet
    headline: HeadlinePolicy = CAPTURED
    include: Filter | None = None
    """Only these exchanges are reported; the others still count as context (preflights, caches, history)."""
    exclude: Filter | None = None
    amend: Callable[[Inspection], Inspection] | None = None
    """Called with each inspection before it is reported; what it returns is."""
    prior: Prior = NO_PRIOR
    """What other captures show of the servers."""

    def wants(self, exchange: Exchange) -> bool:
        """Say whether the exchange is reported."""
        if self.include is not None and not self.include(exchange):
            return False
        return self.exclude is None or not self.exclude(exchange)


class Judging(Struct, frozen=True, kw_only=True):
    """How captures are judged, as a user says it: in a form that another process can be given."""

    engine: str = AUTO
    include: str | None = None
    """A flow filter, as `exclude` is."""
    exclude: str | None = None
    rule_paths: tuple[str, ...] = ()

    def settings(self) -> AnalysisSettings:
        """Return the same, read.

        Raises: RuleErrors with every mistake in the rule files; ValueError naming the option whose filter is none.
        """
        return AnalysisSettings(
            rules=load_user_rules(self.rule_paths),
            headline=HeadlinePolicy.of_capture(self.engine),
            include=_filter("--include", self.include),
            exclude=_filter("--exclude", self.exclude),
        )


def _filter(option: str, text: str | None) -> Filter | None:
    try:
        return None if text is None else parse_filter(text)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def load_user_rules(paths: Sequence[str]) -> RuleSet:
    """Return the shipped rules and those in a user's files and folders.

    Raises: RuleErrors with every mistake in them.
    """
    return load_rules(paths, parse_filter=parse_filter)


def parse_filter(text: str) -> Filter:
    """Return what a flow filter asks of an exchange.

    Raises: ValueError when it is none.
    """
    from corslens.mitm.filters import parse_filter  # late: mitmproxy takes longer to import than a small HAR to judge

    return parse_filter(text)


class CaptureReader(Protocol):
    """A capture being read."""

    @property
    def writer(self) -> str:
        """The program that wrote it."""

    @property
    def progress(self) -> float:
        """How much was read, from 0 to 1."""

    @property
    def skipped(self) -> int:
        """How many exchanges were passed over, because they have nothing to do with CORS."""

    @property
    def cookies_skipped(self) -> bool:
        """Whether any of those carried a cookie."""

    @property
    def omissions(self) -> Sequence[str]:
        """What its writer left out, each the end of a sentence that begins with the file's name; known once it was read."""

    def __iter__(self) -> Iterator[Exchange | Damage]:
        """Yield the exchanges in the order in which their requests were sent."""


def collect(
    name: str,
    prefix: str,
    settings: AnalysisSettings,
    into: SessionSummary,
    sinks: Iterable[Sink] = (),
    progress: Progress | None = None,
    *,
    every: bool = False,
    read: Read = files.read,
) -> None:
    """Analyze a file (a zip may hold several captures) and add what is found to the summary.

    An error of ours at one input is a damage of that input: a sentence that names it, and what was found before it stays.

    Args:
        prefix: begins the id of each of its exchanges.
        sinks: called with every inspection and the diagnosis of its page request; a later one of the same id replaces it.
        every: give the sinks exchanges that have nothing to do with CORS, too; else they are passed over and counted.
        read: yields the captures in it.
    """
    extra = tuple(sinks)
    # What a filter leaves out is counted, of what is passed over as well.
    everything = every or settings.include is not None or settings.exclude is not None
    for capture in _survive(read(name), name):
        if isinstance(capture, Damage):
            note_damage(capture, into)
            continue
        inside = escape(capture.name[len(name) + 1 :]) if capture.name.startswith(f"{name}/") else ""
        capture = structs.replace(capture, name=escape(capture.name))
        part = into.part()
        entry = part.begin(capture.name)
        unnamed = 0
        session = _session(capture, f"{prefix}/{inside}" if inside else prefix, settings, part, progress, everything=everything)
        for found in _survive(session, capture.name):
            if isinstance(found, Damage):
                if found.entry is None or len(entry.damages) < _DAMAGES:
                    entry.damages.append(str(found))
                else:
                    unnamed += 1
            elif extra:
                inspection, update = found
                _hand_on(inspection, part, update, extra)
        if unnamed:
            entry.damages.append(f"{capture.name}: {unnamed:,} more entries were not read, or not in full")
        entry.exchanges = part.exchanges
        into.merge(part)


def collect_found(
    found: Iterable[str | Damage], settings: AnalysisSettings, into: SessionSummary, sinks: Iterable[Sink] = ()
) -> None:
    """Analyze what `inputs.files.find` found, one file after another, as `collect` does."""
    for name, prefix in named(found, into).items():
        collect(name, prefix, settings, into, sinks)


def named(found: Iterable[str | Damage], into: SessionSummary) -> dict[str, str]:
    """Return the files among what `inputs.files.find` found, as `prefixes` does; what it could not find is an input that is damaged."""
    names = []
    for one in found:
        if isinstance(one, Damage):
            note_damage(one, into)
        else:
            names.append(one)
    return prefixes(names)


def note_damage(damage: Damage, into: SessionSummary) -> None:
    """Add an input that could not be read at all."""
    into.begin(escape(damage.file)).damages.append(escape(str(damage)))


def _session(
    capture: files.Capture,
    prefix: str,
    settings: AnalysisSettings,
    part: SessionSummary,
    progress: Progress | None,
    *,
    everything: bool,
) -> Iterator[tuple[Inspection, Update | None] | Damage]:
    """Add what is found in a capture to its summary; yield what was added, and what could not be read."""
    reader = open_capture(capture, prefix, everything=everything)
    limits = Limitations()
    left_out: set[str] = set()
    entry = part.inputs[-1]
    try:
        for item in inspect_capture(capture, reader, settings, progress):
            if isinstance(item, Damage):
                yield item
                continue
            limits.add(item)
            if settings.amend is not None:
                item = settings.amend(item)
            if settings.wants(item.observation.exchange):
                yield item, part.add(item)
            else:
                left_out.add(item.id)
    finally:  # of a capture that is not read to its end, too
        part.add_unseen(reader.skipped)
        entry.filtered_out = len(left_out)
    if reader.cookies_skipped:
        limits.cookies = True
    notes = list(reader.omissions)
    notes += limits.notes(part, reader.writer, har=capture.kind is InputKind.HAR)
    entry.notes += [f"{capture.name} {note}" for note in notes]


def _survive[T](items: Iterator[T], name: str) -> Iterator[T | Damage]:
    """Yield the items, and a Damage in place of the error that ends them: a fault of ours at one input loses no other."""
    try:
        yield from items
    except Exception as error:
        yield Damage(
            file=name, what=f"was not fully analyzed because of an internal error in corslens: {describe_fault(error)}"
        )


def describe_fault(error: Exception) -> str:
    """Return what to report of an error of ours: its kind and its place in the code; its text may hold what the wire held."""
    from traceback import extract_tb  # late: it is to be hoped that it is not needed

    place = ""
    for frame in extract_tb(error.__traceback__)[-1:]:
        place = f" at {PurePath(frame.filename).name}:{frame.lineno}"
    return f"{type(error).__name__}{place}; please report it"


def _hand_on(inspection: Inspection, part: SessionSummary, update: Update | None, sinks: Iterable[Sink]) -> None:
    """Give the sinks an inspection, and anew those of its page request of which something else is said now."""
    now = part.diagnosis_of(inspection) if update is None else update.now
    others = now.page_request.members if update is not None and update.before is not None else ()
    for one in (inspection, *(other for other in others if other.id != inspection.id)):
        for sink in sinks:
            sink(one, now)


def inspect_capture(
    capture: files.Capture, reader: CaptureReader, settings: AnalysisSettings, progress: Progress | None = None
) -> Iterator[Inspection | Damage]:
    """Yield an inspection for each exchange of one capture, as one session, and a Damage for what could not be read.

    Those that the user's filters leave out, too: they say what the capture holds.
    """
    inspector = Inspector(rules=settings.rules, headline=settings.headline, prior=settings.prior)
    for number, exchange in enumerate(reader):
        if progress is not None and number % _STRIDE == 0:
            progress(reader.progress)
        if isinstance(exchange, Damage):
            if (
                capture.damage is None or exchange.entry is not None
            ):  # else the end is missing because of that damage, reported below
                yield exchange
        else:
            try:
                found = inspector.inspect(exchange) if exchange_concerns_cors(exchange) else (inspector.pass_by(exchange),)
            except Exception as error:
                what = f"was not judged because of an internal error in corslens: {describe_fault(error)}"
                yield Damage(file=capture.name, entry=exchange.source.index, what=what)
            else:
                yield from found
    yield from inspector.finish()
    if capture.damage is not None:
        yield capture.damage


def open_capture(capture: files.Capture, prefix: str, *, everything: bool = True) -> CaptureReader:
    """Return the reader for what the capture is written in.

    Args:
        everything: False passes over exchanges that have nothing to do with CORS, and counts them.
    """
    name, data = capture.name, capture.data
    # All but HAR late: what one small capture does without takes as long to import as it to judge, mitmproxy far longer.
    match capture.kind:
        case InputKind.HAR:
            return HarReader(data, name, prefix, everything=everything)
        case InputKind.TRACE:
            return HarReader(data, name, prefix, everything=everything, split=split_snapshots, console=capture.console)
        case InputKind.SAZ:
            from corslens.inputs.saz import open_saz

            return open_saz(capture.parts, name, prefix, everything=everything)
        case InputKind.BURP:
            from corslens.inputs.burp import open_burp

            return open_burp(data, name, prefix, everything=everything)
        case InputKind.CHARLES:
            from corslens.inputs.charles import open_charles

            return open_charles(data, name, prefix, everything=everything)
        case InputKind.NETLOG:
            from corslens.inputs.netlog import open_netlog

            return open_netlog(data, name, prefix, everything=everything)
        case InputKind.FLOWS:
            from corslens.mitm.flowfiles import FlowFileReader

            return FlowFileReader(data, name, prefix, everything=everything)


def prefixes(names: Iterable[str]) -> dict[str, str]:
    """Return for each file what the ids of its exchanges begin with: its stem, or its whole name where that is taken.

    A name is no text: whoever made the capture may have put control characters into it, or bytes of no encoding.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = "stdin" if name == files.STDIN else escape(_stem(name))
        found[name] = escape(name) if not stem or stem in taken else stem
        taken.add(found[name])
    return found


def _stem(name: str) -> str:
    stem = PurePath(name).name
    for ending in sorted(files.ENDINGS, key=len, reverse=True):
        if stem.lower().endswith(ending):
            return stem[: -len(ending)]
    return PurePath(stem).stem
