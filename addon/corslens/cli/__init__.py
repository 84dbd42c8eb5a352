"""The console script: options in, exit code out; the work is done elsewhere."""

import errno
import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from corslens import __version__
from corslens.exits import Exit
from corslens.report.escape import escape
from corslens.suggest import did_you_mean

COMMANDS = {
    "open": ("corslens.cli.open:open_command", "Open a browser of its own behind the proxy."),
    "attach": ("corslens.cli.attach:attach", "Listen to a Chromium of your own that has a debugging port."),
    "run": ("corslens.cli.run:run", "Run a command behind the proxy, a test run for instance."),
    "dev": ("corslens.cli.dev:dev", "Give an API a local base URL that pages of this machine may read."),
    "doctor": ("corslens.cli.doctor:doctor", "Find out why corslens sees nothing."),
    "dump": ("corslens.cli.proxy:dump", "Run mitmdump with corslens loaded."),
    "web": ("corslens.cli.proxy:web", "Run mitmweb with corslens loaded."),
    "console": ("corslens.cli.proxy:console", "Run mitmproxy with corslens loaded."),
    "analyze": ("corslens.cli.analyze:analyze", "Analyze captured traffic: HAR, flow files, traces and more."),
    "corpus": ("corslens.cli.corpus:corpus", "Analyze more captures than one machine holds."),
    "check": ("corslens.cli.check:check", "Ask a server as a browser would, and judge what it allows."),
    "diff": ("corslens.cli.diff:diff", "Show what changed between two captures."),
    "advise": ("corslens.cli.advise:advise_command", "Write a server's CORS settings from observed traffic."),
    "explain": ("corslens.cli.rules:explain", "Explain a rule, a browser's code, or a console line."),
    "rules": ("corslens.cli.rules:rules", "List, check and document rules."),
}
"""Each command's function and its help in a line.

The function is imported when it is called: neither `corslens dump` nor `--help`, nor a shell that completes, waits for what `analyze` needs.
"""


_OTHERS_ARGUMENTS = frozenset({"dump", "web", "console"})
"""Commands whose arguments are mitmproxy's, which has a config.yaml of its own."""

_INTERRUPTED = 130
"""What shells return of a command that Ctrl-C ended."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _UnwritableError(click.ClickException):
    exit_code = Exit.USAGE


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted", err=True)
            ctx.exit(_INTERRUPTED)  # not 1, which says that something was found
        except OSError as error:
            if error.errno not in _FULL:
                raise
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # what it still holds would fail again at the end
            raise _UnwritableError(f"the output cannot be written: {error.strerror}") from None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            hint = did_you_mean(args[0], COMMANDS) or f"; the commands are {', '.join(COMMANDS)}"
            ctx.fail(f"No such command {escape(args[0])!r}{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name not in _OTHERS_ARGUMENTS and not {"-h", "--help"} & set(rest):
            from corslens.cli.config import defaults

            ctx.default_map = {name: defaults(self, ctx, name, Path.cwd())}
        return name, command, rest

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(name, help=help) for name, (_, help) in COMMANDS.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, name = COMMANDS.get(cmd_name, ("", ""))[0].partition(":")
        if not module:
            return None
        gc.disable()  # modules live for ever: there is nothing to find while they are made, nor later
        try:
            command = getattr(import_module(module), name)
        finally:
            gc.freeze()
            gc.enable()
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="corslens")
def main() -> None:
    """Inspect, explain and fix CORS in real traffic."""
