"""What the tests of commands that start something need: servers of this machine, and what was left behind."""

import atexit
import json
import os
import ssl
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from tests.certificates import self_signed

ADDON = Path(__file__).parents[2] / "addon"
CORSLENS = [sys.executable, "-m", "corslens"]
MARK = "CORSLENS_LAUNCH_TEST"
PROC = Path("/proc")


def environment() -> dict[str, str]:
    """An environment by which each process started from it is found again, with a home and temporary folder of its own."""
    temporary = mkdtemp(prefix="t")  # short: Chromium's own temporary folder goes into the profile below it
    atexit.register(rmtree, temporary, ignore_errors=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        MARK: uuid.uuid4().hex,
        "PYTHONPATH": str(ADDON),
        "TMPDIR": temporary,
        "COLUMNS": "100",
    }


def left_behind(environment: dict[str, str]) -> list[str]:
    """The command lines of processes from this environment that still run, and what stands in its temporary folder."""
    return [*(path.name for path in Path(environment["TMPDIR"]).iterdir()), *still_running(environment)]


def still_running(environment: dict[str, str]) -> list[str]:
    """The command lines of processes that were started from this environment and still run."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        try:
            if f"{MARK}={environment[MARK]}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it is gone, or not ours
    return found


def records(file: Path) -> list[dict[str, Any]]:
    """The records of a JSONL log; the last of an id counts."""
    return list({record["id"]: record for record in map(json.loads, file.read_text().splitlines())}.values())


@contextmanager
def serve(pages: dict[str, bytes] | None = None, *, tls: Path | None = None) -> Iterator[str]:
    """Serve pages without CORS headers on a free port of 127.0.0.1, and give the base URL.

    Args:
        tls: a folder for a self-signed certificate.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (pages or {}).get(self.path, b"{}")
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tls))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
