"""What a capture could not show, so that silence about it is not taken for a verdict."""

from collections import OrderedDict

from corslens.inspection import Inspection
from corslens.observation.observation import Role
from corslens.verdict.verdict import Outcome


class BlindSpots:
    """Watch one session's inspections for what is missing from it."""

    def __init__(self, remember: int = 10_000) -> None:
        """Start a session.

        Args:
            remember: how many exchanges back an id is known again; what fell out stays counted as it was.
        """
        self._remember = remember
        self._recent: OrderedDict[str, tuple[bool, bool]] = OrderedDict()
        """What was counted of an exchange: that its preflight is missing, and that its verdict depends on credentials."""
        self._uncovered = 0
        self._depending = 0
        self._preflights = False
        self._cookies = False
        self._cors = False

    def add(self, inspection: Inspection, *, wanted: bool = True) -> None:
        """Take note of an inspection, in place of an earlier one with the same id.

        Args:
            wanted: False for one that the report leaves out: it says what the capture holds, and is not counted.
        """
        observation = inspection.observation
        if not self._cookies:
            response = observation.exchange.response
            self._cookies = "cookie" in observation.exchange.request.headers or (
                response is not None and "set-cookie" in response.headers
            )
        if not observation.is_cors:
            return
        self._cors = True
        self._preflights = self._preflights or observation.role is Role.PREFLIGHT
        if not wanted:
            return
        counted = self._recent.pop(inspection.id, (False, False))
        uncovered = observation.role is Role.ACTUAL and observation.preflight is None
        depending = inspection.verdict.outcome is Outcome.DEPENDS
        self._uncovered += uncovered - counted[0]
        self._depending += depending - counted[1]
        if uncovered or depending:
            self._recent[inspection.id] = (uncovered, depending)
            if len(self._recent) > self._remember:
                self._recent.popitem(last=False)

    def saw_cookies(self) -> None:
        """Take note that the capture does hold cookies."""
        self._cookies = True

    def notes(self, writer: str, *, har: bool) -> list[str]:
        """Say what the capture could not show, each the end of a sentence that begins with the file's name.

        Args:
            writer: the program that wrote it, as it calls itself.
            har: whether it is a HAR.
        """
        notes = []
        if self._uncovered and not self._preflights:
            number = self._uncovered
            notes.append(
                f"holds no preflight at all, and {number} request{' that needs' if number == 1 else 's that need'} one: "
                "whether the server lets them be sent is not judged"
            )
        if self._depending and not self._cookies:
            number = self._depending
            notes.append(
                "holds no cookie at all (many programs strip them from a HAR), and "
                f"{number} verdict{' depends' if number == 1 else 's depend'} on credentials"
            )
        if har and self._cors and writer.lower().startswith("mitmproxy"):
            notes.append(
                "is a HAR of mitmproxy's, which keeps neither the case of methods nor the browser's connections; its flow files keep both"
            )
        return notes
