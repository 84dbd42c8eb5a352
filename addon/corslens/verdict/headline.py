"""HeadlinePolicy: whose verdict counts, decided once for each exchange, before rules and reports look at it."""

from collections.abc import Mapping

from msgspec import Struct

from corslens.engines.engine import Engine
from corslens.verdict.verdict import Verdict

AUTO = "auto"
ALL = "all"
WORDS = (AUTO, *(engine.value for engine in Engine), ALL)
"""What the options that choose an engine take."""


class HeadlinePolicy(Struct, frozen=True):
    """Whose verdict counts: the sender's, one engine's, or that of the first engine that blocks."""

    engine: Engine | None = None
    """This one's, whoever sent the request."""
    first_that_blocks: bool = False
    """That of the sender, or of the first other engine that blocks where it does not."""
    programs: bool = True
    """Whether a request of a program (curl, an app's HTTP client) counts as a page's; else it is not judged: nothing blocks it."""

    @classmethod
    def of_capture(cls, word: str) -> "HeadlinePolicy":
        """Return the policy that one of WORDS names for a capture: `auto` means the sender, and what no browser sent is not judged.

        Raises: ValueError
        """
        return CAPTURED if word == AUTO else cls.parse(word)

    @classmethod
    def parse(cls, word: str) -> "HeadlinePolicy":
        """Return the policy that one of WORDS names.

        Raises: ValueError
        """
        if word == ALL:
            return cls(first_that_blocks=True)
        return cls(None if word == AUTO else Engine(word))

    def choose(self, sender: Engine | None, verdicts: Mapping[Engine, Verdict]) -> Engine:
        """Return the engine whose verdict counts for an exchange.

        Args:
            sender: the engine that sent it; Chromium stands for one that is not recognized.
        """
        if self.engine is not None:
            return self.engine
        own = sender or Engine.CHROMIUM
        if not self.first_that_blocks or verdicts[own].blocked:
            return own
        return next((engine for engine, verdict in verdicts.items() if verdict.blocked), own)


SENDER = HeadlinePolicy()
CAPTURED = HeadlinePolicy(programs=False)
