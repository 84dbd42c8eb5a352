"""What every browser's driver does."""

from collections.abc import Sequence

from tests.browser.differential.compare import Told
from tests.browser.differential.scenario import Scenario
from tests.browser.differential.world import World
from tests.browser.kit.stacked import Stacked
from tests.deadline import DEADLINE_SECONDS

RUN_SECONDS = 2 * DEADLINE_SECONDS
"""How long one batch may take."""

type Heard = dict[int, tuple[list[Told], list[float]]]
"""By scenario: what was said of each request, and when each began."""


class Driver(Stacked):
    """A browser that can run scenarios."""

    async def run(self, world: World, scenarios: Sequence[Scenario]) -> Heard:
        """Run scenarios whose pages have the same scheme."""
        raise NotImplementedError
