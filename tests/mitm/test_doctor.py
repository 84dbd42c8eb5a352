"""corslens doctor: each obstacle is recognized, with the one thing to do, and what is fine is left alone."""

import sqlite3
import ssl
from pathlib import Path

import pytest
from click.testing import CliRunner
from corslens.cli import main
from corslens.mitm.doctor import DoctorCheck, DoctorState, examine

from tests.browser.kit.mitmdump import free_port
from tests.browser.kit.processes import Program
from tests.certificates import self_signed
from tests.cli.launched import CORSLENS, environment, serve
from tests.deadline import DEADLINE_SECONDS

PROC_TCP = Path("/proc/net/tcp")
CHROMIUM = "/usr/lib/chromium/chromium --proxy-server=127.0.0.1:8080"
OPEN = """  sl  local_address rem_address   st
   0: 0100007F:{port:04X} 00000000:0000 0A
   1: 0100007F:{port:04X} 0100007F:9999 01
"""
CLOSED = """  sl  local_address rem_address   st
   0: 0100007F:{port:04X} 00000000:0000 0A
   1: 0100007F:9999 0100007F:{port:04X} 06
"""
IDLE = """  sl  local_address rem_address   st
   0: 0100007F:{port:04X} 00000000:0000 0A
   1: 0100007F:9999 0100007F:0016 06
"""


def checks(home: Path, *, port: int | None = None, env=None, processes=(), connections: str = "") -> dict[str, DoctorCheck]:
    file = home / "tcp"
    file.write_text(connections)
    found = examine(
        "127.0.0.1",
        port or free_port(),
        home=home,
        environment=env or {},
        processes=list(processes),
        connections=[home / "nowhere", file],
    )
    return {check.name: check for check in found}


def test_nothing_listens(tmp_path):
    proxy = checks(tmp_path)["proxy"]
    assert proxy.state is DoctorState.PROBLEM
    assert "nothing listens at 127.0.0.1:" in proxy.finding
    assert "corslens open" in proxy.fix


def test_another_program_has_the_port(tmp_path):
    with serve() as url:
        port = int(url.rpartition(":")[2])
        proxy = checks(tmp_path, port=port)["proxy"]
    assert proxy.state is DoctorState.PROBLEM
    assert f"a program other than mitmproxy uses 127.0.0.1:{port}" in proxy.finding
    assert "--listen-port" in proxy.fix


@pytest.fixture(scope="module")
def ca(tmp_path_factory) -> Path:
    return self_signed(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(("store", "name"), [(".pki/nssdb", "Chromium"), (".mozilla/firefox/abc.default", "Firefox")])
def test_the_stores_of_browsers(tmp_path, ca, store, name):
    """Their databases are read where they are, and an unknown certificate in them does not count."""
    (tmp_path / ".mitmproxy").mkdir()
    (tmp_path / ".mitmproxy" / "mitmproxy-ca-cert.pem").write_bytes(ca.read_bytes())
    assert checks(tmp_path)["certificate"].state is DoctorState.PROBLEM
    folder = tmp_path / store
    folder.mkdir(parents=True)
    (folder / "prefs.js").write_text("")
    with sqlite3.connect(folder / "cert9.db") as database:
        database.execute("CREATE TABLE nssPublic (id PRIMARY KEY, a11)")
        database.execute("INSERT INTO nssPublic VALUES (1, ?)", (b"another",))
    assert checks(tmp_path)["certificate"].state is DoctorState.PROBLEM
    text = ca.read_text()
    der = ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])
    with sqlite3.connect(folder / "cert9.db") as database:
        database.execute("INSERT INTO nssPublic VALUES (2, ?)", (der,))
    found = checks(tmp_path)["certificate"]
    assert (found.state, name in found.finding) == (DoctorState.OK, True)


def test_no_authority_yet(tmp_path):
    assert checks(tmp_path)["certificate"].state is DoctorState.UNKNOWN


