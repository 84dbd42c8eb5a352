"""corslens dump, web and console: mitmproxy's own programs with the addon loaded; every argument is theirs."""

import sys

import click


def _command(tool: str, program: str) -> click.Command:
    @click.command(
        tool,
        help=f"Run {program} with corslens loaded; all arguments are {program}'s own.",
        short_help=f"Run {program} with corslens loaded.",
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
        add_help_option=False,  # its own help is the one wanted
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: tuple[str, ...]) -> None:
        if {"-h", "--help"} & set(arguments):
            click.echo(f"corslens' own options begin with cors_: see `corslens {tool} --options | grep cors_`.\n")
        from corslens.mitm import wrappers

        sys.exit(wrappers.run(tool, arguments))

    return run


dump = _command("dump", "mitmdump")
web = _command("web", "mitmweb")
console = _command("console", "mitmproxy")
