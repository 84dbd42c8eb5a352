"""corslens open: a browser of its own behind the proxy; nothing to set up, nothing left behind."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import click

from corslens.cli.launching import ended_by_signal, failing, insecure_option, patch_option, set_option, settings_from
from corslens.exits import Exit
from corslens.launch.browsers import NAMES
from corslens.report.escape import escape


@click.command("open", short_help="Open a browser of its own behind the proxy.")
@click.argument("url", required=False)
@click.option("--browser", type=click.Choice(NAMES), help="Browser to open; the first one found by default.")
@click.option("--web", is_flag=True, help="Start mitmweb, whose address is printed.")
@click.option("--headless", is_flag=True, help="Open no window, for scripts; only URL is opened.")
@click.option(
    "--for", "seconds", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End after this long, for scripts."
)
@click.option("--no-listen", is_flag=True, help="Do not listen to the browser over its debugging protocol.")
@patch_option
@insecure_option
@set_option
def open_command(
    url: str | None,
    browser: str | None,
    web: bool,
    headless: bool,
    seconds: float | None,
    no_listen: bool,
    patch: str | None,
    insecure: bool,
    settings: tuple[str, ...],
) -> None:
    """Open a browser with a fresh profile behind a proxy of its own: the live page in the first tab, URL in the second.

    Requests to localhost go through the proxy, too, and its certificate authority is trusted in this profile only. Closing
    the browser, or Ctrl-C, ends the session: the profile is removed and the summary is printed.
    """
    address = None if url is None else _address(url)
    options = settings_from(patch=patch, insecure=insecure)
    with failing():
        sys.exit(
            asyncio.run(
                _open(address, browser, settings, options, web=web, headless=headless, seconds=seconds, listens=not no_listen)
            )
        )


def _address(text: str) -> str:
    """Return the URL to open. Raises: click.UsageError."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or text.startswith("-"):
        raise click.UsageError(f"{escape(text)}: is not the URL of a page, such as http://localhost:3000")
    return url


async def _open(
    url: str | None,
    name: str | None,
    settings: Sequence[str],
    options: dict[str, object],
    *,
    web: bool,
    headless: bool,
    seconds: float | None,
    listens: bool,
) -> int:
    from corslens.bridge.session import ChromiumBridge, FirefoxBridge, witness_of
    from corslens.bridge.websocket import WebSocketError
    from corslens.launch.browsers import BrowserFamily, find
    from corslens.launch.profile import fresh_folder, remove_stale, start_page
    from corslens.launch.session import LaunchError, running_browser
    from corslens.mitm.embedded import EmbeddedProxy

    found = find(name)
    if found is None:
        wanted = name or f"browser ({', '.join(NAMES)})"
        click.echo(f"Error: no {wanted} was found on this machine", err=True)
        return Exit.USAGE
    if stale := remove_stale():
        click.echo(f"Removed {stale} profile{'s' * (stale > 1)} of sessions that were killed.", err=True)
    proxy = EmbeddedProxy(settings, options, web=web, out=sys.stdout)
    proxy.addon.starts_browser = True
    with ended_by_signal() as ended:
        async with proxy:
            with fresh_folder() as profile:
                first = start_page(profile, proxy.page_url) if proxy.page_url else None
                urls = [one for one in (first, url) if one is not None]
                if headless:
                    urls = urls[-1:]  # headless, Chromium has one tab
                bridge: ChromiumBridge | FirefoxBridge | None = None
                if listens and found.family is BrowserFamily.FIREFOX:
                    bridge = FirefoxBridge(witness_of(proxy.addon), proxy.addon.clock, profile=profile / "profile", urls=urls)
                elif listens and os.name != "nt":  # there the pipes are other ones
                    bridge = ChromiumBridge(witness_of(proxy.addon), proxy.addon.clock)
                opening = running_browser(
                    found,
                    profile=profile,
                    proxy=proxy.url,
                    authority=proxy.authority,
                    pin=proxy.authority_pin,
                    urls=urls,
                    headless=headless,
                    wrap=None if bridge is None else bridge.wrap,
                    inherited=() if bridge is None else bridge.inherited,
                )
                try:
                    async with opening as process, contextlib.nullcontext() if bridge is None else bridge.listening():
                        click.echo(
                            f"{found.name} is behind the proxy at {proxy.url}; close it or press Ctrl-C to end.", err=True
                        )
                        if web:
                            click.echo(f"mitmweb is at {proxy.web_url}", err=True)
                        waits = [asyncio.ensure_future(one) for one in (process.wait(), ended.wait())]
                        await asyncio.wait([*waits, proxy.ended], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                        for wait in waits:
                            wait.cancel()
                    if process.returncode and process.returncode > 0 and not proxy.summary.exchanges:
                        raise LaunchError(f"{found.path} ended with exit status {process.returncode}")
                except WebSocketError as error:
                    click.echo(f"Error: {found.path} cannot be listened to: {error}; try --no-listen", err=True)
                    return Exit.USAGE
                except LaunchError as error:
                    if bridge is not None:
                        bridge.close()
                    click.echo(f"Error: {escape(str(error))}", err=True)
                    return Exit.USAGE
    return Exit.FOUND if proxy.has_failed else Exit.OK
