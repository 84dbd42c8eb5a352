"""The work on a Dask cluster: a task a shard, nothing kept in the scheduler.

A scheduler runs whatever anybody who reaches it sends, as its user, on every worker: use one that you would log in to, and TLS beyond
one machine (https://distributed.dask.org/en/stable/tls.html).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from corslens import __version__
from corslens.corpus.across import Across
from corslens.corpus.extra import need
from corslens.corpus.judge import Judged, judge
from corslens.corpus.shards import Shard, Work, build

type Task = tuple[Shard, Across | None]
"""A shard, and what the whole corpus shows of its endpoints where it is judged with that."""

_ATTEMPTS = 3
"""At a shard whose captures cannot be read, or whose tables cannot be written."""
_AHEAD = 4
"""Shards that a worker's thread has waiting."""
_LOST = ("lost", "pending")
"""What a task that was done is when its worker died with the result: the scheduler has it done again."""
_SECONDS = 30
"""Until a scheduler responds."""


class ClusterError(Exception):
    """The cluster cannot be used: a sentence that says why."""


class Tls(Struct, frozen=True, kw_only=True):
    """Files in PEM, as Dask's own options name them."""

    ca_file: str | None = None
    cert: str | None = None
    key: str | None = None


class FailedShard(Struct, frozen=True):
    """In place of a result: the shard was not judged, and why."""

    shard: Shard
    why: str


def judge_on_dask(address: str, tls: Tls, tasks: Sequence[Task], work: Work, out: str) -> Iterator[Judged | FailedShard]:
    """Yield what becomes of each shard, as it comes.

    Args:
        address: of the scheduler, `tcp://…` or `tls://…`.
        out: the store; every worker has to reach it by this name.
    Raises: ClusterError; MissingPackageError
    """
    distributed = need("distributed")
    security = None
    if tls.ca_file or tls.cert or tls.key:
        security = distributed.Security(
            tls_ca_file=tls.ca_file, tls_client_cert=tls.cert, tls_client_key=tls.key, require_encryption=True
        )
    try:
        client = distributed.Client(address, security=security, timeout=_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise ClusterError(f"--dask {address}: the scheduler cannot be reached: {error}") from None
    with client:
        yield from judge_with(client, tasks, work, out)


def judge_with(client: Any, tasks: Sequence[Task], work: Work, out: str) -> Iterator[Judged | FailedShard]:
    """Yield what becomes of each shard on the cluster of a Dask client, as it comes.

    Raises: ClusterError
    """
    _compare_versions(client)
    distributed = need("distributed")
    threads = max(1, sum(client.nthreads().values()))
    waiting = iter(tasks)
    running: dict[Any, Shard] = {}
    done = distributed.as_completed(loop=client.loop, raise_errors=False)

    def submit() -> None:
        task = next(waiting, None)
        if task is not None:
            shard, across = task
            # Not pure: a result that somebody else's run of the same name left in the scheduler is not taken for this one.
            future = client.submit(
                judge, shard, work, out, across, pure=False, retries=_ATTEMPTS - 1, key=f"corslens-{shard.name}"
            )
            running[future] = shard
            done.add(future)

    for _ in range(_AHEAD * threads):
        submit()
    for future in done:
        if future.status in _LOST:
            done.add(future)
            continue
        shard = running.pop(future)
        yield future.result() if future.status == "finished" else FailedShard(shard, _reason(future))
        future.release()  # a result that is held is computed again when its worker dies
        submit()


def _reason(future: Any) -> str:
    error = future.exception() if future.status == "error" else None
    if type(error).__name__ == "KilledWorker":
        return "each process that worked on it was killed"
    return future.status if error is None else f"{type(error).__name__}: {error}"


def _compare_versions(client: Any) -> None:
    try:
        found = client.run(build)
    except Exception as error:
        raise ClusterError(f"the workers cannot import corslens {__version__}: {type(error).__name__}: {error}") from None
    if not found:
        raise ClusterError("the scheduler has no workers")
    other = sorted({version for version in found.values() if version != build()})
    if other:
        raise ClusterError(f"the workers have corslens {', '.join(other)}, and this is {build()}; install the same one")
