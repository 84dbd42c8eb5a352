"""corslens corpus: many captures in, tables of Parquet, reports and an exit code out."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
import msgspec
from msgspec import Struct, structs

from corslens.analysis import Judging, describe_fault
from corslens.cli.corpus_sql import run as run_sql
from corslens.cli.options import judging_options, settings
from corslens.cli.progress import Bar
from corslens.cli.reporting import Reporting, Wanted, listing_options, report_options
from corslens.cli.work import tune_gc
from corslens.cli.workers import Died, in_order
from corslens.corpus.across import Across, again, evidence
from corslens.corpus.extra import MissingPackageError, need
from corslens.corpus.judge import Judged, PlanDiffersError, hash_rules, judge
from corslens.corpus.merge import CorpusSummary, merge
from corslens.corpus.on_dask import ClusterError, FailedShard, Task, Tls, judge_on_dask
from corslens.corpus.shards import SHARD_BYTES, Shard, Work, build, cut, shard_bytes
from corslens.corpus.sources import SourceError, find, located
from corslens.corpus.sql import MEMORY, connect, merging
from corslens.corpus.store import ACROSS, Store, StoreError
from corslens.diagnosis.summary import Input
from corslens.exits import Exit
from corslens.inputs.damage import Damage
from corslens.report.escape import escape
from corslens.report.formats.registry import Format

_ATTEMPTS = 2


class _Listing(Struct, frozen=True):
    """What a corpus consists of."""

    shards: tuple[Shard, ...]
    work: Work
    missing: tuple[tuple[str, str], ...] = ()
    """Names that stand for no capture, and why."""
    size: int = SHARD_BYTES
    """Bytes of a shard, on average."""


class _Run(Struct, frozen=True):
    """Where shards are judged."""

    store: Store
    jobs: int
    dask: str | None
    tls: Tls

    def judge(self, shards: Sequence[Shard], work: Work, across: Mapping[str, Across] | None = None) -> "_Outcome":
        """Judge what has no receipt.

        Args:
            across: by the name of a shard what the corpus shows of its endpoints.
        """
        store = self.store if across is None else self.store.below(ACROSS)
        store.prepare()
        judged = store.judged()
        ahead = [(one, None if across is None else across[one.name]) for one in shards if one.name not in judged]
        captures = _number(sum(len(one.sources) for one in shards), "capture")
        again = "" if across is None else " again"
        click.echo(f"{captures} in {_number(len(shards), 'shard')}, {len(ahead):,} to judge{again}", err=True)
        if self.dask is not None:
            results = judge_on_dask(self.dask, self.tls, ahead, work, store.url)
        else:
            results = _here(ahead, work, store.url, self.jobs)
        failed: list[tuple[str, str]] = []
        provisional: list[tuple[Store, str]] = []
        interrupted = False
        try:
            with Bar(len(ahead)) as bar:
                for result in results:
                    if isinstance(result, FailedShard):
                        failed += [(one.name, f"was not analyzed: {result.why}") for one in result.shard.sources]
                    elif result.unopened:
                        provisional.append((store, result.shard))
                    bar.next()
        except KeyboardInterrupt:
            click.echo("Interrupted; the results so far follow. The same command goes on from here.", err=True)
            interrupted = True
        if not interrupted and not failed:
            store.keep(frozenset(one.name for one in shards))
        done = store.judged()
        found = tuple(one for one in shards if one.name in done)
        return _Outcome(store, found, tuple(failed), interrupted, tuple(provisional))


class _Outcome(Struct, frozen=True):
    """The shards that are judged."""

    store: Store
    shards: tuple[Shard, ...]
    failed: tuple[tuple[str, str], ...] = ()
    """Captures that were not, and why."""
    interrupted: bool = False
    """The user cut it short."""
    provisional: tuple[tuple[Store, str], ...] = ()
    """Shards to judge again next time: captures in them could not be opened, which another file date would not show."""

    def connect(self, memory: str) -> Any:
        """Return a connection to what they came to."""
        return connect(self.store, [one.name for one in self.shards], memory=memory)

    @contextmanager
    def withdrawing(self) -> Iterator[None]:
        """Withdraw what is provisional once it was reported."""
        try:
            yield
        finally:
            for store, shard in self.provisional:
                store.withdraw(shard)


@click.command(short_help="Analyze more captures than one machine holds.")
@click.argument("sources", nargs=-1)
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    help="Folder for the results, a path or a URL (s3://…); captures already judged there are not judged again.",
)
@report_options
@judging_options
@listing_options
@click.option("--jobs", type=click.IntRange(1), help="How many shards are judged at a time on this machine.  [default: 1]")
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Judge on the Dask cluster of this scheduler (tcp://… or tls://…). A scheduler runs code from anyone who can reach it.",
)
@click.option("--tls-ca-file", metavar="FILE", help="With --dask: the certificate authority of a cluster with TLS.")
@click.option("--tls-cert", metavar="FILE", help="With --dask: this client's certificate.")
@click.option("--tls-key", metavar="FILE", help="With --dask: the key of that certificate.")
@click.option(
    "--memory", default=MEMORY, show_default=True, metavar="SIZE", help="Memory for merging; beyond it, DuckDB writes to disk."
)
@click.option(
    "--shard-size",
    type=click.IntRange(1),
    metavar="MIB",
    help=f"Captures that are judged together, in MiB.  [default: as in --out; at first {SHARD_BYTES >> 20}, or less for a small corpus]",
)
@click.option(
    "--across",
    is_flag=True,
    help="Judge everything again, each endpoint with what the whole corpus shows about it: finds what no single capture can show.",
)
@click.option(
    "--sql",
    is_flag=False,
    flag_value="-",
    metavar="[QUERY]",
    help="Print what a query in DuckDB's SQL returns, instead of a report; without a query, read statements from stdin. Views: latest, problems, endpoints, captures.",
)
def corpus(
    sources: tuple[str, ...],
    out: str,
    wanted: Wanted,
    judging: Judging,
    jobs: int | None,
    dask: str | None,
    tls_ca_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    memory: str,
    shard_size: int | None,
    across: bool,
    sql: str | None,
) -> None:
    """Analyze the captures in SOURCES as one corpus: files, folders, patterns, URLs (s3://…, gs://…, az://…, https://…).

    Reads what analyze reads, the JSONL of cors_log, and HTTP Archive's request tables in Parquet.

    The results stay in --out, as Parquet. Without SOURCES, corslens reports on what is there. Needs: pip install "corslens[corpus]"

    \b
    Exit codes:
      0  no findings at or above --fail-on
      1  findings at or above --fail-on
      2  wrong usage
      3  a capture was unreadable or truncated, or a shard was not judged; the rest was analyzed
    """
    if not out:
        raise click.UsageError("--out: must not be empty")
    reporting = Reporting.of(wanted, [*sources, *judging.rule_paths])
    if Format.JSONL in reporting.formats:
        raise click.UsageError(
            "a corpus has its records in exchanges/*.parquet (column record); choose another format than jsonl"
        )
    if sql is not None and (wanted.outputs or wanted.new_baseline is not None):
        raise click.UsageError("--sql prints rows instead of a report; leave out -o and --write-baseline")
    if dask is not None and jobs is not None:
        raise click.UsageError("--dask: the cluster decides how many shards are judged at a time; leave out --jobs")
    rules = settings(judging).rules
    work = Work(**structs.asdict(judging), rules=hash_rules(judging.rule_paths), version=build())
    try:
        need("pyarrow.parquet")
        need("duckdb")
        tls = Tls(ca_file=tls_ca_file, cert=tls_cert, key=tls_key)
        run = _Run(store=Store(located(out)), jobs=jobs or 1, dask=dask, tls=tls)
        listing = _plan(sources, run.store, work, shard_size) if sources else _read_listing(run.store)
        outcome = run.judge(listing.shards, listing.work)
        if across and not outcome.interrupted:
            outcome = _judge_again(run, outcome, listing.work, memory)
        with outcome.withdrawing(), merging(outcome.store, memory):
            connection = outcome.connect(memory)
            if sql is not None:
                run_sql(connection, sql)
                sys.exit(Exit.UNREADABLE if outcome.failed or outcome.interrupted else Exit.OK)
            summary = _merged(connection, listing, outcome)
            sys.exit(reporting.report(summary, rules, interrupted=outcome.interrupted))
    except (MissingPackageError, SourceError, StoreError, ClusterError) as error:
        raise click.UsageError(escape(str(error))) from None


def _plan(sources: tuple[str, ...], store: Store, work: Work, mebibytes: int | None) -> _Listing:
    """Return what the corpus consists of, and keep it in the store.

    Shards stay as large as they were, so that a corpus that grows has the old ones.
    """
    found, missing = find(sources)
    if mebibytes is not None:
        size = mebibytes << 20
    else:
        size = shard_bytes(found) if store.read_listing() is None else _read_listing(store).size
    listing = _Listing(
        tuple(cut(found, work, size=size)), work, tuple((escape(one.file), escape(str(one))) for one in missing), size
    )
    store.prepare()
    store.write_listing(msgspec.json.encode(listing))
    return listing


def _number(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _judge_again(run: _Run, outcome: _Outcome, work: Work, memory: str) -> _Outcome:
    """Judge each shard again, with what the whole corpus shows of its endpoints."""
    shards, across = [], {}
    with merging(outcome.store, memory):
        connection = outcome.connect(memory)
        for shard, seen in again(connection, outcome.shards, evidence(connection)):
            shards.append(shard)
            across[shard.name] = seen
    second = run.judge(shards, work, across)
    return structs.replace(
        second, failed=(*outcome.failed, *second.failed), provisional=(*outcome.provisional, *second.provisional)
    )


def _here(tasks: Sequence[Task], work: Work, out: str, jobs: int) -> Iterator[Judged | FailedShard]:
    """Judge on this machine; what a process was killed at is tried again when nothing else is running."""
    if jobs == 1 or len(tasks) < 2:
        tune_gc()
        for number in range(len(tasks)):
            yield _judge_one(tasks, work, out, number)
        return

    def judged(tasks: Sequence[Task], jobs: int) -> Iterator[tuple[Task, Judged | FailedShard | Died]]:
        results = in_order(partial(_judge_one, tasks, work, out), len(tasks), jobs=jobs, start=tune_gc)
        return zip(tasks, results, strict=True)

    again: list[Task] = []
    for task, result in judged(tasks, jobs):
        if isinstance(result, Died):
            again.append(task)
        else:
            yield result
    for (shard, _), result in judged(again, 1):
        yield (
            FailedShard(shard, f"the process that read it was killed twice ({result})") if isinstance(result, Died) else result
        )


def _judge_one(tasks: Sequence[Task], work: Work, out: str, number: int) -> Judged | FailedShard:
    shard, across = tasks[number]
    why = ""
    for _ in range(_ATTEMPTS):
        try:
            return judge(shard, work, out, across)
        except PlanDiffersError as error:
            return FailedShard(shard, f"{error}; name the captures again")
        except StoreError as error:
            why = str(error)
        except OSError as error:
            why = f"{error.strerror or error}"
        except Exception as error:
            why = f"an internal error in corslens: {describe_fault(error)}"
    return FailedShard(shard, why)


def _read_listing(store: Store) -> _Listing:
    content = store.read_listing()
    if content is None:
        raise StoreError(f"{store.url}: there is no corpus here yet; name the captures to judge")
    try:
        return msgspec.json.decode(content, type=_Listing)
    except msgspec.MsgspecError as error:
        raise StoreError(f"{store.url}/corpus.json: {error}") from None


def _merged(connection: Any, listing: _Listing, outcome: _Outcome) -> CorpusSummary:
    summary = merge(connection)
    for name, sentence in listing.missing:
        summary.inputs.append(Input(name=name, damages=[sentence]))
    for name, what in outcome.failed:
        summary.inputs.append(Input(name=name, damages=[str(Damage(file=name, what=what))]))
    summary.inputs.sort(key=lambda one: one.name)
    return summary
