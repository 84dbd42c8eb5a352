"""Record what a browser does when a page requests a less public address space (Local Network Access), without a proxy or behind corslens.

    python -m tests.browser.local_network.record chromium > tests/browser/local_network/chromium.jsonl
    python -m tests.browser.local_network.record chromium proxied > tests/browser/local_network/chromium-proxied.jsonl

Behind the proxy each line has corslens's verdict, too: null where no request of the page came by.

Every server is on this machine; the browser is made to take their ports for public, local or loopback ones. One page after the other
makes one request and reports what became of it to its own server. A line of JSON a scenario; run it anew for a newer browser.
"""

import contextlib
import datetime
import itertools
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SPACES = ("public", "local", "loopback")
SCHEMES = ("https", "http")
SECONDS = 4
"""After these a page gives its request up: Firefox asks the user, whom a headless browser has not got."""

type Scenario = dict[str, Any]


def scenarios() -> Iterator[Scenario]:
    """Yield what is tried: who requests what, and how."""
    for page, page_scheme, target, target_scheme in itertools.product(SPACES, SCHEMES, SPACES, SCHEMES):
        for kind in ("simple", "preflighted"):
            yield {
                "page": page, "page_scheme": page_scheme, "target": target, "target_scheme": target_scheme,
                "kind": kind, "via": None, "target_address_space": None,
            }  # fmt: skip
    for page, target in itertools.product(SPACES, SPACES):
        base = {"page": page, "page_scheme": "https", "target": target, "target_scheme": "https", "kind": "simple"}
        for via in SPACES:
            yield {**base, "via": via, "target_address_space": None}
        for space in ("local", "loopback"):
            yield {**base, "target_scheme": "http", "via": None, "target_address_space": space}
        yield {**base, "kind": "image", "via": None, "target_address_space": None}


def host(role: str, space: str) -> str:
    """Return the host name of a server."""
    return f"{role}-{space}.example"


class Servers:
    """A server for each role, space and scheme, all on 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.scenarios = list(scenarios())
        self.results: dict[int, dict[str, Any]] = {}
        self.seen: Counter[int] = Counter()
        self.done = threading.Event()
        self.ports: dict[tuple[str, str, str], int] = {}
        self._running: list[ThreadingHTTPServer] = []
        context, self.fingerprint = _tls(folder)
        for role, space, scheme in itertools.product(("page", "target"), SPACES, SCHEMES):
            server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
            server.daemon_threads = True
            server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a browser hangs up as it likes
            if scheme == "https":
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            self.ports[role, space, scheme] = server.server_port
            self._running.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop them all."""
        for server in self._running:
            server.shutdown()
            server.server_close()

    def url(self, role: str, space: str, scheme: str, path: str) -> str:
        """Return a URL on one of them."""
        return f"{scheme}://{host(role, space)}:{self.ports[role, space, scheme]}{path}"

    def page_url(self, number: int) -> str:
        """Return the URL of a scenario's page."""
        one = self.scenarios[number]
        return self.url("page", one["page"], one["page_scheme"], f"/page?id={number}")

    def page(self, number: int) -> str:
        """Return the page that makes a scenario's request."""
        one = self.scenarios[number]
        url = self.url("target", one["target"], one["target_scheme"], f"/target?id={number}")
        if one["via"] is not None:
            url = (
                self.url("target", one["via"], "https", f"/redirect?id={number}&to=")
                + "' + encodeURIComponent('"
                + url
                + "') + '"
            )
        options = {"cache": "no-store"}
        if one["kind"] == "preflighted":
            options["headers"] = {"X-Preflight": "1"}  # type: ignore[assignment]
        if one["target_address_space"]:
            options["targetAddressSpace"] = one["target_address_space"]
        after = f"'{self.page_url(number + 1)}'" if number + 1 < len(self.scenarios) else "null"
        return f"""<!doctype html><link rel=icon href=data:,><script type=module>
const image = {json.dumps(one["kind"] == "image")}, url = '{url}', options = {json.dumps(options)};
let result = 'pending';
const ask = () => image
  ? new Promise((done, failed) => {{ const i = new Image; i.onload = done; i.onerror = failed; i.src = url }})
  : fetch(url, options).then(r => r.text());
const request = ask().catch(ask);  // the network may change while the browser starts
await Promise.race([
  request.then(() => result = 'allowed', error => result = 'blocked'),
  new Promise(done => setTimeout(done, {SECONDS * 1000})),
]);
await fetch('/result?id={number}&result=' + result);
const next = {after};
if (next) location.replace(next);
</script>"""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        servers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                number = int(query.get("id", -1))
                if parts.path == "/page":
                    self._respond(200, {"Content-Type": "text/html"}, servers.page(number).encode())
                elif parts.path == "/result":
                    servers.results[number] = {"outcome": query["result"], "requests": servers.seen[number]}
                    self._respond(204, {})
                    if number + 1 == len(servers.scenarios):
                        servers.done.set()
                elif parts.path == "/redirect":
                    self._respond(302, {"Location": query["to"], "Access-Control-Allow-Origin": "*"})
                elif parts.path == "/target":
                    servers.seen[number] += 1
                    given = {"Access-Control-Allow-Origin": "*", "Content-Type": "image/svg+xml"}
                    self._respond(200, given, b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
                else:
                    self._respond(404, {})

            def do_OPTIONS(self) -> None:
                self._respond(204, {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "x-preflight"})

            def _respond(self, status: int, given: dict[str, str], body: bytes = b"") -> None:
                self.send_response(status)
                for name, value in given.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def _tls(folder: Path) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local network recorder")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(host(role, space)) for role in ("page", "target") for space in SPACES]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def chromium(servers: Servers, folder: Path, proxy: str | None) -> list[str]:
    """Return the command that starts Chromium."""
    if proxy is None:
        way = ["--no-proxy-server", "--host-resolver-rules=MAP *.example 127.0.0.1"]
    else:
        way = [f"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>"]
    overrides = ",".join(f"127.0.0.1:{port}={space}" for (_, space, _), port in servers.ports.items())
    return [
        shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", f"--user-data-dir={folder}", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--ignore-certificate-errors",
        *way, f"--ip-address-space-overrides={overrides}",
        "--remote-debugging-port=0", servers.page_url(0),
    ]  # fmt: skip


def firefox(servers: Servers, folder: Path, proxy: str | None) -> list[str]:
    """Return the command that starts Firefox, with a profile that knows the servers' certificate."""
    folder.mkdir()
    by_space = {space: [f"127.0.0.1:{port}" for (_, one, _), port in servers.ports.items() if one == space] for space in SPACES}
    prefs = {
        "network.lna.enabled": True,
        "network.lna.blocking": True,
        "network.lna.block_trackers": False,
        "network.lna.etp.enabled": False,
        "network.lna.address_space.public.override": ",".join(by_space["public"]),
        "network.lna.address_space.private.override": ",".join(by_space["local"]),
        "network.dns.localDomains": ",".join(host(role, space) for role in ("page", "target") for space in SPACES),
        "network.proxy.type": 0,
        "dom.security.https_first": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "app.update.enabled": False,
        "network.captive-portal-service.enabled": False,
    }
    if proxy is not None:
        address = urlsplit(proxy)
        for scheme in ("http", "ssl"):
            prefs |= {f"network.proxy.{scheme}": str(address.hostname), f"network.proxy.{scheme}_port": address.port or 0}
        prefs |= {"network.proxy.type": 1, "network.proxy.allow_hijacking_localhost": True}
        del prefs["network.dns.localDomains"]
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items()]
    (folder / "user.js").write_text("".join(lines))
    overrides = [
        f"{host(role, space)}:{port}:\tOID.2.16.840.1.101.3.4.2.1\t{servers.fingerprint}\t\n"
        for (role, space, scheme), port in servers.ports.items()
        if scheme == "https"
    ]
    (folder / "cert_override.txt").write_text("".join(overrides))
    return [
        shutil.which("firefox-esr") or "firefox", "--headless", "--no-remote", "--profile", str(folder), servers.page_url(0),
    ]  # fmt: skip


