"""Flows that mitmproxy holds back (`intercept`): a person may edit the response when our hooks are over."""

import asyncio
from collections.abc import Callable

from mitmproxy import http

from corslens.mitm.faults import Faults, guarded


class HeldBack:
    """Waits for flows to be resumed.

    Args:
        resumed: called with each flow when it was.
    """

    def __init__(self, faults: Faults, resumed: Callable[[http.HTTPFlow], object]) -> None:
        self.faults = faults
        self._resumed = resumed
        self._waiting: set[asyncio.Task[None]] = set()

    def follow(self, flow: http.HTTPFlow) -> None:
        """Wait for a flow that may be held back in a moment: whoever does so has the hook after us."""
        asyncio.get_running_loop().call_soon(self._follow, flow)

    def end(self) -> None:
        """Wait for none any more."""
        for task in self._waiting:
            task.cancel()

    def _follow(self, flow: http.HTTPFlow) -> None:
        task = asyncio.create_task(self._wait_for(flow))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _wait_for(self, flow: http.HTTPFlow) -> None:
        await flow.wait_for_resume()
        self._tell(flow)

    @guarded
    def _tell(self, flow: http.HTTPFlow) -> None:
        self._resumed(flow)
