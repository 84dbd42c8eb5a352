"""The proxy in a thread of a test's own process, and what it saw."""

import asyncio
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from corslens.diagnosis.problem import Problem
from corslens.diagnosis.summary import SessionSummary
from corslens.launch.environment import EVERYTHING, certificate_bundle, proxy_environment
from corslens.lint.finding import Severity
from corslens.mitm.embedded import EmbeddedProxy, ProxyError
from corslens.report.formats.text import render_problem

__all__ = ["Lens", "PlaywrightProxy", "ProxyError", "watch"]


class PlaywrightProxy(TypedDict):
    """What Playwright takes as `proxy`."""

    server: str
    bypass: str


class Lens:
    """A running proxy, and what passed it."""

    def __init__(self, proxy: EmbeddedProxy, loop: asyncio.AbstractEventLoop, folder: Path) -> None:
        self._proxy = proxy
        self._loop = loop
        self._bundle = folder / "ca-bundle.pem"
        self.proxy = proxy.url
        """The proxy's URL, on a free port of 127.0.0.1."""
        self.authority = proxy.authority
        """The file (PEM) of the certificate authority that https clients have to trust."""
        self._bundle.write_bytes(certificate_bundle(os.environ, self.authority))

    @property
    def playwright(self) -> PlaywrightProxy:
        """The `proxy` of Playwright's launch and new_context, loopback included; https pages need `ignore_https_errors=True`, too."""
        return {"server": self.proxy, "bypass": EVERYTHING}

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with the proxy in it, for programs that are started."""
        return proxy_environment(os.environ, proxy=self.proxy, authority=self.authority, bundle=self._bundle)

    @property
    def summary(self) -> SessionSummary:
        """A copy of what was seen so far."""

        async def copy() -> SessionSummary:
            return self._proxy.summary.snapshot()

        return asyncio.run_coroutine_threadsafe(copy(), self._loop).result()

    @property
    def problems(self) -> list[Problem]:
        """What went wrong so far, one entry for each cause at an endpoint."""
        return list(self.summary.problems())

    def expect_no_problems(self, at_or_above: str = "error") -> None:
        """Fail with the diagnoses of the problems at or above a severity: `error`, `warning`, or `info`.

        Raises: AssertionError
        """
        threshold = Severity[at_or_above.upper()]
        found = [one.diagnosis for one in self.problems if one.diagnosis.severity >= threshold]
        if found:
            raise AssertionError("\n\n".join(render_problem(diagnosis).plain for diagnosis in found))


@contextmanager
def watch(*settings: str) -> Iterator[Lens]:
    """Run a proxy with corslens in it in a thread of its own, and stop it at the end.

    Args:
        settings: `name=value` as in `--set`, any option of corslens or mitmproxy. One proxy runs in a process at a time.
    Raises: ProxyError when it does not start, in one sentence.
    """
    started = threading.Event()
    with tempfile.TemporaryDirectory(prefix="corslens-watch-") as folder:
        thread = _Thread(settings, started)
        thread.start()
        started.wait()
        try:
            if thread.error is not None:
                raise thread.error
            assert thread.proxy is not None and thread.loop is not None
            yield Lens(thread.proxy, thread.loop, Path(folder))
        finally:
            thread.end()


class _Thread(threading.Thread):
    def __init__(self, settings: tuple[str, ...], started: threading.Event) -> None:
        super().__init__(name="corslens", daemon=True)
        self._settings = settings
        self._up = started
        self._ended: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.proxy: EmbeddedProxy | None = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self.error = error
        finally:
            self._up.set()

    def end(self) -> None:
        """Stop the proxy and wait for its end."""
        if self.loop is not None and self._ended is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._ended.set)
        self.join()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        # What it would print is in the summary; a test's output is the test's.
        async with EmbeddedProxy(self._settings, {"cors_show": "none"}, out=io.StringIO()) as proxy:
            self.proxy, self.loop = proxy, asyncio.get_running_loop()
            self._up.set()
            await self._ended.wait()
