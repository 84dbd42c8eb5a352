"""`corslens dump | web | console`: mitmproxy's own tools with the addon in them; every argument goes through to them.

The addon is put where `-s` scripts run: before the addon that saves flows (so that a saved flow holds our marks), and before a
user's own scripts. They listen on loopback only, unless told otherwise.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mitmproxy import options
from mitmproxy.master import Master
from mitmproxy.tools import cmdline, main
from mitmproxy.tools.dump import DumpMaster

from corslens.mitm.addon import CorsLens
from corslens.mitm.listening import stay_local

TOOLS = ("dump", "web", "console")


def run(tool: str, arguments: Sequence[str]) -> int:
    """Run one of mitmproxy's tools until its user ends it, and return the exit status.

    Args:
        tool: one of TOOLS.
    """
    master, parser, extra = _TOOLS[tool]()
    sys.argv[0] = f"corslens {tool}"  # mitmproxy begins its usage and its errors with it
    main.run(master, parser, arguments, extra)
    return 0


def insert(master: Master, addon: CorsLens) -> None:
    """Put the addon into a master, where scripts run."""
    chain = master.addons.chain
    chain.insert(chain.index(master.addons.get("scriptloader")), master.addons.register(addon))


def _joined(kind: type[Master]) -> type[Master]:
    """Return one of mitmproxy's tools with the addon."""

    class Joined(kind):  # type: ignore[misc,valid-type]  # whichever it is
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            stay_local(self.options)
            insert(self, CorsLens())

    return Joined


type _Parser = Callable[[options.Options], argparse.ArgumentParser]
type _Extra = Callable[[Any], dict[str, Any]]
type _Tool = tuple[type[Master], _Parser, _Extra | None]


class CorsDumpMaster(_joined(DumpMaster)):  # type: ignore[misc]
    """mitmdump with the addon, and without a line for each connection that opens and closes, unless `-v` asks for them."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        _connections.addFilter(self._is_wanted)

    async def run(self) -> None:
        """Run until it is ended."""
        try:
            await super().run()
        finally:
            _connections.removeFilter(self._is_wanted)

    def _is_wanted(self, record: logging.LogRecord) -> bool:
        return self.options.termlog_verbosity == "debug" or not record.getMessage().startswith(_OPENED_AND_CLOSED)


_connections = logging.getLogger("mitmproxy.proxy.server")
_OPENED_AND_CLOSED = ("client connect", "client disconnect", "server connect", "server disconnect")


def _dump() -> _Tool:
    return CorsDumpMaster, cmdline.mitmdump, _filter_arguments


def _web() -> _Tool:
    # Late, like the console: each takes a while to import, and one of them may not even work here (no terminal, no urwid).
    from mitmproxy.tools.web.master import WebMaster

    return _joined(WebMaster), cmdline.mitmweb, None


def _console() -> _Tool:
    from mitmproxy.tools.console.master import ConsoleMaster

    return _joined(ConsoleMaster), cmdline.mitmproxy, None


_TOOLS: dict[str, Callable[[], _Tool]] = {"dump": _dump, "web": _web, "console": _console}


def _filter_arguments(arguments: Any) -> dict[str, Any]:
    """Return the options that mitmdump's positional filter stands for, as its own main function does."""
    if not arguments.filter_args:
        return {}
    text = " ".join(arguments.filter_args)
    return {"save_stream_filter": text, "readfile_filter": text, "dumper_filter": text}
