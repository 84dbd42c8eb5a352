"""Why corslens sees nothing: what stands between a browser of this machine and the proxy, each with the one thing to do."""

import contextlib
import http.client
import re
import shlex
import socket
import sqlite3
import ssl
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from corslens.diagnosis.local_network import LocalNetwork

SECONDS = 3.0
"""How long a question to the proxy may take."""
DOCTOR_HEADER = "X-Corslens-Doctor"
"""With it the proxy is asked what of the local network never came."""

_LARGEST = 1 << 20
"""Bytes read of a response."""
_ESTABLISHED, _TIME_WAIT = "01", "06"
"""States of a connection. Linux keeps a closed one in the latter for 60 seconds."""


class DoctorState(StrEnum):
    """How a check ended."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


class DoctorCheck(Struct, frozen=True, kw_only=True):
    """What was looked at, and what to do about it."""

    name: str
    state: DoctorState
    finding: str
    fix: str = ""
    """Begins with a verb; empty where nothing is to be done."""


def examine(
    host: str,
    port: int,
    *,
    home: Path,
    environment: Mapping[str, str],
    processes: list[str] | None,
    connections: Sequence[Path],
) -> list[DoctorCheck]:
    """Return what stands between browsers and the proxy at this address.

    Args:
        home: the folder of the user's browsers and of mitmproxy's certificate authority.
        processes: command lines of the programs that run; None when they are not known.
        connections: Linux' lists of TCP connections, such as /proc/net/tcp.
    """
    seen = _rows(connections)  # before there are connections of our own
    listening, reached = _proxy(host, port)
    pem = _through(host, port, "http://mitm.it/cert/pem") if reached else b""
    checks = [*listening, _authority(home, pem), *_loopback(home, environment, processes), _quic(processes)]
    if reached:
        checks.append(_traffic(seen, port))
    counts = _Counts()
    if reached:
        with contextlib.suppress(msgspec.MsgspecError):
            counts = msgspec.json.decode(_through(host, port, "http://corslens.test/", {DOCTOR_HEADER: "1"}), type=_Counts)
    checks.append(_local_network(_pages(counts.stopped), _pages(counts.silent)))
    return checks


class _Counts(Struct):
    """Of pages whose requests into the local network never came."""

    stopped: int = 0
    silent: int = 0


def _pages(count: int) -> str:
    return "" if count == 0 else "1 page" if count == 1 else f"{count} pages"


def local_network_check(found: LocalNetwork) -> DoctorCheck:
    """Return what the proxy does to requests into the local network, as far as a session shows it."""
    return _local_network(_named(found.stopped), _named(found.silent))


def _named(pages: Sequence[str]) -> str:
    more = f" and {len(pages) - 1} more" if len(pages) > 1 else ""
    return f"{pages[0]}{more}" if pages else ""


def _local_network(stopped: str, silent: str) -> DoctorCheck:
    """Say it of pages; empty where there are none."""
    leave_out = "leave targetAddressSpace out while the proxy is used"
    if stopped:
        return DoctorCheck(
            name="local network",
            state=DoctorState.PROBLEM,
            finding=f"the browser stopped requests of {stopped} with targetAddressSpace: through a proxy they all fail before they are sent",
            fix=f"let requests to the local network bypass the proxy, or {leave_out}",
        )
    finding = "a request with targetAddressSpace fails through any proxy before it is sent, so nothing of it is seen"
    if silent:
        finding = f"the policy of {silent} allows requests to the local network, and none came: with targetAddressSpace they fail through any proxy"
    return DoctorCheck(
        name="local network",
        state=DoctorState.UNKNOWN,
        finding=finding,
        fix=f"{leave_out}; corslens open shows what the browser did not send",
    )


def examine_from_within(
    *, through_proxy: bool, pem: bytes, home: Path, environment: Mapping[str, str], processes: list[str] | None
) -> list[DoctorCheck]:
    """Return the same as the running proxy knows it, for the page that it serves.

    Args:
        through_proxy: whether the browser that shows the page got it through the proxy.
        pem: the certificate of the proxy's authority.
    """
    proxy = (
        DoctorCheck(name="proxy", state=DoctorState.OK, finding="this browser uses it")
        if through_proxy
        else DoctorCheck(
            name="proxy",
            state=DoctorState.UNKNOWN,
            finding="this page came directly from mitmweb, so it does not show whether the browser uses the proxy",
            fix="open http://mitm.it in the browser: it says whether traffic passes through mitmproxy",
        )
    )
    return [proxy, *_loopback(home, environment, processes), _authority(home, pem), _quic(processes)]


def _quic(processes: list[str] | None) -> DoctorCheck:
    if processes is None or not _direct(processes):
        return DoctorCheck(name="QUIC", state=DoctorState.OK, finding="browsers do not use QUIC through an HTTP proxy")
    return DoctorCheck(
        name="QUIC",
        state=DoctorState.UNKNOWN,
        finding="a Chromium runs without --proxy-server; in the modes transparent, wireguard and local it may use QUIC",
        fix="start that Chromium with --disable-quic, or use corslens open",
    )


def running_processes() -> list[str] | None:
    """Return the command lines of the programs that run; None when they cannot be listed."""
    try:
        done = subprocess.run(
            ["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.splitlines() if done.returncode == 0 else None


def _proxy(host: str, port: int) -> tuple[list[DoctorCheck], bool]:
    try:
        _leaving_no_trace(socket.create_connection((host, port), timeout=SECONDS)).close()
    except OSError as error:
        reason = error.strerror or str(error)
        fix = "start the proxy with corslens web, or use corslens open, which starts its own"
        return [
            DoctorCheck(
                name="proxy", state=DoctorState.PROBLEM, finding=f"nothing listens at {host}:{port} ({reason})", fix=fix
            )
        ], False
    if b"mitmproxy" not in _through(host, port, "http://mitm.it/"):
        finding = f"a program other than mitmproxy uses {host}:{port}"
        fix = f"choose a free port: corslens web --listen-port {port + 1 if port < 65535 else 8081}"
        return [DoctorCheck(name="proxy", state=DoctorState.PROBLEM, finding=finding, fix=fix)], False
    found = [DoctorCheck(name="proxy", state=DoctorState.OK, finding=f"mitmproxy listens at {host}:{port}")]
    if b"corslens" not in _through(host, port, "http://corslens.test/"):
        finding = "mitmproxy does not say that corslens is loaded (or cors_page_host was changed)"
        found.append(
            DoctorCheck(
                name="corslens",
                state=DoctorState.UNKNOWN,
                finding=finding,
                fix="start the proxy with corslens web or corslens dump",
            )
        )
    else:
        found.append(DoctorCheck(name="corslens", state=DoctorState.OK, finding="is loaded in it"))
    return found, True


def _through(host: str, port: int, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """Return what the proxy responds, or nothing."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.connect()
        _leaving_no_trace(connection.sock)
        connection.request("GET", url, headers=headers)
        return connection.getresponse().read(_LARGEST)
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def _leaving_no_trace(connection: socket.socket) -> socket.socket:
    """Reset the connection at its end: the system lists no closed one, which the next run would take for a browser's."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


def _authority(home: Path, pem: bytes) -> DoctorCheck:
    file = home / ".mitmproxy" / "mitmproxy-ca-cert.pem"
    if not pem:
        with contextlib.suppress(OSError):
            pem = file.read_bytes()
    try:
        certificate = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        certificate = b""
    if not certificate:
        return DoctorCheck(
            name="certificate",
            state=DoctorState.UNKNOWN,
            finding="mitmproxy has not created its certificate authority yet",
            fix="start the proxy once, then open http://mitm.it in the browser behind it",
        )
    stores = list(_stores(home, certificate))
    holding, others = [[name for name, holds in stores if holds is wanted] for wanted in (True, False)]
    if holding:
        finding = f"the proxy's certificate authority is in the store of {', '.join(holding)}"
        return DoctorCheck(
            name="certificate",
            state=DoctorState.OK,
            finding=finding + (f", and not in that of {' or '.join(others)}" if others else ""),
        )
    return DoctorCheck(
        name="certificate",
        state=DoctorState.PROBLEM,
        finding="the proxy's certificate authority is in no store of this user's browsers, so https pages fail",
        fix="open http://mitm.it in the browser behind the proxy, or use corslens open, which needs no certificate",
    )


def _stores(home: Path, certificate: bytes) -> Iterator[tuple[str, bool]]:
    with contextlib.suppress(ssl.SSLError, OSError):
        yield "the system", certificate in ssl.create_default_context().get_ca_certs(binary_form=True)
    yield "Chromium", _holds(home / ".pki" / "nssdb" / "cert9.db", certificate)
    yield "Firefox", any(_holds(profile / "cert9.db", certificate) for profile in _firefox_profiles(home))


def _holds(database: Path, certificate: bytes) -> bool:
    """Say whether an NSS store has a certificate: CKA_VALUE (0x11) of an object."""
    if not database.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as store:
            return store.execute("SELECT 1 FROM nssPublic WHERE a11 = ?", (certificate,)).fetchone() is not None
    except sqlite3.Error:
        return False


def _firefox_profiles(home: Path) -> list[Path]:
    folders = (
        ".mozilla/firefox",
        "snap/firefox/common/.mozilla/firefox",
        "Library/Application Support/Firefox/Profiles",
        "AppData/Roaming/Mozilla/Firefox/Profiles",
    )
    return [file.parent for folder in folders for file in (home / folder).glob("*/prefs.js")]


def _loopback(home: Path, environment: Mapping[str, str], processes: list[str] | None) -> Iterator[DoctorCheck]:
    faults: list[tuple[str, str]] = []
    """What keeps localhost from the proxy, each with the fix."""
    for line in processes or []:
        if "--proxy-server=" in line and "<-loopback>" not in line and "--type=" not in line:
            finding = f"{_program(line)} was started with --proxy-server and connects to localhost directly"
            faults.append((finding, "add --proxy-bypass-list='<-loopback>' and restart it"))
    for profile in _firefox_profiles(home):
        text = _preferences(profile)
        if re.search(r'"network\.proxy\.type", 1\)', text) and '"network.proxy.allow_hijacking_localhost", true' not in text:
            finding = f"Firefox's profile {profile.name} has a proxy and connects to localhost directly"
            faults.append((finding, "set network.proxy.allow_hijacking_localhost to true in about:config"))
    for name in ("NO_PROXY", "no_proxy"):
        if re.search(r"(^|[,\s])(localhost|127\.0\.0\.1)($|[,\s:])", environment.get(name, "")):
            finding = f"{name} keeps programs started here from sending localhost through a proxy"
            faults.append((finding, "run them with corslens run -- COMMAND"))
            break
    for finding, fix in faults:
        yield DoctorCheck(name="loopback", state=DoctorState.PROBLEM, finding=finding, fix=fix)
    if not faults:
        yield DoctorCheck(
            name="loopback",
            state=DoctorState.UNKNOWN,
            finding="no wrong setting was found, but browsers connect to localhost directly by default",
            fix="use corslens open, or see docs/browser-setup.md",
        )


def _preferences(profile: Path) -> str:
    text = ""
    for name in ("prefs.js", "user.js"):
        with contextlib.suppress(OSError):
            text += (profile / name).read_text("utf-8", "replace")
    return text


def _program(line: str) -> str:
    try:
        return Path(shlex.split(line)[0]).name
    except (ValueError, IndexError):
        return Path(line.split(" ")[0]).name


def _direct(processes: list[str]) -> bool:
    """Say whether a Chromium runs that was given no proxy."""
    browsers = ("chrome", "chromium", "msedge", "brave", "Google Chrome")
    return any(
        _program(line) in browsers and "--type=" not in line and "--proxy-server=" not in line and "--disable-quic" not in line
        for line in processes
    )


def _rows(connections: Sequence[Path]) -> list[list[str]] | None:
    """Return the rows of the lists of connections; None where there are none."""
    rows: list[list[str]] | None = None
    for file in connections:
        with contextlib.suppress(OSError):
            rows = [*(rows or []), *(line.split() for line in file.read_text().splitlines()[1:])]
    return rows


def _traffic(rows: list[list[str]] | None, port: int) -> DoctorCheck:
    """Count the connections to the proxy that are open, and those that were closed within the last minute, which the system still lists."""
    if rows is None:
        return DoctorCheck(
            name="traffic",
            state=DoctorState.UNKNOWN,
            finding="what is connected to the proxy is not known on this system",
            fix="open http://mitm.it in the browser: it says whether traffic passes through mitmproxy",
        )
    # Local address, remote address, state: https://docs.kernel.org/networking/proc_net_tcp.html
    ending = f":{port:04X}"
    count = sum(len(row) > 3 and row[1].endswith(ending) and row[3] == _ESTABLISHED for row in rows)
    if count:
        return DoctorCheck(
            name="traffic", state=DoctorState.OK, finding=f"{count} connection{'s' * (count > 1)} to the proxy open now"
        )
    if any(len(row) > 3 and (row[1].endswith(ending) or row[2].endswith(ending)) and row[3] == _TIME_WAIT for row in rows):
        return DoctorCheck(
            name="traffic", state=DoctorState.OK, finding="a connection to the proxy was closed within the last minute"
        )
    return DoctorCheck(
        name="traffic",
        state=DoctorState.PROBLEM,
        finding="nothing was connected to the proxy in the last minute",
        fix="set the browser's proxy to this address and reload the page, or use corslens open",
    )
