"""A proxy within this process, with the addon in it: for commands and helpers that start something behind it."""

import asyncio
import base64
import hashlib
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from mitmproxy import exceptions, http, optmanager
from mitmproxy.addons.termlog import TermLog
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from corslens.diagnosis.summary import SessionSummary
from corslens.mitm.addon import CorsLens
from corslens.mitm.listening import LOOPBACK, stay_local
from corslens.mitm.local_base import LocalBase
from corslens.mitm.options import faults_in_deferred
from corslens.mitm.session import is_event_stream
from corslens.mitm.wrappers import insert
from corslens.report.initiators import SourceRoot
from corslens.suggest import did_you_mean

QUIET = {"termlog_verbosity": "alert", "listen_port": 0}
"""Options that differ from mitmproxy's defaults: a free port, and no line for each connection."""


_OF_THE_DUMPER = ("flow_detail", "dumper_filter", "dumper_default_contentview")
"""mitmdump's options for the flows that it prints: none are printed here, so they change nothing."""


def _blame_only_proxy(master: Master) -> None:
    """Let only errors of the proxy itself keep it from starting: mitmproxy listens to all that this process logs meanwhile."""
    check = master.addons.get("errorcheck")
    if check is not None:
        check.logger.addFilter(lambda record: record.name.partition(".")[0] in ("mitmproxy", "corslens"))


class ProxyError(RuntimeError):
    """The proxy did not start, or an option is wrong; the message is one sentence."""


class _Started:
    """Knows when everything runs; the last in the chain."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def running(self) -> None:
        self.event.set()


class _EventStreams:
    """Hands server-sent events on as they come: mitmproxy waits for the end of a body, and theirs has none."""

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response is not None and is_event_stream(flow.response.headers.get("content-type")):
            flow.response.stream = flow.response.stream or True


class EmbeddedProxy:
    """Start a proxy with `async with`, and stop it; the summary is printed at its end.

    Args:
        settings: `name=value` as in `--set`, any of mitmproxy's options and ours. They go before everything else.
        options: options by name, which go before the user's config.yaml.
        web: mitmweb instead of mitmdump.
        reports: files that a report is written to at the end; the format follows the ending.
        source_roots: where the sources of pages are in the repository, for reports that point at lines of code.
        out: where problems, log lines, and the summary are printed.
        local_base: of a reverse proxy whose server is called by a name of this machine.
    Raises: ProxyError
    """

    def __init__(
        self,
        settings: Sequence[str] = (),
        options: Mapping[str, Any] | None = None,
        *,
        web: bool = False,
        reports: Sequence[Path] = (),
        source_roots: Sequence[SourceRoot] = (),
        out: TextIO | None = None,
        local_base: LocalBase | None = None,
    ) -> None:
        self._settings = settings
        self._options = {**QUIET, **(options or {})}
        self._web = web
        self._out = out or sys.stderr
        self._local_base = local_base
        self.addon = CorsLens(out=self._out)
        self.addon.reports.extend(reports)
        self.addon.announces_page = web
        self.addon.source_roots = tuple(source_roots)
        self._started: _Started | None = None
        self._log: TermLog | None = None
        self._master: Master | None = None
        self._task: asyncio.Task[None] | None = None
        self.has_failed = False
        """Whether something is at or over `cors_fail_on`, or the proxy itself failed; known at its end."""

    async def __aenter__(self) -> Self:
        for name in ("mitmproxy", "corslens"):
            logging.getLogger(name).setLevel(logging.INFO)
        master = self._master = self._make()
        self._log = TermLog(self._out)
        self._started = _Started()
        try:
            _blame_only_proxy(master)
            stay_local(master.options)
            insert(master, self.addon)
            if self._local_base is not None:
                self._local_base.surround(master, self.addon)
            master.addons.add(_EventStreams(), self._log, self._started)
            self._configure(master)
            self._task = asyncio.create_task(self._run(master))
            started = asyncio.create_task(self._started.event.wait())
            await asyncio.wait([self._task, started], return_when=asyncio.FIRST_COMPLETED)
            started.cancel()
            if self._task.done():
                await self._task
                raise ProxyError("the proxy did not start")
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that the proxy listens on."""
        addresses: list[tuple[Any, ...]] = self._need("proxyserver").listen_addrs()
        return int(next((address[1] for address in addresses if address[0] == LOOPBACK), addresses[0][1]))

    @property
    def url(self) -> str:
        """What clients are given as their proxy."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def page_url(self) -> str:
        """The live page's address, a secret; empty when it is not served."""
        return self.addon.page.url

    @property
    def web_url(self) -> str:
        """mitmweb's address with its token; empty in mitmdump."""
        return str(getattr(self._master, "web_url", ""))

    @property
    def authority(self) -> Path:
        """The file of the CA's certificate (PEM) that clients have to trust."""
        assert self._master is not None
        return Path(self._master.options.confdir).expanduser() / "mitmproxy-ca-cert.pem"

    @property
    def authority_pin(self) -> str:
        """Base64 of the SHA-256 of the CA's public key (SPKI), by which Chromium recognizes it."""
        certificate = self._need("tlsconfig").certstore.default_ca.to_cryptography()
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(key).digest()).decode()

    @property
    def summary(self) -> SessionSummary:
        """What every output shows of the session."""
        return self.addon.summary

    @property
    def ended(self) -> "asyncio.Task[None]":
        """Done when the proxy ended by itself."""
        assert self._task is not None
        return self._task

    def _make(self) -> Master:
        if self._web:
            from mitmproxy.tools.web.master import WebMaster  # late: it takes a while

            self._options = {"web_open_browser": False, **self._options}
            return WebMaster(Options(), with_termlog=False)
        return DumpMaster(Options(), with_termlog=False, with_dumper=False)

    def _configure(self, master: Master) -> None:
        options = master.options
        try:
            options.set(*[one for one in self._settings if one.startswith("confdir=")])
            folder = Path(options.confdir).expanduser()
            optmanager.load_paths(options, str(folder / "config.yaml"), str(folder / "config.yml"))
            options.update(**self._options)
            options.set(*self._settings, defer=True)
            if faults := faults_in_deferred(options):
                raise ProxyError(faults[0])
            named = (one.partition("=")[0] for one in self._settings)
            known = {*options.keys(), *_OF_THE_DUMPER}
            if not options.scripts and (unknown := next((name for name in named if name not in known), None)):
                raise ProxyError(f"{unknown}: no such option{did_you_mean(unknown, known)}")
        except exceptions.OptionsError as error:
            raise ProxyError(str(error)) from None

    async def _run(self, master: Master) -> None:
        try:
            await master.run()
        except SystemExit as end:  # how mitmproxy's addons end the process, and how cors_fail_on does
            self.has_failed = bool(end.code)

    async def _stop(self) -> None:
        if self._task is not None and self._master is not None:
            self._master.shutdown()
            await asyncio.wait([self._task])
        if self._log is not None:
            self._log.uninstall()

    def _need(self, addon: str) -> Any:
        assert self._master is not None
        return self._master.addons.get(addon)
