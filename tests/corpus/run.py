"""A corpus by its functions, as `corslens corpus` puts them together, and the same captures in one summary."""

from collections.abc import Iterable
from pathlib import Path

from corslens.analysis import AnalysisSettings, collect, prefixes
from corslens.corpus.judge import judge
from corslens.corpus.merge import CorpusSummary, merge
from corslens.corpus.shards import Shard, Work, cut
from corslens.corpus.sources import find
from corslens.corpus.sql import connect
from corslens.corpus.store import Store
from corslens.diagnosis.summary import SessionSummary
from corslens.inputs import files
from corslens.lint.rules.loader import load_rules
from corslens.report.formats.registry import Format, render

WORK = Work()
SETTINGS = AnalysisSettings(rules=load_rules())
FORMATS = (Format.TEXT, Format.SARIF, Format.JUNIT, Format.MARKDOWN)
"""Those that show no more of an exchange than its problem's examples."""


def shards_of(folder: Path, size: int) -> list[Shard]:
    """The captures of a folder in shards of about this many bytes."""
    found, _ = find([str(folder)])
    return cut(found, WORK, size=size)


def merged(shards: Iterable[Shard], out: Path | str) -> CorpusSummary:
    """What these shards, judged already, come to."""
    return merge(connect(Store(str(out)), [shard.name for shard in shards]))


def corpus_of(folder: Path, out: Path, size: int) -> CorpusSummary:
    """What the captures of a folder come to, judged in shards."""
    shards = shards_of(folder, size)
    for shard in shards:
        judge(shard, WORK, str(out))
    return merged(shards, out)


def on_one_machine(folder: Path) -> SessionSummary:
    """What `analyze` makes of the captures of a folder."""
    summary = SessionSummary(hold=0)
    names = [name for name in files.find([str(folder)]) if isinstance(name, str)]
    for name, prefix in prefixes(names).items():
        collect(name, prefix, SETTINGS, summary)
    summary.inputs.sort(key=lambda one: one.name)
    return summary


def reports(summary: SessionSummary) -> dict[Format, bytes]:
    """Each report on it."""
    return {form: render(form, summary, SETTINGS.rules) for form in FORMATS}
