"""What every group of facts stands on: one exchange, its verdicts and its endpoint's history."""

from collections.abc import Mapping

from corslens.engines.engine import Engine
from corslens.fetch.messages import NO_HEADERS, HeaderList, Request, Response
from corslens.observation.endpoint_history import EndpointHistory
from corslens.observation.known import Unknown
from corslens.observation.observation import Observation
from corslens.observation.products.catalog import NO_PRODUCTS, ProductCatalog
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
        products: ProductCatalog = NO_PRODUCTS,
    ) -> None:
        exchange = observation.exchange
        self.observation = observation
        self.verdicts = verdicts
        self.past = history
        self.evidence = history.evidence
        self.chosen_engine = headline
        self.catalog = products
        sent, got = exchange.request, exchange.response
        self.request: Request = sent
        self.response: Response | None = got
        self.response_head: HeaderList = NO_HEADERS if got is None else got.headers
        self.request_head: HeaderList = sent.headers
