"""How Chromium and its kin are started behind the proxy."""

from collections.abc import Sequence
from pathlib import Path

_OWN_TRAFFIC = (
    "clients2.google.com",
    "clients2.googleusercontent.com",
    "edgedl.me.gvt1.com",
    "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com",
    "safebrowsing.googleapis.com",
    "update.googleapis.com",
)
"""Hosts that the browser itself asks for updates and the time, and no page does: kept out of the session."""

FLAGS = (
    # Without <-loopback> localhost goes past every proxy.
    f"--proxy-bypass-list=<-loopback>;{';'.join(_OWN_TRAFFIC)}",
    "--allow-browser-signin=false",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    # What is opened by http is to come by http.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate",
)


def command_line(
    path: str, *, profile: Path, proxy: str, pin: str, urls: Sequence[str], headless: bool, root: bool
) -> list[str]:
    """Return the command that starts the browser.

    Args:
        proxy: the proxy's URL.
        pin: base64 of the SHA-256 of the CA's SPKI, which is trusted in this profile only.
        root: this user is root, for whom Chromium has no sandbox.
    """
    flags = [
        f"--user-data-dir={profile / 'profile'}",
        f"--proxy-server={proxy}",
        f"--ignore-certificate-errors-spki-list={pin}",
        *FLAGS,
        *(["--headless=new"] if headless else []),
        *(["--no-sandbox"] if root else []),
    ]
    return [path, *flags, *urls]
