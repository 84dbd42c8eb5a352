"""corslens dev: a local base URL for an API on another machine, which pages of this machine may read while you develop."""

import asyncio
import sys
from collections.abc import Sequence

import click

from corslens.cli.launching import ended_by_signal, failing, insecure_option, set_option, settings_from
from corslens.exits import Exit
from corslens.fetch.constants import NULL
from corslens.fetch.origins import is_serialized_origin, origin_of
from corslens.report.escape import escape

PORT = 8010


@click.command(short_help="Give an API a local base URL that pages of this machine may read.")
@click.argument("api")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port on localhost; 0 picks a free one."
)
@click.option("--origin", metavar="ORIGIN", help="Origin to send to the API in Origin and Referer, in place of the page's own.")
@click.option(
    "--minutes",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    help="Turn patching off after this many minutes; 0 means never.",
)
@click.option("--web", is_flag=True, help="Start mitmweb, whose address is printed, with the live page in it.")
@insecure_option
@set_option
def dev(api: str, port: int, origin: str | None, minutes: int, web: bool, insecure: bool, settings: tuple[str, ...]) -> None:
    """Serve API, the URL of an API, at http://localhost:8010 for pages of this machine while you develop.

    The proxy responds to preflights itself, and lets pages of localhost read the API's responses. The API gets its own Host, redirects
    to the API stay on the local base, and cookies are changed so that they work on http://localhost (each change is reported). Pages of
    other origins get what the API itself allows. Ctrl-C ends it and prints the changes that the API still needs.

    \b
    corslens dev https://api.example
    corslens dev https://api.example/v1 --port 9000 --origin https://app.example
    """
    upstream, path = _api(api)
    if origin is not None and not is_serialized_origin(origin):
        meant = origin_of(origin)
        raise click.UsageError(
            f"--origin: {escape(origin)!r} is not an origin" + (f"; did you mean {meant}?" if meant != NULL else "")
        )
    options: dict[str, object] = {
        "mode": [f"reverse:{upstream}"],
        "listen_port": port,
        "keep_host_header": True,  # corslens needs what the browser sent, and writes the API's own after that
        "cors_patch": "~all",
        "cors_patch_preflight": "answer",
        "cors_patch_minutes": minutes,
        **settings_from(patch=None, insecure=insecure),
    }
    with failing():
        sys.exit(asyncio.run(_dev(upstream, path, origin, settings, options, web=web)))


def _api(text: str) -> tuple[str, str]:
    """Return the API's origin, and the path of its base URL. Raises: click.UsageError."""
    url = text if "://" in text else f"https://{text}"
    origin = origin_of(url)
    rest = url.split("/", 3)[3:]
    if not url.startswith(("http://", "https://")) or origin == NULL or "@" in url.split("/", 3)[2] or "?" in url or "#" in url:
        raise click.UsageError(f"{escape(text)}: is not the base URL of an API, such as https://api.example")
    return origin, "/" + rest[0].strip("/") if rest and rest[0] else ""


async def _dev(
    upstream: str, path: str, origin: str | None, settings: Sequence[str], options: dict[str, object], *, web: bool
) -> int:
    from corslens.mitm.embedded import EmbeddedProxy
    from corslens.mitm.local_base import LocalBase

    proxy = EmbeddedProxy(settings, options, web=web, out=sys.stdout, local_base=LocalBase(upstream, origin))
    with ended_by_signal() as ended:
        async with proxy:
            click.echo(
                f"http://localhost:{proxy.port}{path} is {upstream}{path} for pages of this machine; Ctrl-C ends it.", err=True
            )
            if web:
                click.echo(f"mitmweb is at {proxy.web_url}", err=True)
            wait = asyncio.ensure_future(ended.wait())
            await asyncio.wait([wait, proxy.ended], return_when=asyncio.FIRST_COMPLETED)
            wait.cancel()
    return Exit.FOUND if proxy.has_failed else Exit.OK
