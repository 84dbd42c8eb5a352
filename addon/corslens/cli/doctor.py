"""corslens doctor: why do I see nothing?"""

import os
import sys
from pathlib import Path
from textwrap import wrap

import click

from corslens.exits import Exit
from corslens.report.escape import escape

DEFAULT = "127.0.0.1:8080"
_WIDTH = 80


@click.command(short_help="Find out why corslens sees nothing.")
@click.option("--proxy", default=DEFAULT, show_default=True, metavar="HOST:PORT", help="Where the proxy should listen.")
def doctor(proxy: str) -> None:
    """Check the way from this machine's browsers to the proxy: port, certificate, loopback, QUIC, traffic.

    Each problem has the one thing to do about it. Exits with 1 if there is one.
    """
    from corslens.mitm.doctor import DoctorState, examine, running_processes

    host, _, port = proxy.removeprefix("http://").rstrip("/").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise click.UsageError(f"--proxy: {escape(proxy)} is not HOST:PORT, such as {DEFAULT}")
    checks = examine(
        host.strip("[]"),
        int(port),
        home=Path.home(),
        environment=os.environ,
        processes=running_processes(),
        connections=[Path("/proc/net/tcp"), Path("/proc/net/tcp6")],
    )
    width = max(len(check.name) for check in checks)
    for check in checks:
        head = f"{check.state.upper():7}  {check.name:{width}}  "
        click.echo(_folded(head, check.finding))
        if check.fix:
            click.echo(_folded(" " * len(head), f"Fix (setup): {check.fix}"))
    sys.exit(Exit.FOUND if any(check.state is DoctorState.PROBLEM for check in checks) else Exit.OK)


def _folded(head: str, text: str) -> str:
    lines = wrap(
        escape(text),
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)
