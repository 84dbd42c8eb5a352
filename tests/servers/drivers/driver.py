"""Driver: a server that can be started bare or with settings."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from corslens.advice import Advice
from msgspec import Struct

from tests.browser.kit.processes import Program, ProgramEndedError

APPS = Path(__file__).parents[1] / "apps"
NODE_MODULES = APPS / "node_modules"
GOPATH = Path("/usr/share/gocode")
"""Where Debian puts Go libraries."""
GO_RS_CORS = GOPATH / "src/github.com/rs/cors"
TRIES = 400
"""Attempts to connect to a starting server, a fortieth of a second apart."""


class Driver(Struct, frozen=True, kw_only=True):
    """How a server is started."""

    name: str
    """As in advice/table.py."""
    source: str
    """The file in apps/ that becomes its program or configuration."""
    command: tuple[str, ...]
    """`{file}`, `{port}` and `{folder}` are filled in; the first word is looked up."""
    programs: tuple[str, ...] = ()
    """What has to be on this machine."""
    modules: tuple[str, ...] = ()
    """Python modules that have to be importable."""
    packages: tuple[str, ...] = ()
    """npm packages that have to be in apps/node_modules."""
    needs: tuple[Path, ...] = ()
    """What else has to be on this machine: libraries of Debian packages."""
    build: tuple[str, ...] = ()
    """A command that makes the program first."""
    bare: str = ""
    """What stands in the place of the first block when there are no settings."""
    is_proxy: bool = False
    """It passes requests on to an application; then there is a 502 to look at."""
    modules_folder: str = ""
    scopes: tuple[str, str] = ("", "")
    """What goes around the first and the second block of a policy for some paths, as their heads tell a person: `{path}`, `{block}`."""

    def missing(self) -> list[str]:
        """Name what this machine lacks to run it."""
        return [
            *(program for program in self.programs if find_program(program) is None),
            *(module for module in self.modules if importlib.util.find_spec(module) is None),
            *(str(path) for path in self.needs if not path.exists()),
            *(package for package in self.packages if not (NODE_MODULES / package).exists()),
        ]

    def write(self, folder: Path, port: int, upstream: int, advice: Advice | None) -> Path:
        """Write its files into a folder and return the one that it is started with."""
        text = (APPS / self.source).read_text()
        in_blocks = "@BLOCK0@" in text
        blocks = self._blocks(advice) if advice and in_blocks else (self.bare, "")
        # An application takes the settings as a person would paste them: the whole text, comments and all.
        for marker in ("# [advice]", "//[advice]"):
            text = text.replace(marker, advice.text if advice else "")
        for number, block in enumerate(blocks):
            text = text.replace(f"@BLOCK{number}@", block)
        for name, value in {
            "@PORT@": str(port),
            "@UPSTREAM@": str(upstream),
            "127.0.0.1:8000": f"127.0.0.1:{upstream}",  # the placeholder that settings for proxies hold
            "@FOLDER@": str(folder),
            "@MODULES@": self.modules_folder,
        }.items():
            text = text.replace(name, value)
        # Not its own name: a program called flask.py would import itself.
        file = folder / f"served-{self.source}"
        file.write_text(text)
        if self.packages:
            (folder / "node_modules").symlink_to(NODE_MODULES)
        return file

    def _blocks(self, advice: Advice) -> tuple[str, str]:
        """Return what belongs into the first place and into the second; each policy has a block for each, or one in all."""
        each = len(advice.blocks) // len(advice.policies)
        places: tuple[list[str], list[str]] = ([], [])
        for number, block in enumerate(advice.blocks):
            paths, place = advice.policies[number // each].paths, number % each
            scope = self.scopes[place] if paths else ""
            places[place].append(scope.format(path="|".join(paths), block=block.text) if scope else block.text)
        return "\n".join(places[0]), "\n".join(places[1])

    @contextlib.asynccontextmanager
    async def running(self, folder: Path, port: int, upstream: int, advice: Advice | None) -> AsyncIterator[Program]:
        """Start it, wait until it accepts connections, and stop it."""
        folder.mkdir()
        environment = {
            **os.environ,
            **dict.fromkeys(
                ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder)
            ),  # nothing of the user's is read or written
            "GOPATH": str(GOPATH),
            "GO111MODULE": "off",
            "GOCACHE": str(folder.parent / "go-cache"),  # one for all runs of a session
        }
        file = self.write(folder, port, upstream, advice)

        def line(command: tuple[str, ...]) -> list[str]:
            words = [word.format(file=file, port=port, folder=folder) for word in command]
            return [find_program(words[0]) or words[0], *words[1:]]

        if self.build:
            async with Program(line(self.build), cwd=folder, env=environment) as program:
                if await program.wait(seconds=BUILD_SECONDS):
                    raise ProgramEndedError("\n".join(program.lines))
        async with Program(line(self.command), cwd=folder, env=environment) as program:
            await _until_listening(program, port)
            yield program


BUILD_SECONDS = 240.0


def find_program(name: str) -> str | None:
    """Return a program's path; servers live in sbin, which a user's PATH may lack."""
    if name == "python":
        return sys.executable
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


async def _until_listening(program: Program, port: int) -> None:
    for _ in range(TRIES):
        if not program.running:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.025)  # between two attempts to connect: nothing announces that a foreign program listens
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise ProgramEndedError(f"{program.argv[0]} does not listen:\n" + "\n".join(program.lines[-40:]))
