"""The demo's summary: each request, what corslens says of it, and whether the browser said the same."""

from collections.abc import Sequence

from msgspec import Struct
from rich import box
from rich.table import Table
from rich.text import Text

from scripts.demo_shop.shop import Offer
from tests.browser.kit.page import NetworkRequest
from tests.browser.kit.truth import Said

STYLES = {"allowed": "green", "not-cors": "dim", "blocked": "red", "depends": "yellow"}


class Row(Struct, frozen=True, kw_only=True):
    """One request of the shop's page."""

    offer: Offer
    browser: NetworkRequest | None
    """What DevTools said of its last hop; None where no browser was there."""
    ours: Said

    @property
    def agrees(self) -> bool:
        """Whether corslens and the browser say the same: both allow it, or both block it for the same reason."""
        if self.browser is None:
            return True
        if self.browser.cors_error is None:
            return self.ours.outcome in ("allowed", "not-cors")
        return self.browser.cors_error in self.ours.names()


def render_table(rows: Sequence[Row]) -> Table:
    """Return the summary, for 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, title="What corslens reports for each request", title_justify="left", pad_edge=False)
    table.add_column("request", no_wrap=True)
    table.add_column("what happens", ratio=1)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        verdict = Text(
            row.ours.mended or row.ours.reason or row.ours.outcome, STYLES["blocked" if row.ours.mended else row.ours.outcome]
        )
        if row.ours.mended:
            verdict.append(f"\n  patched: {row.ours.outcome}", "cyan")
        for rule, severity in row.ours.findings:
            if severity != "info" and rule not in (row.ours.reason, row.ours.mended):
                verdict.append(f"\n+ {rule}", "yellow")
        if row.browser is not None and not row.agrees:
            verdict.append(f"\nChromium: {row.browser.cors_error or 'allowed'}", "bold magenta")
        table.add_row(f"{row.offer.step.get('method', 'GET')} {row.offer.path}", row.offer.story, verdict)
    return table


def render_agreement(rows: Sequence[Row]) -> Text:
    """Return one sentence, on two lines that fit any terminal, about how corslens' verdicts compare with the browser's."""
    asked = [row.browser for row in rows if row.browser is not None]
    if not asked:
        blocked = sum(row.ours.outcome == "blocked" for row in rows)
        return Text(
            f"{len(rows)} requests: corslens reports {blocked} as blocked.\nNo browser was there to compare with.", "bold"
        )
    blocked = sum(browser.cors_error is not None for browser in asked)
    differing = [row for row in rows if not row.agrees]
    text = f"{len(rows)} requests: Chromium blocked {blocked} and allowed {len(rows) - blocked}."
    if not differing:
        return Text(f"{text}\ncorslens agreed on all {len(rows)}, with the same reasons.", "bold")
    names = ", ".join(row.offer.path for row in differing)
    return Text(f"{text}\ncorslens disagreed on {len(differing)}: {names}.", "bold magenta")
