"""corslens advise: captured traffic in, the settings of a server out."""

import sys
from pathlib import Path

import click

from corslens.advice import SERVERS, Advice, advise, draw_policies, parse_allow_origin, server_named
from corslens.advice.policy_document import render_json, render_yaml
from corslens.analysis import Judging, collect_found
from corslens.cli.options import writable
from corslens.cli.outputs import write_output
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.exits import Exit
from corslens.fetch.constants import NULL
from corslens.fetch.origins import origin_of
from corslens.inputs.files import find
from corslens.inspection import Inspection
from corslens.report.escape import escape

_FORMS = ("settings", "policy", "policy-json")


def _servers(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the servers that a shell offers."""
    return [server.name for server in SERVERS if server.name.startswith(incomplete)]


@click.command("advise", short_help="Write a server's CORS settings from observed traffic.")
@click.argument("server", required=False, metavar="[SERVER]", shell_complete=_servers)
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Origin to allow (repeatable), for example https://app.example. If given, no other origin is allowed.",
)
@click.option("--api", metavar="ORIGIN", help="Write settings for this API only.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default=_FORMS[0],
    show_default=True,
    help="policy is YAML with the evidence for each item, for a server that is not on the list.",
)
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE instead of stdout.")
def advise_command(
    server: str | None, files: tuple[str, ...], allow_origins: tuple[str, ...], api: str | None, form: str, output: Path | None
) -> None:
    """Write the CORS settings for SERVER that allow what the pages in FILES need (HAR, mitmproxy flow files), and nothing else.

    Without SERVER it is guessed from the responses.
    What is left out, and why, is reported on stderr.

    \b
    Exit codes:
      0  settings were written
      1  no settings: the traffic is not enough, and stderr says why
      2  wrong usage
      3  an input was unreadable or truncated; the rest was used
    """
    name = server
    if server is not None:
        try:
            server_named(server)
        except ValueError as error:
            if not Path(server).exists():
                raise click.UsageError(f"{escape(str(error))}") from None
            name, files = None, (server, *files)
    if not files:
        raise click.UsageError(
            "name the files with the traffic: corslens advise [SERVER] FILE... (corslens advise --help lists the servers)"
        )
    if output is not None:
        writable(output, (name for name in find(files) if isinstance(name, str)))
    for origin in allow_origins:
        try:
            parse_allow_origin(origin)
        except ValueError as error:
            raise click.UsageError(escape(str(error))) from None
    if api is not None:
        asked, api = api, origin_of(api)
        if api == NULL:
            raise click.UsageError(
                f"--api {escape(repr(asked))}: not an origin; write scheme and host, for instance https://api.example"
            )
    inspections, damages = _read(files)
    try:
        text, warnings = _write(inspections, name, allow_origins, api, form)
    except ValueError as error:
        text, warnings = "", (str(error),)
    for sentence in (*damages, *warnings):
        click.echo(escape(sentence), err=True)
    if output is not None and text:
        write_output(output, text.encode())
    else:
        click.echo(text, nl=False)
    sys.exit(Exit.UNREADABLE if damages else Exit.OK if text else Exit.FOUND)


def _read(files: tuple[str, ...]) -> tuple[list[Inspection], list[str]]:
    """Return the newest inspection of each CORS exchange, and what could not be read."""
    newest: dict[str, Inspection] = {}

    def keep(inspection: Inspection, _: Diagnosis) -> None:
        if inspection.observation.is_cors:
            newest[inspection.id] = inspection

    summary = SessionSummary(hold=0)
    collect_found(find(files), Judging().settings(), summary, [keep])
    return list(newest.values()), [damage for entry in summary.inputs for damage in entry.damages]


def _write(
    inspections: list[Inspection], server: str | None, allow_origins: tuple[str, ...], api: str | None, form: str
) -> tuple[str, tuple[str, ...]]:
    if form == "settings":
        advice: Advice = advise(inspections, server, allow_origins, api=api)
        return advice.text, advice.warnings
    drawn = draw_policies(inspections, allow_origins=allow_origins, api=api)
    if not drawn.policies and not drawn.warnings:
        raise ValueError("no cross-origin exchange to derive a policy from")
    if not any(policy.origins for policy in drawn.policies):
        return "", drawn.warnings
    return (render_yaml if form == "policy" else render_json)(drawn.policies), drawn.warnings


advise_command.epilog = "Servers: " + ", ".join(server.name for server in SERVERS) + "."
