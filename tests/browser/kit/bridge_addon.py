"""An addon for a mitmdump under test: corslens listens to a browser that something else drives, and writes down how much it matched.

CORSLENS_BROWSER_PORT names a Chromium's debugging port, CORSLENS_BROWSER_PROFILE the folder of a Firefox's profile, CORSLENS_BRIDGE_COUNTS
the file for the counts.
"""

import asyncio
import os
from pathlib import Path

import msgspec
from corslens.bridge.attach import attach_whenever
from corslens.bridge.firefox import FirefoxListener
from corslens.bridge.session import listened_to, witness_of
from corslens.bridge.websocket import connect
from mitmproxy import ctx

BIDI_URL = "corslens-bidi-url"


class Bridge:
    """Listens from the start to the end."""

    def running(self) -> None:
        """Begin."""
        addon = ctx.master.addons.get("corslens")
        self.witness = witness_of(addon)
        self.firefox: FirefoxListener | None = None
        if (port := os.environ.get("CORSLENS_BROWSER_PORT")) is not None:
            self.task = asyncio.create_task(attach_whenever(int(port), self.witness, addon.clock))
        else:
            self.task = asyncio.create_task(self._listen(Path(os.environ["CORSLENS_BROWSER_PROFILE"]), addon.clock))

    async def _listen(self, profile: Path, clock) -> None:  # type: ignore[no-untyped-def]
        while not (url := (profile / BIDI_URL).read_text() if (profile / BIDI_URL).exists() else ""):
            await asyncio.sleep(0.1)
        socket = await connect(url)
        self.firefox = FirefoxListener(socket, self.witness.sighted, clock)
        ended = asyncio.Event()
        async with listened_to(self.firefox, socket, self.witness, ended):
            await ended.wait()

    def done(self) -> None:
        """End."""
        self.task.cancel()
        if (file := os.environ.get("CORSLENS_BRIDGE_COUNTS")) is not None:
            counts = msgspec.to_builtins(self.witness.counts)
            if self.firefox is not None:
                record = self.firefox.record
                counts |= {"messages matched": record.matched_messages, "messages unmatched": record.unmatched_messages}
            Path(file).write_bytes(msgspec.json.encode(counts))


addons = [Bridge()]
