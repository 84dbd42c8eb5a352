"""Measure which of Integrity-Policy, Permissions-Policy and Cross-Origin-Opener-Policy changes whether a request is sent, or its response is read.

    python -m tests.browser.page_policy.others chromium

Prints, for each policy and kind of request: whether it was sent, and what the page got. Without a proxy.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.page_policy.record import Scenario, Servers, chromium, firefox

POLICIES = {
    "Integrity-Policy": ("blocked-destinations=(script)", "blocked-destinations=(style)", "blocked-destinations=(script), sources=(inline)"),
    "Permissions-Policy": ("sync-xhr=()", "local-network-access=()", "loopback-network=()", "storage-access=()", "cross-origin-isolated=()"),
    "Cross-Origin-Opener-Policy": ("same-origin", "same-origin-allow-popups", "noopener-allow-popups"),
}  # fmt: skip
KINDS = ("fetch", "sync-xhr", "image", "script", "script with integrity", "style", "frame", "popup")
EMPTY = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
SECONDS = 10


def scenarios() -> list[Scenario]:
    """Return each policy with each kind of request, and no policy; directly and behind a redirect."""
    policies: list[dict[str, str]] = [{}, *({name: value} for name, values in POLICIES.items() for value in values)]
    return [
        {"kind": kind, "policy": policy, "redirects": redirects, "resource": {"Access-Control-Allow-Origin": "*"}}
        for policy in policies
        for kind in KINDS
        for redirects in (False, True)
    ]


class Measured(Servers):
    """The servers, with pages that make more kinds of requests."""

    def page(self, number: int) -> str:
        """Return the page that makes a scenario's request."""
        one = self.scenarios[number]
        url = f"{self.origins['cdn']}/{'redirect' if one['redirects'] else 'target'}?id={number}"
        after = f"{self.origins['page']}/page?id={number + 1}" if number + 1 < len(self.scenarios) else None
        return f"""<!doctype html><link rel=icon href=data:,><body><script>
(async () => {{
  const kind = {json.dumps(one["kind"])}, url = {json.dumps(url)};
  const load = (name, given) => new Promise((done, failed) => {{
    const e = Object.assign(document.createElement(name), given); e.onload = done; e.onerror = failed; document.body.append(e);
  }});
  const kinds = {{
    'fetch': () => fetch(url),
    'sync-xhr': async () => {{ const x = new XMLHttpRequest; x.open('GET', url, false); x.send() }},
    'image': () => load('img', {{src: url}}),
    'script': () => load('script', {{src: url}}),
    'script with integrity': () => load('script', {{src: url, crossOrigin: '', integrity: '{EMPTY}'}}),
    'style': () => load('link', {{rel: 'stylesheet', href: url}}),
    'frame': () => load('iframe', {{src: url}}),
    'popup': async () => {{ const w = window.open(url); await new Promise(d => setTimeout(d, 500)); if (w) w.close() }},
  }};
  const late = new Promise((_, failed) => setTimeout(failed, {SECONDS * 1000}));
  const result = await Promise.race([kinds[kind](), late]).then(() => 'allowed', () => 'blocked');
  await fetch('/result?id={number}&result=' + result);
  const next = {json.dumps(after)};
  if (next) location.replace(next);
}})();
</script>"""


def main(browser: str) -> None:
    """Measure and print what is not as it is without a policy."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        servers = Measured(scenarios())
        start = {"chromium": chromium, "firefox": firefox}[browser]
        command = start(Path(name) / "profile", f"{servers.origins['page']}/page?id=0")
        process = subprocess.Popen(
            [*command[:-1], *(["--disable-popup-blocking"] if browser == "chromium" else []), command[-1]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            servers.done.wait(600)
        finally:
            process.terminate()
            process.wait()
            servers.stop()
    found = [(number in servers.reached, servers.results.get(number)) for number in range(len(servers.scenarios))]
    without = found[: 2 * len(KINDS)]
    print(f"{sum(result is not None for _, result in found)} of {len(found)} measured; without a policy: {without}")
    for number, (one, did) in enumerate(zip(servers.scenarios, found, strict=True)):
        if did != without[number % len(without)]:
            (policy,) = one["policy"].items()
            behind = " behind a redirect" if one["redirects"] else ""
            print(f"{': '.join(policy)} | {one['kind']}{behind} | {'sent' if did[0] else 'not sent'} | {did[1]}")


if __name__ == "__main__":
    main(sys.argv[1])
