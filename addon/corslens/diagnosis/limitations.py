"""What a capture could not show, so that silence about it is not taken for a verdict."""

from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.observation.observation import Role
from corslens.observation.programs import is_of_program


class Limitations:
    """Watch a capture for what it holds at all, whatever a report leaves out."""

    def __init__(self) -> None:
        self.cookies = False
        """Whether a cookie was seen."""
        self._preflights = False
        self._cors = False
        self._of_programs = 0

    def add(self, inspection: Inspection) -> None:
        """Take note of an inspection."""
        observation = inspection.observation
        if not self.cookies:
            response = observation.exchange.response
            self.cookies = "cookie" in observation.exchange.request.headers or (
                response is not None and "set-cookie" in response.headers
            )
        if (
            observation.role is Role.NO_CORS
            and observation.origin is not None
            and is_of_program(observation.exchange.request.headers)
        ):
            self._of_programs += 1
        if observation.is_cors:
            self._cors = True
            self._preflights = self._preflights or observation.role is Role.PREFLIGHT

    def notes(self, summary: SessionSummary, writer: str, *, har: bool) -> list[str]:
        """Say what the capture could not show, each the end of a sentence that begins with the file's name.

        Args:
            summary: of what is reported of it.
            writer: the program that wrote it, as it calls itself.
            har: whether it is a HAR.
        """
        notes = []
        uncovered = summary.counts[Role.ACTUAL] - summary.counts["pairs"]
        if uncovered > 0 and not self._preflights:
            notes.append(
                f"holds no preflight at all, and {uncovered} request{' that needs' if uncovered == 1 else 's that need'} one: "
                f"whether the server allows {'it' if uncovered == 1 else 'them'} is not judged "
                "(many programs leave preflights out, and browsers cache what they allowed)"
            )
        depending = summary.counts["depending"]
        if depending > 0 and not self.cookies:
            notes.append(
                "holds no cookie at all (many programs strip them from a HAR), and "
                f"{depending} verdict{' depends' if depending == 1 else 's depend'} on credentials"
            )
        if self._of_programs:
            many = self._of_programs > 1
            notes.append(
                f"holds {self._of_programs} request{'s' if many else ''} with an Origin that no browser sent (curl, an app, a test): "
                f"nothing blocks {'them' if many else 'it'}, so {'they are' if many else 'it is'} not judged; --engine chromium judges "
                f"{'them' if many else 'it'} as if a page had sent {'them' if many else 'it'}"
            )
        if har and self._cors and writer.lower().startswith("mitmproxy"):
            notes.append(
                "was saved by mitmproxy as a HAR, which loses the case of methods and the browser's connections; a flow file keeps both"
            )
        return notes
