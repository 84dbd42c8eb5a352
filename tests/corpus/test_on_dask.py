"""On a Dask cluster: the same results, whatever becomes of its workers."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from corslens.corpus.judge import Judged
from corslens.corpus.on_dask import ClusterError, FailedShard, judge_with
from corslens.corpus.shards import Shard

from tests.corpus.run import WORK, merged, on_one_machine, reports, shards_of


@contextmanager
def two_workers() -> Iterator[Any]:
    """A client of a cluster of this machine's."""
    import distributed

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing(captures: Path, tmp_path: Path) -> None:
    shards = shards_of(captures, 40_000)
    with two_workers() as client:
        results = judge_with(client, [(shard, None) for shard in shards], WORK, str(tmp_path / "out"))
        first = next(results)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        found = [first, *results]
    assert_same(found, shards, captures, tmp_path / "out")


@pytest.mark.slow
def test_a_worker_that_is_killed_with_results_costs_nothing(captures: Path, tmp_path: Path) -> None:
    """What was done, and not yet fetched, is lost with it, and done again."""
    shards = shards_of(captures, 40_000)
    with two_workers() as client:
        results = judge_with(client, [(shard, None) for shard in shards], WORK, str(tmp_path / "out"))
        first = next(results)
        done = client.futures.values()
        while not all(one.status == "finished" for one in done):
            client.scheduler_info()  # asks the scheduler, which takes its time
        held = client.has_what()
        lost = max(held, key=lambda worker: len(held[worker]))
        os.kill(client.run(os.getpid)[lost], signal.SIGKILL)
        # Not until a result is missing: on a busy machine it may be there again before anybody looked.
        while lost in client.scheduler_info()["workers"]:
            pass
        found = [first, *results]
    assert_same(found, shards, captures, tmp_path / "out")


def assert_same(found: list[Judged | FailedShard], shards: Sequence[Shard], captures: Path, out: Path) -> None:
    """Each shard was judged once, and the reports are those of one machine."""
    assert all(isinstance(one, Judged) for one in found)
    assert sorted(one.shard for one in found if isinstance(one, Judged)) == sorted(shard.name for shard in shards)
    assert reports(merged(shards, out)) == reports(on_one_machine(captures))


class Cluster:
    """A client of a cluster whose workers say so of themselves."""

    def __init__(self, *versions: str) -> None:
        self._versions = versions

    def run(self, _: object) -> dict[str, str]:
        """What each worker returns."""
        return {f"tcp://worker{place}": version for place, version in enumerate(self._versions)}


@pytest.mark.parametrize(
    ("cluster", "said"),
    [(Cluster("0.0.1"), "the workers have corslens 0.0.1, and this is"), (Cluster(), "the scheduler has no workers")],
)
def test_a_cluster_that_cannot_do_it_is_refused(cluster: Any, said: str) -> None:
    with pytest.raises(ClusterError, match=said):
        next(judge_with(cluster, [], WORK, "out"))
