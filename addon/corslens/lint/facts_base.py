"""What every group of facts stands on: one exchange, its verdicts and its endpoint's history."""

from collections.abc import Mapping

from corslens.engines.engine import Engine
from corslens.fetch.messages import NO_HEADERS, HeaderList, Request, Response
from corslens.observation.evidence import Unknown
from corslens.observation.observation import Observation
from corslens.observation.traffic import EndpointHistory
from corslens.verdict.verdict import Verdict

NOT_ANSWERED = Unknown("there is no response yet")


class FactsBase:
    """The material; the groups of facts inherit from it."""

    def __init__(
        self,
        observation: Observation,
        verdicts: Mapping[Engine, Verdict],
        history: EndpointHistory,
        *,
        headline: Engine | None = None,
    ) -> None:
        exchange = observation.exchange
        self.observation = observation
        self.verdicts = verdicts
        self.past = history
        self.chosen_engine = headline
        self.sent: Request = exchange.request
        self.got: Response | None = exchange.response
        self.got_headers: HeaderList = NO_HEADERS if self.got is None else self.got.headers
        self.sent_headers: HeaderList = self.sent.headers
