"""Collection: what a report is made of, gathered exchange by exchange; bounded, however long the session."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from msgspec import Struct, field, structs

from corslens.inspection import Inspection
from corslens.lint.finding import Severity
from corslens.observation.redaction import VALUES_ARE_SHOWN, values_are_shown
from corslens.report.groups import Group, Key, endpoint_of, fold, join, worst_first
from corslens.report.problems import is_problem
from corslens.report.tally import Tally

LIMIT = 20_000
"""Problem exchanges held whole; older ones live on in the groups and counts."""
LIVE_GROUPS = 10_000
"""Groups that a live session makes of older exchanges; what is read from files makes as many as there are."""
_ENDPOINTS = 10_000


class Input(Struct, kw_only=True):
    """A capture, or a live session."""

    name: str
    exchanges: int = 0
    filtered_out: int = 0
    """Exchanges that the user's filters leave out of the report."""
    damages: list[str] = field(default_factory=list)
    """What could not be read, a sentence each."""
    notes: list[str] = field(default_factory=list)
    """What the capture could not show, a sentence each."""


class Collection:
    """Gather inspections, of which the last one of an id counts."""

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        groups: int | None = None,
        known: frozenset[str] = frozenset(),
        fail_on: Severity | None = Severity.ERROR,
        all_cors: bool = False,
    ) -> None:
        """Start empty.

        Args:
            limit: how many problem exchanges are held whole.
            groups: how many groups are made of the findings of older ones; None for any number.
            known: fingerprints of a baseline: reported, but as known.
            fail_on: from which severity a finding counts as a failure; None for never.
            all_cors: hold every CORS exchange, for a report that shows them all.
        """
        self.inputs: list[Input] = []
        self.tally = Tally()
        self.known = known
        self.fail_on = fail_on
        self.left_out = 0
        """Problem exchanges that are not held whole any more."""
        self._limit = limit
        self._groups = groups
        self._findings_left_out = 0
        self._endpoints_left_out = 0
        self._all_cors = all_cors
        self._held: OrderedDict[str, Inspection] = OrderedDict()
        self._folded: dict[Key, Group] = {}
        self._silenced: dict[Key, Group] = {}
        self._endpoints: dict[tuple[str, str], None] = {}

    def begin(self, name: str) -> Input:
        """Begin an input; what is added next came from it."""
        self.inputs.append(Input(name=name, notes=[VALUES_ARE_SHOWN] if values_are_shown() and not self.inputs else []))
        return self.inputs[-1]

    def add(self, inspection: Inspection) -> None:
        """Count an inspection, and hold it if there is something to tell of it."""
        self.tally.add(inspection)
        is_cors = inspection.observation.is_cors
        if is_cors:
            self._note(endpoint_of(inspection))
        if inspection.findings or inspection.silenced or (is_cors and (self._all_cors or is_problem(inspection))):
            self._hold(inspection)
        else:
            self._held.pop(inspection.id, None)

    def absorb(self, other: "Collection") -> None:
        """Add what was gathered of other inputs."""
        self.inputs += other.inputs
        self.tally.absorb(other.tally)
        for key, group in other._folded.items():
            join(self._folded, key, group)
        for key, group in other._silenced.items():
            join(self._silenced, key, group)
        self.left_out += other.left_out
        for inspection in other._held.values():
            self._hold(inspection)
        for api, path in other._endpoints:
            self._note((api, path))

    def _note(self, endpoint: tuple[str, str]) -> None:
        if len(self._endpoints) < _ENDPOINTS:
            self._endpoints.setdefault(endpoint)
        elif endpoint not in self._endpoints:
            self._endpoints_left_out += 1

    def _hold(self, inspection: Inspection) -> None:
        self._held[inspection.id] = inspection  # in an earlier one's place, where there was one
        if len(self._held) > self._limit:
            _, oldest = self._held.popitem(last=False)
            self._findings_left_out += fold(self._folded, (oldest,), limit=self._groups)
            self._findings_left_out += fold(self._silenced, (oldest,), limit=self._groups, silenced=True)
            self.left_out += 1

    def dropped(self) -> Mapping[str, int]:
        """Return what is not in the report because of a limit; only what there is."""
        stores = {"findings for the report": self._findings_left_out, "endpoints of the report": self._endpoints_left_out}
        return {name: count for name, count in stores.items() if count}

    def held(self) -> Iterable[Inspection]:
        """Return the exchanges that are held whole, in the order in which they were first heard of."""
        return self._held.values()

    def groups(self) -> list[Group]:
        """Return all findings, grouped, worst first."""
        groups = {key: _copy(group) for key, group in self._folded.items()}
        fold(groups, self._held.values())
        return worst_first(groups.values())

    def silenced(self) -> list[Group]:
        """Return the findings that the user's own rules silence, grouped, worst first."""
        groups = {key: _copy(group) for key, group in self._silenced.items()}
        fold(groups, self._held.values(), silenced=True)
        return worst_first(groups.values())

    def endpoints(self) -> list[tuple[str, str]]:
        """Return the endpoints with CORS traffic, as API origin and path shape."""
        return sorted(self._endpoints)

    def is_known(self, group: Group) -> bool:
        """Say whether the baseline names the group."""
        return group.key.fingerprint in self.known

    def fails(self, group: Group) -> bool:
        """Say whether the group is at or over `fail_on` and not known."""
        return self.fail_on is not None and group.severity >= self.fail_on and not self.is_known(group)

    @property
    def failed(self) -> bool:
        """Whether any group fails."""
        return any(map(self.fails, self.groups()))


def _copy(group: Group) -> Group:
    """Return a group that can be added to without a change to this one."""
    return structs.replace(group, methods=set(group.methods), pages=set(group.pages), examples=list(group.examples))
