"""Servers that cannot be reached: browsers behind the proxy blame CORS for that, too, and the requests never come by."""

import logging
from collections.abc import Mapping

from mitmproxy import http

from corslens.observation.background import is_browser_background
from corslens.report.escape import escape

logger = logging.getLogger(__name__)

MAX_REPORTED = 1_000
"""Servers that are reported; a scan of the network reports no more."""


class Unreachable:
    """Report once each server to which no tunnel could be made."""

    def __init__(self) -> None:
        self._reported: set[str] = set()
        self._dropped = 0

    def report(self, flow: http.HTTPFlow) -> None:
        """Report the server of a CONNECT that failed, unless that was done before or the browser asks it for itself."""
        server = f"{flow.request.host}:{flow.request.port}"
        if server in self._reported or is_browser_background(f"https://{server}", ()):
            return
        if len(self._reported) >= MAX_REPORTED:
            self._dropped += 1
            return
        self._reported.add(server)
        why = flow.server_conn.error or (flow.error.msg if flow.error else "refused")
        logger.warning(
            "corslens: no connection to %s (%s). Requests to it fail with a network error; "
            "if the browser reports a CORS error, it is only a symptom.",
            escape(server),
            escape(why),
        )

    def dropped(self) -> Mapping[str, int]:
        """Return how many were not reported, if any."""
        return {"failed tunnels": self._dropped} if self._dropped else {}
