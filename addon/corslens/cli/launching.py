"""Options that the commands share which start a proxy of their own."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

import click

from corslens.exits import Exit
from corslens.report.escape import escape

set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set an option of corslens (cors_…) or mitmproxy. Repeatable.",
)
patch_option = click.option(
    "--patch", metavar="FILTER", help="Patch responses that match this flow filter, so that the page can read them."
)
insecure_option = click.option(
    "--insecure-upstream",
    "insecure",
    is_flag=True,
    help="Do not verify servers' certificates: for https://localhost with a self-signed one.",
)


def settings_from(*, patch: str | None, insecure: bool) -> dict[str, object]:
    """Return the proxy's options for what was given, and say aloud what is risky."""
    options: dict[str, object] = {}
    if patch is not None:
        options["cors_patch"] = patch
    if insecure:
        options["ssl_insecure"] = True
        click.echo(
            "WARNING: certificates of servers are not verified (--insecure-upstream): anyone on the network path can read and "
            "change this session's https traffic.",
            err=True,
        )
    return options


@contextlib.contextmanager
def failing() -> Iterator[None]:
    """End with one sentence when the proxy or what is behind it does not start."""
    from corslens.mitm.embedded import ProxyError

    try:
        yield
    except ProxyError as error:
        click.echo(f"Error: {escape(str(error))}", err=True)
        raise SystemExit(Exit.USAGE) from None


@contextlib.contextmanager
def ended_by_signal() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT, SIGTERM and SIGHUP set, which then do nothing else."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    handled = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError):  # Windows
            number = getattr(signal, name)
            loop.add_signal_handler(number, ended.set)
            handled.append(number)
    try:
        yield ended
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
