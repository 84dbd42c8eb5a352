"""The console script: options in, exit code out; the work is done elsewhere."""

from importlib import import_module

import click

from corslens import __version__

COMMANDS = {
    "dump": "corslens.cli.proxy:dump",
    "web": "corslens.cli.proxy:web",
    "console": "corslens.cli.proxy:console",
    "analyze": "corslens.cli.analyze:analyze",
    "diff": "corslens.cli.diff:diff",
    "advise": "corslens.cli.advise:advise_command",
    "explain": "corslens.cli.rules:explain",
    "rules": "corslens.cli.rules:rules",
}
"""Each command's function, imported when it is called: `corslens dump` does not wait for what `analyze` needs."""


class _Commands(click.Group):
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
    """See, explain and mend CORS in real traffic."""
