"""What every browser's driver does."""

from collections.abc import Sequence

from tests.browser.differential.compare import Told
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.stacked import Stacked

RUN_SECONDS = 180.0
"""How long one batch may take."""

type Heard = dict[int, tuple[list[Told], list[float]]]
"""By scenario: what was said of each request, and when each began."""


class Driver(Stacked):
    """A browser that can run scenarios."""

    async def run(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        """Run scenarios whose pages have the same scheme."""
        raise NotImplementedError
