"""Facts about a request that `corslens check` sent as a stranger."""

from corslens.lint.facts.base import FactsBase
from corslens.lint.facts.fact import fact
from corslens.observation.probe import BEHAVIOR, OriginComparison


class ProbeFacts(FactsBase):
    """`probe.*`."""

    @fact("probe.comparison", rare=True)
    def probe_comparison(self) -> OriginComparison | None:
        """How a server that allowed an origin that only a careless comparison allows seems to compare; only in what `corslens check --as-stranger` sent."""
        probe = self.observation.exchange.probe
        return None if probe is None else probe.comparison

    @fact("probe.own-site", rare=True)
    def probe_own_site(self) -> bool:
        """Whether that origin belongs to the site of the origin that it imitates."""
        probe = self.observation.exchange.probe
        return probe is not None and probe.own_site

    @fact("probe.behavior", rare=True)
    def probe_behavior(self) -> str | None:
        """What the server seems to do, the end of a sentence: `reflects any Origin`."""
        comparison = self.probe_comparison
        return None if comparison is None else BEHAVIOR[comparison]
