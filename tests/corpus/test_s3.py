"""A bucket, which moto serves on loopback: captures out of it, results into it, and DuckDB on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from corslens.corpus.judge import judge
from corslens.corpus.shards import cut
from corslens.corpus.sources import find
from corslens.corpus.store import Store

from tests.corpus.run import WORK, merged, on_one_machine


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a bucket of a test's own."""
    s3fs = pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        s3fs.S3FileSystem().mkdir("corpus")
        yield "s3://corpus"
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.slow
def test_a_corpus_in_a_bucket(bucket: str, captures: Path) -> None:
    import s3fs

    s3fs.S3FileSystem().put(str(captures), f"{bucket}/captures", recursive=True)
    found, damages = find([f"{bucket}/captures/"])
    assert not damages
    shards = cut(found, WORK, size=100_000)
    for shard in shards:
        judge(shard, WORK, f"{bucket}/out")
    store = Store(f"{bucket}/out")
    assert store.judged() == {shard.name for shard in shards}
    summary, alone = merged(shards, store.url), on_one_machine(captures)
    assert summary.counts == alone.counts
    assert [(one.key, one.count, one.message) for one in summary.problems()] == [
        (one.key, one.count, one.message) for one in alone.problems()
    ]
    assert [one.name.removeprefix(bucket) for one in summary.inputs] == [
        one.name.removeprefix(str(captures.parent)) for one in alone.inputs
    ]
    assert store.keep({shards[0].name}) == len(shards) - 1
    assert store.judged() == {shards[0].name}
