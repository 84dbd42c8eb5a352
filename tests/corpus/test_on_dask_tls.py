"""On a real Dask cluster that speaks TLS: who has its certificate gets in, and nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.corpus.judge import Judged
from corslens.corpus.on_dask import ClusterError, Tls, judge_on_dask

from tests.certificates import self_signed
from tests.corpus.run import WORK, merged, on_one_machine, reports, shards_of


def trusted(pem: Path) -> Tls:
    """One file is the authority, the certificate and its key: a cluster of one team."""
    return Tls(ca_file=str(pem), cert=str(pem), key=str(pem))


@contextmanager
def cluster_with(tls: Tls) -> Iterator[str]:
    """The address of a cluster whose scheduler and workers have this certificate, and require one of who connects."""
    import distributed

    files = {f"tls_{role}_{part}": tls.cert for role in ("scheduler", "worker", "client") for part in ("cert", "key")}
    security = distributed.Security(tls_ca_file=tls.ca_file, require_encryption=True, **files)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", protocol="tls://", security=security, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("team"))


@pytest.fixture(scope="module")
def address(pem: Path) -> Iterator[str]:
    with cluster_with(trusted(pem)) as address:
        yield address


@pytest.mark.slow
def test_who_has_the_certificate_gets_the_results_of_one_machine(
    address: str, pem: Path, captures: Path, tmp_path: Path
) -> None:
    assert address.startswith("tls://")
    shards = shards_of(captures, 40_000)
    found = list(judge_on_dask(address, trusted(pem), [(shard, None) for shard in shards], WORK, str(tmp_path)))
    assert all(isinstance(one, Judged) for one in found)
    assert reports(merged(shards, tmp_path)) == reports(on_one_machine(captures))


@pytest.mark.slow
def test_by_the_command(address: str, pem: Path, captures: Path, tmp_path: Path) -> None:
    files = ["--tls-ca-file", str(pem), "--tls-cert", str(pem), "--tls-key", str(pem)]
    said = CliRunner().invoke(
        main, ["corpus", str(captures), "--out", str(tmp_path / "out"), "--dask", address, *files, "--fail-on", "never"]
    )
    assert "CORS" in said.stdout
    assert list((tmp_path / "out" / "captures").glob("*.parquet"))


@pytest.mark.slow
def test_nobody_else_gets_in(address: str, captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corslens.corpus.on_dask._SECONDS", 3)
    stranger = self_signed(tmp_path)
    tasks = [(shard, None) for shard in shards_of(captures, 40_000)]
    for tls, at in [(Tls(), address), (trusted(stranger), address), (Tls(), address.replace("tls://", "tcp://"))]:
        with pytest.raises(ClusterError, match="the scheduler cannot be reached"):
            list(judge_on_dask(at, tls, tasks, WORK, str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_file_that_is_not_there(address: str, captures: Path, tmp_path: Path) -> None:
    tls = trusted(tmp_path / "nowhere.pem")
    with pytest.raises(ClusterError, match="cannot be reached"):
        list(judge_on_dask(address, tls, [(shard, None) for shard in shards_of(captures, 40_000)], WORK, str(tmp_path)))
