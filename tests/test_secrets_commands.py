"""No command shows what the allowlist does not name: the planted places of test_secrets.py, through each command's every output.

What a command prints and every file that it writes is searched, byte for byte; tables are read first.
"""

import contextlib
import json
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.observation.exchange import Exchange
from corslens.report.formats.registry import ENDINGS

from tests.cli.launched import CORSLENS, environment, left_behind
from tests.deadline import DEADLINE_SECONDS
from tests.inputs.make_har import encoded, entry
from tests.test_secrets import API, PAGE, assert_none, exchanges

pytestmark = pytest.mark.slow

CLIENT = '''
import json, socket, sys
address, absolute, requests = json.load(open(sys.argv[1]))
if not address:
    from urllib.parse import urlsplit
    import os
    address = urlsplit(os.environ["HTTP_PROXY"]).netloc
host, port = address.rsplit(":", 1)
connection = answers = None
for method, path, lines in requests:
    if connection is None:
        connection = socket.create_connection((host, int(port)))
        answers = connection.makefile("rb")
    head = "".join(f"{name}: {value}\\r\\n" for name, value in lines)
    connection.sendall(f"{method} {absolute}{path} HTTP/1.1\\r\\n{head}\\r\\n".encode())
    status, length, closes = answers.readline(), 0, False
    while (line := answers.readline().lower()) not in (b"\\r\\n", b""):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        closes = closes or (name, value.strip()) == (b"connection", b"close")
    answers.read(length)
    if closes or not status:
        connection.close()
        connection = None
'''  # fmt: skip


class Handler(socketserver.StreamRequestHandler):
    """Responds with the header lines of the exchange whose number a request has in X-Number."""

    server: "PlantedServer"

    def handle(self) -> None:
        while self.rfile.readline():
            number = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"x-number:"):
                    number = int(line.partition(b":")[2])
            response = self.server.planted[number].response
            assert response is not None
            lines = "".join(f"{name}: {value}\r\n" for name, value in response.headers.lines)
            length = "" if response.status in (204, 304) else "Content-Length: 0\r\n"
            self.wfile.write(f"HTTP/1.1 {response.status} X\r\n{lines}{length}\r\n".encode())
            self.server.responded += 1


class PlantedServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, planted: list[Exchange]) -> None:
        self.planted, self.responded = planted, 0
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def serving(planted: list[Exchange]) -> Iterator[PlantedServer]:
    with PlantedServer(planted) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def planted() -> list[Exchange]:
    """Every place once, by turns in a preflight, its request, and another; those that no server responds to are for captures."""
    made = [one for number, one in enumerate(exchanges()) if number % 3 == number // 3 % 3]
    return [one for one in made if one.response is not None and one.request.url.startswith(f"{API}/")]


def requests_of(planted: Iterable[Exchange], host: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Method, path and lines of each request, as the client sends them."""
    found = []
    for number, one in enumerate(planted):
        path = one.request.url.removeprefix(API).partition("#")[0].replace(" ", "%20")
        lines = [(name, value) for name, value in one.request.headers.lines if name != "Host"]
        found.append((one.request.method.split("=")[-1], path, [("Host", host), ("X-Number", str(number)), *lines]))
    return found


def client(folder: Path, address: str, absolute: str, planted: list[Exchange], host: str) -> list[str]:
    """The command of a client that sends the requests to an address (that of HTTP_PROXY where it is empty)."""
    given = folder / "requests"
    given.write_text(json.dumps([address, absolute, requests_of(planted, host)]))
    return [sys.executable, "-c", CLIENT, str(given)]


def searched(*texts: str, files: Iterable[Path] = ()) -> int:
    """Check that nothing planted is in texts, nor in files, and return how much was searched."""
    size = 0
    for text in (*texts, *(path.read_bytes().decode("utf-8", "replace") for path in files)):
        assert_none(text)
        size += len(text)
    return size


REPORTS = [f"r{ending}" for ending in ENDINGS]


def outputs(folder: Path, *, without: str = "") -> list[str]:
    """Options for a report in each format."""
    return [argument for name in REPORTS if name != without for argument in ("-o", str(folder / name))]


def test_run(planted: list[Exchange], tmp_path: Path) -> None:
    """What `run` prints and writes, and what the log has, of a client that sent them all through its proxy."""
    env = environment()
    with serving(planted) as server:
        host = server.url.removeprefix("http://")
        command = client(tmp_path, "", server.url, planted, host)
        settings = [f"confdir={tmp_path / 'conf'}", f"cors_log={tmp_path / 'log.jsonl'}", "cors_show=cors"]
        done = subprocess.run(
            [*CORSLENS, "run", *(part for one in settings for part in ("--set", one)), *outputs(tmp_path), "--", *command],
            env=env, capture_output=True, text=True, timeout=DEADLINE_SECONDS,
        )  # fmt: skip
        assert server.responded > 0.95 * len(planted), done.stderr
    assert done.returncode == 0, done.stderr
    files = [tmp_path / name for name in (*REPORTS, "log.jsonl")]
    assert searched(done.stdout, done.stderr, files=files) > 400_000
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) > len(planted) / 2
    assert left_behind(env) == []


def test_dev(planted: list[Exchange], tmp_path: Path) -> None:
    """What `dev` prints while requests pass, and what the API lacks at the end."""
    env = environment()
    with serving(planted) as server:
        settings = [f"confdir={tmp_path / 'conf'}", f"cors_log={tmp_path / 'log.jsonl'}", "cors_show=cors"]
        command = [*CORSLENS, "dev", f"{server.url}/v1", "--port", "0", *(part for one in settings for part in ("--set", one))]
        out = tmp_path / "out"
        with (
            out.open("w") as stdout,
            subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True) as process,
        ):
            try:
                assert process.stderr is not None
                first = process.stderr.readline()
                address = first.split("//", 1)[1].split("/")[0]
                sent = client(tmp_path, address, "", planted, address)
                subprocess.run(sent, env=env, check=True, timeout=DEADLINE_SECONDS)
                process.send_signal(signal.SIGINT)
                err = first + process.communicate(timeout=DEADLINE_SECONDS)[1]
            finally:
                process.kill()
        assert server.responded > len(planted) / 4  # the proxy responds to preflights
    assert "Access-Control-Allow-Origin" in out.read_text()
    assert searched(err, files=[out, tmp_path / "log.jsonl"]) > 100_000
    assert left_behind(env) == []


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all places in captures, an error and a user name among them."""
    folder = tmp_path_factory.mktemp("captures")
    made = exchanges()
    for number in range(3):
        entries = []
        for one in made[number::3]:
            if one.response is not None:
                started = f"2026-01-31T12:{len(entries) // 60:02}:{len(entries) % 60:02}.000Z"
                lines = one.request.headers.lines
                entries.append(
                    entry(one.request.method, one.request.url, lines, status=one.response.status, answer=one.response.headers.lines, started=started)
                )  # fmt: skip
        (folder / f"{number}.har").write_bytes(encoded(*entries))
    return folder


def invoke(*arguments: object) -> str:
    """Run a command in this process and return what it printed, on both."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout + result.stderr


@pytest.mark.parametrize("server", ["nginx", "express", "s3"])
def test_advise(server: str, captures: Path, tmp_path: Path) -> None:
    """Settings, warnings, and the policy that `check` reads; every server's settings are written from that."""
    said = invoke("advise", server, captures / "0.har", "--allow-origin", PAGE, "-o", tmp_path / "settings")
    said += invoke("advise", captures / "1.har", "--format", "policy") if server == "nginx" else ""
    assert searched(said, files=[tmp_path / "settings"]) > 100


def test_analyze(captures: Path, tmp_path: Path) -> None:
    """Standard output, each report, and the baseline; `diff` between two of the captures."""
    said = [invoke("analyze", captures / "0.har", *outputs(tmp_path), "--write-baseline", tmp_path / "b.json")]
    said += [invoke("diff", captures / "0.har", captures / "1.har", "--format", form) for form in ("text", "json")]
    assert searched(*said, files=[tmp_path / name for name in (*REPORTS, "b.json")]) > 1_000_000


def test_corpus(captures: Path, tmp_path: Path) -> None:
    """The tables and receipts, read and as bytes, reports, standard output, and what is judged across the corpus."""
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("duckdb")
    lake = tmp_path / "lake"
    reports = outputs(tmp_path, without="r.jsonl")  # the tables have the records
    said = invoke("corpus", captures, "--out", lake, "--across", *reports, "--write-baseline", tmp_path / "b.json")
    said += invoke("corpus", "--out", lake, "--format", "json")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    tables = [path for path in files if path.suffix == ".parquet"]
    assert len(tables) >= 4
    rows = [repr(parquet.read_table(path).to_pylist()) + repr(parquet.read_schema(path).metadata) for path in tables]
    assert searched(said, *rows, files=files) > 1_000_000


def test_check(planted: list[Exchange], captures: Path, tmp_path: Path) -> None:
    """A server whose responses have secrets, and a capture whose requests have them and are sent again."""
    with serving([one for one in planted if one.response is not None and one.response.status == 200]) as server:
        host = server.url.removeprefix("http://")
        said = []
        for number in range(0, len(server.planted), 9):
            header = ("--header", f"X-Number: {number}")
            said.append(invoke("check", f"{server.url}/me", "--origin", PAGE, *header, "--credentials", "--rate", "0"))
        asked = ("check", captures / "0.har", "--against", server.url, "--allow-host", host, "--rate", "0")
        said.append(invoke(*asked, *outputs(tmp_path)))
        said.append(invoke(*asked, "--dry-run"))
        assert server.responded > 100
    assert searched(*said, files=[tmp_path / name for name in REPORTS]) > 100_000
