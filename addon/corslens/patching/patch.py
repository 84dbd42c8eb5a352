"""Patch: a list of changes to one response, each with its reason."""

from msgspec import Struct, structs

from corslens.fetch.messages import Response
from corslens.verdict.reasons import Reason


class HeaderChange(Struct, frozen=True, kw_only=True, gc=False):
    """One header of the response, before and after."""

    header: str
    before: tuple[str, ...]
    """The lines that were there; empty when there was none."""
    after: str | None
    """The one line that is there now; None when it is removed."""
    because: str
    more: tuple[str, ...] = ()
    """Further lines of this header after the first. A patch makes one line; an injection may want several."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that are there now."""
        return () if self.after is None else (self.after, *self.more)

    @property
    def combined(self) -> str | None:
        """The lines that are there now, joined as browsers join them; None when it is removed."""
        return None if self.after is None else ", ".join(self.lines)


class StatusChange(Struct, frozen=True, kw_only=True, gc=False):
    """The status of a preflight's response, before and after."""

    before: int
    after: int
    because: str


class Patch(Struct, frozen=True, kw_only=True, gc=False):
    """What to change in a response so that the page may read it."""

    changes: tuple[HeaderChange, ...] = ()
    status: StatusChange | None = None
    beyond: tuple[Reason, ...] = ()
    """Reasons that no change of a response's head can fix."""
    by: tuple[str, ...] = ()
    """The names of the injections that made the changes, or that matched and were refused."""
    refused: str | None = None
    """Why nothing is changed although the exchange is blocked (the origin is not in the list, …)."""

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not self.changes and self.status is None


def apply(patch: Patch, response: Response) -> Response:
    """Return the response with the changes made; all other header lines and their order stay."""
    headers = response.headers
    for change in patch.changes:
        headers = headers.with_header(change.header, change.lines)
    status = response.status if patch.status is None else patch.status.after
    return structs.replace(response, status=status, headers=headers)
