"""RealProgram: how a product is started and what its responses have to be recognized as."""

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from msgspec import Struct

from tests.browser.kit.processes import Program, ProgramEndedError
from tests.servers.drivers.driver import find_program

HERE = Path(__file__).parent
APPS = HERE / "apps"
INSTALLED = HERE / "installed"
"""What scripts/test-products installs: a virtual environment, and an npm folder for each `npm/*.json`."""
PYTHON = INSTALLED / "venv" / "bin" / "python"
TRIES = 4800
"""Attempts to connect to a starting program, a fortieth of a second apart; a Java server, a bundler or a compiler takes its time."""

_VERSION = re.compile(r"\d+(?:\.\d+)+")


class Probe(Struct, frozen=True, kw_only=True):
    """A request of the page, by `fetch`."""

    path: str
    init: str = "{}"
    """JavaScript: the second argument of `fetch`."""


PROBES: Mapping[str, Probe] = {
    "read": Probe(path="/"),
    "write": Probe(path="/thing", init='{ method: "PUT", body: "{}", headers: { "Content-Type": "application/json" } }'),
    "missing": Probe(path="/missing"),
    "boom": Probe(path="/boom"),
    "slash": Probe(path="/folder"),
    "long": Probe(path="/?long=" + "x" * 20_000),
    "upload": Probe(path="/upload", init='{ method: "POST", body: "x".repeat(3000000) }'),
    "down": Probe(path="/down"),
}
"""What every program is asked; `/down` is an application that does not run, for what passes requests on."""


class RealProgram(Struct, frozen=True, kw_only=True):
    """One program of a product, and what its responses show.

    In commands and files `@FILE@` (or `@FILE1@`…), `@PORT@`, `@UPSTREAM@`, `@DEAD@` (a port nobody listens on), `@FOLDER@`,
    `@PYTHON@`, `@BIN@` (its folder), `@INSTALLED@`, `@MODULES@` and `@ORIGIN@` (the page's)
    are filled in.
    """

    id: str
    package: str
    """`debian:nginx`, `pypi:gunicorn`, `npm:vite`: where it comes from, and its version."""
    command: tuple[str, ...]
    sources: tuple[str, ...] = ()
    """Files of apps/, the first of which is `@FILE@`."""
    environment: Mapping[str, str] = {}
    npm: str = "frameworks"
    """Which of `npm/*.json` its npm packages are in."""
    words: Mapping[str, str] = {}
    """What is put in place of other words of its files, command and environment: a fix."""
    fixed: tuple[str, str] | None = None
    """Another program and its own response: this one is the same with that response's fix, so the page may read what it could not there."""
    marks: tuple[str, ...] = ()
    """Products that its responses may be recognized as (an application's behind it, too); any other is a neighbor's mark that is too wide."""
    probes: Mapping[str, Probe] = {}
    """More of them, or others under the names of PROBES."""
    standard: bool = True
    """It is asked what every program is asked, besides its own probes."""
    host: str = ""
    """Host under which the page asks; `api.ID.test` unless given."""
    ready: str = ""
    """A line of output that says it is ready, where listening is not enough."""

    @property
    def asked(self) -> Mapping[str, Probe]:
        """Every probe by name."""
        return {**(PROBES if self.standard else {}), **self.probes}

    @property
    def asked_at(self) -> str:
        """The host under which the page asks it."""
        return self.host or f"api.{self.id}.test"

    @property
    def registry(self) -> str:
        """`debian`, `pypi` or `npm`."""
        return self.package.partition(":")[0]

    @property
    def package_name(self) -> str:
        """The package's name there."""
        return self.package.partition(":")[2]

    @property
    def modules(self) -> Path:
        """Its node_modules."""
        return INSTALLED / self.npm / "node_modules"

    def missing(self) -> str | None:
        """Name what this machine lacks to run it."""
        if self.command[0] == "@PYTHON@" and not PYTHON.exists():
            return str(PYTHON)
        if self.registry == "npm" and not (self.modules / self.package_name).exists():
            return self.package
        program = self.command[0].replace("@BIN@", str(PYTHON.parent)).replace("@MODULES@", str(self.modules))
        return None if program == "@PYTHON@" or self._path(program) else program

    async def version(self) -> str:
        """Return the version that runs here.

        Raises: ProgramEndedError when it cannot be found out.
        """
        if self.registry == "npm":
            return str(json.loads((self.modules / self.package_name / "package.json").read_text())["version"])
        command = (
            ["dpkg-query", "-W", "-f", "${Version}", self.package_name]
            if self.registry == "debian"
            else [str(PYTHON), "-c", f"from importlib.metadata import version; print(version({self.package_name!r}))"]
        )
        async with Program(command) as program:
            await program.wait()
            found = _VERSION.search("\n".join(program.lines))
        if found is None:
            raise ProgramEndedError(f"{self.package}: no version in {program.lines}")
        return found[0]

    @contextlib.asynccontextmanager
    async def running(self, folder: Path, port: int, upstream: int, dead: int) -> AsyncIterator[Program]:
        """Start it, wait until it accepts connections, and stop it.

        Raises: ProgramEndedError, with its output.
        """
        folder.mkdir(parents=True)
        (folder / "node_modules").symlink_to(self.modules)
        words = {
            **self.words, "@ORIGIN@": f"http://app.{self.id}.test",
            "@PORT@": str(port), "@UPSTREAM@": str(upstream), "@DEAD@": str(dead), "@FOLDER@": str(folder), "@PYTHON@": str(PYTHON),
            "@BIN@": str(PYTHON.parent), "@MODULES@": str(self.modules), "@INSTALLED@": str(INSTALLED),
        }  # fmt: skip
        for number, source in enumerate(self.sources):
            target = folder / source
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_filled((APPS / source).read_text(), words))
            words["@FILE@" if number == 0 else f"@FILE{number}@"] = str(target)
        argv = [_filled(word, words) for word in self.command]
        environment = {
            **os.environ,
            **dict.fromkeys(
                ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder)
            ),  # nothing of the user's is read or written
            **{name: _filled(value, words) for name, value in self.environment.items()},
            "PATH": f"{self.modules / '.bin'}:{os.environ.get('PATH', '')}:/usr/sbin",
        }
        async with Program([self._path(argv[0]) or argv[0], *argv[1:]], cwd=folder, env=environment) as program:
            await _until_listening(program, port)
            if self.ready:
                await program.line(self.ready, seconds=60.0)
            yield program

    def _path(self, program: str) -> str | None:
        return shutil.which(program, path=str(self.modules / ".bin")) or find_program(program)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(name, value)
    return text


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
