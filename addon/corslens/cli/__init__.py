"""The console script: options in, exit code out; the work is done elsewhere."""

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from corslens import __version__
from corslens.exits import Exit
from corslens.report.escape import escape
from corslens.suggest import did_you_mean

COMMANDS = {
    "open": "corslens.cli.open:open_command",
    "run": "corslens.cli.run:run",
    "dev": "corslens.cli.dev:dev",
    "doctor": "corslens.cli.doctor:doctor",
    "dump": "corslens.cli.proxy:dump",
    "web": "corslens.cli.proxy:web",
    "console": "corslens.cli.proxy:console",
    "analyze": "corslens.cli.analyze:analyze",
    "check": "corslens.cli.check:check",
    "diff": "corslens.cli.diff:diff",
    "advise": "corslens.cli.advise:advise_command",
    "explain": "corslens.cli.rules:explain",
    "rules": "corslens.cli.rules:rules",
}
"""Each command's function, imported when it is called: `corslens dump` does not wait for what `analyze` needs."""


_OTHERS_ARGUMENTS = frozenset({"dump", "web", "console"})
"""Commands whose arguments are mitmproxy's, which has a config.yaml of its own."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _UnwritableError(click.ClickException):
    exit_code = Exit.USAGE


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
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

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        if not module:
            return None
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="corslens")
def main() -> None:
    """Inspect, explain and fix CORS in real traffic."""