@pytest.mark.parametrize(
    ("process", "state"),
    [
        (CHROMIUM, DoctorState.PROBLEM),
        (f"{CHROMIUM} --proxy-bypass-list=<-loopback>", DoctorState.UNKNOWN),
        (f"{CHROMIUM} --type=renderer", DoctorState.UNKNOWN),
        ("vim notes", DoctorState.UNKNOWN),
    ],
)
def test_loopback_in_chromium(tmp_path, process, state):
    """A browser whose command line leaves loopback out; its children say nothing."""
    assert checks(tmp_path, processes=[process])["loopback"].state is state


def test_loopback_in_firefox(tmp_path):
    folder = tmp_path / ".mozilla/firefox/abc.default"
    folder.mkdir(parents=True)
    (folder / "prefs.js").write_text('user_pref("network.proxy.type", 1);\n')
    found = checks(tmp_path)["loopback"]
    assert found.state is DoctorState.PROBLEM
    assert "allow_hijacking_localhost" in found.fix
    (folder / "user.js").write_text('user_pref("network.proxy.allow_hijacking_localhost", true);\n')
    assert checks(tmp_path)["loopback"].state is DoctorState.UNKNOWN


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("localhost,.internal", DoctorState.PROBLEM),
        ("a, 127.0.0.1", DoctorState.PROBLEM),
        ("<-loopback>", DoctorState.UNKNOWN),
        ("notlocalhost", DoctorState.UNKNOWN),
    ],
)
def test_loopback_in_the_environment(tmp_path, value, state):
    assert checks(tmp_path, env={"NO_PROXY": value})["loopback"].state is state


def test_quic(tmp_path):
    """Only a Chromium without a proxy may use it."""
    assert checks(tmp_path, processes=[CHROMIUM])["QUIC"].state is DoctorState.OK
    assert checks(tmp_path, processes=["/usr/bin/chromium"])["QUIC"].state is DoctorState.UNKNOWN


@pytest.mark.slow  # starts a program
async def test_a_real_proxy(tmp_path, monkeypatch):
    """Ours is recognized with its CA, which no store has; connections are counted."""
    monkeypatch.setattr("corslens.mitm.doctor.SECONDS", DEADLINE_SECONDS)
    env = environment()
    port = free_port()
    argv = [*CORSLENS, "dump", "--listen-port", str(port), "--set", f"confdir={tmp_path / 'conf'}"]
    async with Program(argv, env=env) as program:
        await program.line("listening at")
        busy = checks(tmp_path, port=port, connections=OPEN.format(port=port))
        closed = checks(tmp_path, port=port, connections=CLOSED.format(port=port))
        idle = checks(tmp_path, port=port, connections=IDLE.format(port=port))
        listed = PROC_TCP.read_text() if PROC_TCP.exists() else ""
    assert busy["proxy"].state is busy["corslens"].state is DoctorState.OK
    assert busy["certificate"].state is DoctorState.PROBLEM
    assert (busy["traffic"].state, busy["traffic"].finding) == (DoctorState.OK, "1 connection to the proxy open now")
    assert (closed["traffic"].state, "within the last minute" in closed["traffic"].finding) == (DoctorState.OK, True)
    assert idle["traffic"].state is DoctorState.PROBLEM
    # What was asked here left nothing behind that another run would take for a browser's.
    assert [line for line in listed.splitlines() if f":{port:04X} " in line and line.split()[3] in ("01", "06")] == []


def test_the_command(tmp_path, monkeypatch):
    """A line for each check and one for its fix; 1 where there is a problem, 2 for wrong usage."""
    monkeypatch.setenv("HOME", str(tmp_path))
    found = CliRunner().invoke(main, ["doctor", "--proxy", f"127.0.0.1:{free_port()}"])
    assert found.exit_code == 1
    assert found.output.startswith("PROBLEM  proxy ")
    assert found.output.count("Fix (setup): ") >= 2
    assert max(map(len, found.output.splitlines())) <= 80
    wrong = CliRunner().invoke(main, ["doctor", "--proxy", "nowhere"])
    assert wrong.exit_code == 2
    assert "--proxy: nowhere is not HOST:PORT" in wrong.output
