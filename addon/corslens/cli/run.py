"""corslens run: a command behind the proxy; its exit status is the command's, or the gate's."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from corslens.cli.launching import failing, insecure_option, patch_option, set_option, settings_from
from corslens.cli.options import NEVER, source_root_option, writable
from corslens.cli.outputs import format_of, outputs_option
from corslens.exits import Exit
from corslens.lint.finding import Severity
from corslens.report.escape import escape
from corslens.report.initiators import SourceRoot


@click.command(
    short_help="Run a command behind the proxy, a test run for instance.",
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
@click.option(
    "--fail-on",
    type=click.Choice([*(severity.word for severity in reversed(Severity)), NEVER]),
    default=NEVER,
    show_default=True,
    help="Exit with 1 on any finding at or above this severity, when the command itself succeeds.",
)
@outputs_option
@click.option(
    "--browser-port",
    type=click.IntRange(1, 65535),
    help="Debugging port of the browser that COMMAND starts, to listen to it as corslens attach does.",
)
@source_root_option
@patch_option
@insecure_option
@set_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(
    fail_on: str,
    outputs: tuple[Path, ...],
    browser_port: int | None,
    source_roots: tuple[SourceRoot, ...],
    patch: str | None,
    insecure: bool,
    settings: tuple[str, ...],
    command: tuple[str, ...],
) -> None:
    """Run COMMAND behind a proxy on a free port, and report what its browsers and clients did.

    COMMAND gets the proxy and its certificate authority in its environment (HTTP_PROXY, SSL_CERT_FILE and others;
    CORSLENS_PROXY for a browser's configuration). Requests to localhost go through the proxy, too. Its output and its
    exit code are passed on; where it succeeds, findings at or above --fail-on make the exit code 1.

    \b
    corslens run --fail-on error -o cors.html -- npx playwright test
    corslens run -- pytest tests/e2e
    """
    for path in outputs:
        format_of(path)
        writable(path)
    options = settings_from(patch=patch, insecure=insecure)
    options["cors_fail_on"] = fail_on
    with failing():
        sys.exit(asyncio.run(_run(command, settings, options, outputs, source_roots, browser_port)))


_PREFIX = "corslens-run-"


async def _run(
    command: Sequence[str],
    settings: Sequence[str],
    options: dict[str, object],
    outputs: Sequence[Path],
    source_roots: Sequence[SourceRoot],
    browser_port: int | None,
) -> int:
    from corslens.bridge.attach import attach_whenever
    from corslens.bridge.session import witness_of
    from corslens.launch.command import CommandError, run_command
    from corslens.launch.environment import certificate_bundle, proxy_environment
    from corslens.launch.profile import fresh_folder, remove_stale
    from corslens.mitm.embedded import EmbeddedProxy

    proxy = EmbeddedProxy(settings, options, reports=outputs, source_roots=source_roots, out=sys.stderr)
    remove_stale(_PREFIX)
    with fresh_folder(_PREFIX) as folder:
        async with proxy:
            bundle = folder / "ca-bundle.pem"
            bundle.write_bytes(certificate_bundle(os.environ, proxy.authority))
            environment = proxy_environment(os.environ, proxy=proxy.url, authority=proxy.authority, bundle=bundle)
            listening = None
            if browser_port is not None:
                witness = witness_of(proxy.addon)
                listening = asyncio.create_task(attach_whenever(browser_port, witness, proxy.addon.clock))
                environment["CORSLENS_BROWSER_PORT"] = str(browser_port)
            try:
                status = await run_command(command, environment)
            except CommandError as error:
                click.echo(f"corslens run: {escape(str(error))}", err=True)
                return error.status
            finally:
                if listening is not None:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
    return status or (Exit.FOUND if proxy.has_failed else Exit.OK)
