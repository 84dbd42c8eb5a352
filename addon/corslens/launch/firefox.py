"""How Firefox is started behind the proxy: preferences in its profile, and the CA in the profile's certificate store."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from corslens.launch import nss

PREFERENCES: dict[str, str | int | bool] = {
    "network.proxy.type": 1,
    # What the browser itself asks, and no page does, is kept out of the session.
    "network.proxy.no_proxies_on": ".services.mozilla.com, .cdn.mozilla.net, aus5.mozilla.org, detectportal.firefox.com",
    "network.proxy.allow_hijacking_localhost": True,  # without it localhost goes past every proxy
    "network.http.http3.enable": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    # What is opened by http is to come by http.
    "dom.security.https_first": False,
    "dom.security.https_first_for_custom_ports": False,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "services.settings.server": "data:,",
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,",
}


def write_profile(profile: Path, proxy: str) -> None:
    """Write the preferences."""
    address = urlsplit(proxy)
    values = dict(PREFERENCES)
    for scheme in ("http", "ssl"):
        values |= {f"network.proxy.{scheme}": str(address.hostname), f"network.proxy.{scheme}_port": address.port or 0}
    folder = profile / "profile"
    folder.mkdir(exist_ok=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in values.items()]
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")


def trust(profile: Path, authority: Path, path: str) -> str | None:
    """Trust the CA in this profile only; return why that was not possible, or None.

    Firefox has its own NSS, which writes the store; that runs in a process of its own, because a library of another program may not
    fit this Python.
    """
    library = nss.find_library(Path(path).resolve().parent)
    if library is None:
        return "its NSS library was not found"
    done = subprocess.run(
        [sys.executable, nss.__file__, str(library), str(profile / "profile"), str(authority)],
        capture_output=True,
        text=True,
        errors="replace",
        # Its other libraries are beside it, and the system may have older ones of the same names.
        env={**os.environ, "LD_LIBRARY_PATH": str(library.parent), "DYLD_LIBRARY_PATH": str(library.parent)},
    )
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]


def command_line(path: str, *, profile: Path, urls: Sequence[str], headless: bool) -> list[str]:
    """Return the command that starts the browser."""
    return [path, "--no-remote", "--profile", str(profile / "profile"), *(["--headless"] if headless else []), *urls]
