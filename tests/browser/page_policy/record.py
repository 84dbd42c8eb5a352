"""Record what a browser makes of the requests of pages with random policies: CSP, COEP, DIP, Connection-Allowlist, and redirects, without a proxy.

python -m tests.browser.page_policy.record chromium [SEED] > tests/browser/page_policy/chromium.jsonl
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOSTS = ("page", "cdn", "other")
KINDS = {"fetch": "connect-src", "image": "img-src", "script": "script-src"}
COUNT = 300
SEED = 18
_MEDIA = {"script": "text/javascript", "style": "text/css"}

type Scenario = dict[str, Any]


def scenarios(seed: int) -> Iterator[Scenario]:
    """Yield random policies; `{cdn}` stands for that server's origin."""
    chance = random.Random(seed)
    for _ in range(COUNT):
        kind = chance.choice(list(KINDS))
        policy: dict[str, str] = {}
        if chance.random() < 0.6:
            named = chance.choice([KINDS[kind], KINDS[kind], "default-src"])
            sources = chance.choice(
                ["{cdn}", "{cdn}", "{cdn} {other}", "{cdn} {other}/elsewhere", "*", "http:", "{cdn} 'self'", "https:"]
            )
            always = "script-src 'unsafe-inline' {page} {cdn}; connect-src {page} {cdn}; " if named == "default-src" else ""
            if named == "default-src" and kind != "image":
                named = KINDS[kind]
                always = ""
            extra = "" if kind == "script" else "; script-src 'unsafe-inline' {page}"
            if always:
                extra = ""
            if named in ("script-src", "connect-src"):
                sources += " {page}" + (" 'unsafe-inline'" if named == "script-src" else "")
            policy["Content-Security-Policy"] = f"{always}{named} {sources}{extra}"
        if chance.random() < 0.4:
            policy["Cross-Origin-Embedder-Policy"] = chance.choice(
                [
                    "require-corp",
                    "credentialless",
                    "unsafe-none",
                    "require-corp, x",
                    'require-corp; report-to="a"',
                    "REQUIRE-CORP",
                ]
            )
        if chance.random() < 0.3:
            policy["Document-Isolation-Policy"] = chance.choice(
                ["isolate-and-require-corp", "isolate-and-credentialless", "none"]
            )
        if chance.random() < 0.25:
            servers = chance.choice(["{cdn}", "{cdn}", "{cdn}" + '" "' + "{other}", "{other}"])
            follows = chance.choice(["", "", ";redirects=allow", ";redirects=block", ';redirects="allow"', ";redirects"])
            policy["Connection-Allowlist"] = f'(response-origin "{servers}"){follows}'
        resource: dict[str, str] = {}
        if kind == "fetch" or chance.random() < 0.3:
            resource["Access-Control-Allow-Origin"] = "*"
        if chance.random() < 0.4:
            resource["Cross-Origin-Resource-Policy"] = chance.choice(["cross-origin", "same-site", "same-origin", "x"])
        yield {"kind": kind, "policy": policy, "redirects": chance.random() < 0.6, "resource": resource}


class Servers:
    """Three servers on this machine, each an origin of its own."""

    def __init__(self, given: list[Scenario] | None = None) -> None:
        self.scenarios = given or list(scenarios(SEED))
        self.results: dict[int, str] = {}
        self.reached: set[int] = set()
        """Scenarios whose request was sent."""
        self.done = threading.Event()
        self._running = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in HOSTS]
        self.origins = {
            name: f"http://{name}.localhost:{server.server_port}" for name, server in zip(HOSTS, self._running, strict=True)
        }
        for server in self._running:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop them all."""
        for server in self._running:
            server.shutdown()
            server.server_close()

    def filled(self, given: dict[str, str]) -> dict[str, str]:
        """Return headers with the servers' origins in place of their names."""
        found = dict(given)
        for name, origin in self.origins.items():
            found = {header: value.replace(f"{{{name}}}", origin) for header, value in found.items()}
        return found

    def page(self, number: int) -> str:
        """Return the page that makes a scenario's request."""
        one = self.scenarios[number]
        url = f"{self.origins['cdn']}/{'redirect' if one['redirects'] else 'target'}?id={number}"
        after = f"{self.origins['page']}/page?id={number + 1}" if number + 1 < len(self.scenarios) else None
        return f"""<!doctype html><link rel=icon href=data:,><script>
(async () => {{
  const kind = {json.dumps(one["kind"])}, url = {json.dumps(url)};
  const load = (name) => new Promise((done, failed) => {{
    const e = document.createElement(name); e.onload = done; e.onerror = failed; e.src = url; document.documentElement.append(e);
  }});
  const request = kind == 'fetch' ? fetch(url) : load(kind == 'image' ? 'img' : 'script');
  const result = await request.then(() => 'allowed', () => 'blocked');
  await fetch('/result?id={number}&result=' + result);
  const next = {json.dumps(after)};
  if (next) location.replace(next);
}})();
</script>"""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        servers = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                number = int(query.get("id", -1))
                if parts.path == "/page":
                    policy = servers.filled(servers.scenarios[number]["policy"])
                    self._respond(200, {"Content-Type": "text/html", **policy}, servers.page(number).encode())
                elif parts.path == "/result":
                    servers.results[number] = query["result"]
                    self._respond(204, {})
                    if number + 1 == len(servers.scenarios):
                        servers.done.set()
                elif parts.path in ("/redirect", "/target"):
                    one = servers.scenarios[number]
                    servers.reached.add(number)
                    given = dict(one["resource"])
                    if parts.path == "/redirect":
                        self._respond(302, {"Location": f"{servers.origins['other']}/target?id={number}", **given})
                        return
                    media = _MEDIA.get(one["kind"].split()[0], "image/svg+xml")
                    body = (
                        b"" if media.startswith("text/") else b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
                    )
                    self._respond(200, {"Content-Type": media, "Cache-Control": "no-store", **given}, body)
                else:
                    self._respond(404, {})

            def _respond(self, status: int, given: dict[str, str], body: bytes = b"") -> None:
                self.send_response(status)
                for name, value in given.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler


def chromium(profile: Path, url: str) -> list[str]:
    """Return the command that starts Chromium."""
    return [
        shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", f"--user-data-dir={profile}", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
        "--remote-debugging-port=0", url,
    ]  # fmt: skip


def firefox(profile: Path, url: str) -> list[str]:
    """Return the command that starts Firefox."""
    profile.mkdir()
    prefs = {"network.proxy.type": 0, "dom.security.https_first": False, "network.captive-portal-service.enabled": False}
    (profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(prefs[name])});\n" for name in prefs))
    return [shutil.which("firefox-esr") or "firefox", "--headless", "--no-remote", "--profile", str(profile), url]


def main(browser: str, seed: int) -> None:
    """Record every scenario and print what the browser did."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        servers = Servers(list(scenarios(seed)))
        start = {"chromium": chromium, "firefox": firefox}[browser]
        command = start(Path(name) / "profile", f"{servers.origins['page']}/page?id=0")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            servers.done.wait(600)
        finally:
            process.terminate()
            process.wait()
            servers.stop()
        for number, scenario in enumerate(servers.scenarios):
            sys.stdout.write(json.dumps({**scenario, "outcome": servers.results.get(number)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