def verdicts(log: Path, engine: str) -> dict[int, str]:
    """Return our verdict on each scenario whose requests came by: blocked where any of them is."""
    found: dict[int, str] = {}
    latest = {record["id"]: record for record in map(json.loads, log.read_text().splitlines())}
    for record in latest.values():
        parts = urlsplit(record["url"])
        if parts.path in ("/redirect", "/target"):
            number = int(parse_qs(parts.query)["id"][0])
            outcome = record["verdicts"][engine]["outcome"]
            found[number] = "blocked" if "blocked" in (outcome, found.get(number)) else outcome
    return found


def trust(folder: Path, authority: Path, path: str) -> None:
    """Make Firefox trust the proxy's CA."""
    from corslens.launch import firefox as launched

    assert launched.trust(folder.parent, authority, path) is None


def main(browser: str, *ways: str) -> None:
    """Record every scenario in a browser and print what it did."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        servers = Servers(folder)
        log, proxy = folder / "log.jsonl", None
        if "proxied" in ways:
            from corslens.testing import watch

            resolve = folder / "resolve.py"
            resolve.write_text("def server_connect(data):\n    data.server.address = ('127.0.0.1', data.server.address[1])\n")
            given = (f"cors_log={log}", "cors_show_values=true", f"scripts={resolve}", "ssl_insecure=true")
            lens = stack.enter_context(watch(*given))
            proxy = lens.proxy
        command = {"chromium": chromium, "firefox": firefox}[browser](servers, folder / "profile", proxy)
        if proxy is not None and browser == "firefox":
            trust(folder / "profile", lens.authority, command[0])
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            servers.done.wait(len(servers.scenarios) * (SECONDS + 1))
        finally:
            process.terminate()
            process.wait()
            servers.stop()
            stack.close()
        ours = verdicts(log, browser) if proxy is not None else {}
        for number, scenario in enumerate(servers.scenarios):
            line = {**scenario, **servers.results.get(number, {"outcome": None, "requests": 0})}
            if proxy is not None:
                line["verdict"] = ours.get(number)
            print(json.dumps(line))


if __name__ == "__main__":
    main(*sys.argv[1:])
