"""corslens attach: listen to a browser of one's own, started with a debugging port and behind this proxy."""

import asyncio
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import click

from corslens.cli.launching import ended_by_signal, failing, insecure_option, patch_option, set_option, settings_from
from corslens.exits import Exit
from corslens.report.escape import escape

_LISTEN_PORT = 8080


@click.command(short_help="Listen to a Chromium of your own that has a debugging port.")
@click.argument("url", required=False, metavar="[WS_URL]")
@click.option("--port", type=click.IntRange(1, 65535), help="Debugging port of the browser.")
@patch_option
@insecure_option
@set_option
def attach(url: str | None, port: int | None, patch: str | None, insecure: bool, settings: tuple[str, ...]) -> None:
    """Start a proxy (port 8080; --set listen_port=…) and listen to a Chromium that uses it, over its debugging port.

    The browser confirms each verdict and names the code that made a request, as in corslens open. Start that browser with
    --proxy-server=http://127.0.0.1:8080, --proxy-bypass-list='<-loopback>' and --remote-debugging-port=9222.

    \b
    corslens attach --port 9222
    corslens attach ws://127.0.0.1:9222/devtools/browser/…
    """
    if (url is None) == (port is None):
        raise click.UsageError("give the browser's debugging port (--port 9222), or its ws:// URL")
    if url is not None and urlsplit(url).scheme != "ws":
        raise click.UsageError(f"{escape(url)}: is not the URL of a debugging connection, which begins with ws://")
    options: dict[str, object] = {"listen_port": _LISTEN_PORT, **settings_from(patch=patch, insecure=insecure)}
    click.echo(
        "WARNING: every program on this machine that reaches the browser's debugging port controls the browser, with all of its "
        "sessions and cookies. Use a profile of its own, and corslens open where that will do: it needs no port.",
        err=True,
    )
    with failing():
        sys.exit(asyncio.run(_attach(url, port, settings, options)))


async def _attach(url: str | None, port: int | None, settings: Sequence[str], options: dict[str, object]) -> int:
    from corslens.bridge.attach import attached, debugger_url
    from corslens.bridge.session import witness_of
    from corslens.bridge.websocket import WebSocketError
    from corslens.mitm.embedded import EmbeddedProxy

    proxy = EmbeddedProxy(settings, options, out=sys.stdout)
    with ended_by_signal() as ended:
        async with proxy:
            witness = witness_of(proxy.addon)
            try:
                found = url if url is not None else await debugger_url(port or 0)
                async with attached(found, witness, proxy.addon.clock) as left:
                    click.echo(f"Listening to the browser; the proxy is at {proxy.url}. Press Ctrl-C to end.", err=True)
                    waits = [asyncio.ensure_future(one) for one in (ended.wait(), left.wait())]
                    await asyncio.wait([*waits, proxy.ended], return_when=asyncio.FIRST_COMPLETED)
                    for wait in waits:
                        wait.cancel()
            except WebSocketError as error:
                click.echo(f"Error: {escape(str(error))}", err=True)
                return Exit.USAGE
    return Exit.FOUND if proxy.has_failed else Exit.OK
