"""Hold our verdict on one request against what the browser said of it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from corslens.engines.engine import Engine
from corslens.verdict.reasons import NAMES, Reason
from msgspec import Struct

from tests.browser.kit.mitmdump import Record
from tests.browser.kit.truth import what_we_say
from tests.truth.recorded import named_reasons, reasons_called


class Told(Struct, frozen=True, kw_only=True):
    """What a browser said of one request."""

    result: str
    """What the page's script could see, see steps.js."""
    cors_error: str | None = None
    """Why it was blocked, by the engine's own name."""
    detail: str | None = None
    """The browser's further words: a net error, a console text."""
    always_names: bool = True
    """Whether it names the reason of every request that CORS blocks. Firefox' console is beside the request, and may have nothing on it."""


class Agreement(StrEnum):
    """How the two compare."""

    AGREED = "agreed"
    DEPENDS = "depends"
    """We named two possibilities, and the browser's is one of them."""
    UNNAMED = "unnamed"
    """Blocked by both; the browser's reason is not known."""
    NOT_JUDGED = "not-judged"
    """Over the time budget (on a busy machine), which the record says."""
    HIDDEN = "hidden"
    """Firefox' Blob workers send with credentials what pages send without (no Sec-Fetch-Storage-Access), and are taken for such pages."""
    DISAGREED = "disagreed"
    NOT_CORS = "not-cors"
    """It failed for a reason of its own (or was never sent), so there is nothing to compare."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One request of a scenario."""

    agreement: Agreement
    ours: str
    """What we said, in a few words."""
    told: Told
    records: Sequence[Record]


def compare(
    records: Sequence[Record], told: Told, engine: str, *, may_be_cached: bool = False, is_blob_worker: bool = False
) -> Comparison:
    """Return how our records of a request's exchanges compare with what the browser said of it.

    Args:
        may_be_cached: whether the browser's cache may have had the response; then no proxy sees more than a preflight, whatever the browser says.
        is_blob_worker: whether a worker made of a Blob asked.
    """
    said = what_we_say(records, engine)
    ours = said.reason or said.outcome

    def result(agreement: Agreement) -> Comparison:
        return Comparison(agreement=agreement, ours=ours, told=told, records=records)

    if told.result in ("refused", "timeout"):
        return result(Agreement.NOT_CORS)
    if told.result == "aborted":
        # The page gave it up, and nothing that the servers sent was wrong: whatever did not come, proves nothing.
        if any(record["error"] for record in records):
            return result(Agreement.NOT_CORS)  # nor does a page of the proxy's own, which was on its way by then
        return result(Agreement.DISAGREED if said.outcome == "blocked" else Agreement.AGREED)
    if may_be_cached and all(
        record["role"] == "preflight" and record["verdicts"][engine]["outcome"] != "blocked" for record in records
    ):
        return result(Agreement.NOT_CORS)
    if not records and told.cors_error is None:
        return result(Agreement.NOT_CORS)  # the browser's cache responded
    if any(record["verdicts"][engine]["outcome"] == "not-judged" for record in records):
        return result(Agreement.NOT_JUDGED)
    if told.cors_error is None and told.result == "error" and any(record["error"] for record in records):
        # The server never answered, which we say as well; whether the proxy's own page is then blamed is up to the engine.
        return result(Agreement.NOT_CORS)
    if told.cors_error is None and told.result == "error":
        # Something else failed. That is no contradiction, unless we blame a CORS check that the browser would have named.
        if said.reason is None or Reason(said.reason) not in named_reasons(Engine(engine)) or _is_also_other(said.reason):
            return result(Agreement.NOT_CORS)
        return result(Agreement.DISAGREED if told.always_names else Agreement.UNNAMED)
    if told.result == "opaqueredirect" and (said.reason or "").startswith("redirect-"):
        # The page does not follow redirects, which no proxy sees; what is wrong with this one does not matter to it.
        return result(Agreement.NOT_CORS)
    if _matches({"outcome": said.outcome, "reason": said.reason}, told, engine):
        return result(Agreement.AGREED)
    verdict = said.record["verdicts"][engine] if said.record is not None else {}
    # Not only an open verdict has two branches: one that is blocked either way may be so for two reasons.
    branches = [branch for name in ("if_credentialed", "if_not_credentialed") if (branch := verdict.get(name)) is not None]
    if any(_matches(branch, told, engine) for branch in branches):
        return result(Agreement.DEPENDS)
    is_hidden = (
        is_blob_worker and engine == "firefox" and any("no-sec-fetch-storage-access" in _evidence(one) for one in records)
    )
    return result(Agreement.HIDDEN if is_hidden else Agreement.DISAGREED)


def _evidence(record: Record) -> Sequence[str]:
    evidence: Sequence[str] = record["credentials"]["evidence"] or ()
    return evidence


def _matches(verdict: dict[str, Any], told: Told, engine: str) -> bool:
    if told.cors_error is None:
        return verdict["outcome"] in ("allowed", "not-cors")
    if verdict["outcome"] != "blocked":
        return False
    return Reason(verdict["reason"]) in reasons_called(Engine(engine), told.cors_error)


def _is_also_other(reason: str | None) -> bool:
    """Whether an engine may report this reason without a CORS name."""
    return reason is not None and bool(NAMES[Reason(reason)].chromium_other)
