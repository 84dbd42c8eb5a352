"""The content view "CORS": one exchange laid out for reading."""

from collections.abc import Callable
from typing import Any

from mitmproxy import contentviews, ctx, http
from mitmproxy.contentviews import SyntaxHighlight

from corslens.diagnosis.diagnose import Diagnosis, diagnose_alone
from corslens.inspection import FindInspection, Inspection
from corslens.mitm.annotate import BLOCKED, WARNING, id_of, stored
from corslens.observation.observation import Role
from corslens.report.formats.exchange_text import WIDTH, render_view

type Diagnose = Callable[[Inspection], Diagnosis]

_FIRST = 3.0
"""Before the raw view (0.1), JSON (1) and GraphQL (2)."""


_PANE = 74
"""Columns beside mitmweb's flow list, in a window of 1280 pixels."""
_FRAME = 2
"""Columns that a popup's frame takes, or a scroll bar."""


class CorsContentview(contentviews.Contentview):
    """Show the verdict on a flow, whichever of its two messages is looked at.

    Args:
        find: looks up an inspection, while it is remembered.
        diagnose: returns the diagnosis of the page request that an inspected exchange is part of.
    """

    def __init__(self, find: FindInspection, diagnose: Diagnose = diagnose_alone) -> None:
        self._find = find
        self._diagnose = diagnose

    @property
    def name(self) -> str:
        """The view's name in menus; `cors` in options and commands."""
        return "CORS"

    @property
    def syntax_highlight(self) -> SyntaxHighlight:
        """None: the text is no language."""
        return "none"

    def prettify(self, data: bytes, metadata: contentviews.Metadata) -> str:
        """Return the text."""
        return text_for(metadata.flow, self._find, columns(), self._diagnose)

    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        """Be first for the response of every preflight and of what is blocked or warned of, whatever its body; of others without a body."""
        flow = metadata.flow
        kept = stored(flow) if isinstance(flow, http.HTTPFlow) else {}
        concerns = not data or kept.get("role") == Role.PREFLIGHT or kept.get("marker") in (BLOCKED, WARNING)
        return _FIRST if kept and concerns and isinstance(metadata.http_message, http.Response) else -1.0


def columns(share: float = 1.0) -> int:
    """Return how wide a text may be in this share of the console's screen, or in mitmweb."""
    console = getattr(getattr(ctx, "master", None), "ui", None)
    return _PANE if console is None else min(WIDTH, int(console.get_cols_rows()[0] * share) - _FRAME)


def text_for(flow: Any, find: FindInspection, width: int = WIDTH, diagnose: Diagnose = diagnose_alone) -> str:
    """Return what is known of a flow, or why nothing is."""
    if not isinstance(flow, http.HTTPFlow):
        return "Only HTTP flows are inspected.\n"
    inspection = find(id_of(flow))
    if inspection is not None:
        return render_view(inspection, find, width, diagnosis=diagnose(inspection))
    kept = stored(flow)
    if kept:
        return (
            "This flow was inspected in another session, or so long ago that it was dropped (see cors_history).\n"
            f"{kept.get('comment', '')}\n"
        )
    return "There is no CORS in this exchange.\n"
