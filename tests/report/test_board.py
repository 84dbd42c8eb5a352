"""The board tells each change once, and ends where a board that saw everything at once ends."""

from collections.abc import Iterable
from typing import Any

from corslens.inspection import Inspection
from corslens.lint.finding import Confidence, Finding, Fix, Severity, Side
from corslens.lint.rule import RuleSet
from corslens.report.board import EXAMPLES, Board
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.make import API, PAGE, exchange, request, response
from tests.report.samples import ask, inspected


def finding(rule: str = "acao-missing", severity: Severity = Severity.ERROR) -> Finding:
    """A finding."""
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.HIGH,
        message=f"{rule} happened",
        fixes=(Fix(side=Side.SERVER, text="mend it"),),
    )


def inspection(
    id: str, *findings: Finding, at: float = 0, url: str = f"{API}/me", origin: str = PAGE, well: bool = False
) -> Inspection:
    """An inspection with these findings, whatever rules would say."""
    (made,) = inspected([ask(id, at, url=url, origin=origin, allow_origin="*" if well else None)], RuleSet({}))
    return structs.replace(made, findings=findings)


def state(board: Board, reads: Iterable[dict[Any, Any]] = ()) -> tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]:
    """What a page knows after these answers: counts, cells and problems."""
    counts: dict[Any, Any] = {}
    cells: dict[Any, Any] = {}
    problems: dict[Any, Any] = {}
    for changes in reads or [board.changes()]:
        if changes["anew"]:
            cells, problems = {}, {}
        counts = changes["counts"]
        for cell in changes["cells"]:
            cells[cell["page"], cell["api"]] = cell
        for key in changes["gone"]:
            problems.pop(key, None)
        for problem in changes["problems"]:
            problems[problem["id"]] = problem
    return counts, {key: cell for key, cell in cells.items() if cell["count"]}, problems


def test_it_counts_exchanges_and_shows_the_worst_of_each_pair() -> None:
    """One row of counts, one cell a pair, with how many were as bad as the worst."""
    board = Board()
    for made in (
        inspection("a", well=True),
        inspection("b", finding()),
        inspection("c", well=True, origin="https://other.example"),
    ):
        board.add(made)
    counts, cells, _ = state(board)
    assert counts == {"exchanges": 3, "cors": 3, "allowed": 2, "blocked": 1, "error": 1}
    assert cells[PAGE, API] == {
        "page": PAGE,
        "api": API,
        "worst": "blocked",
        "count": 2,
        "bad": 1,
        "found": "error",
        "foundCount": 1,
    }
    assert cells["https://other.example", API]["worst"] == "allowed"


def test_what_the_browser_gave_up_is_neither_allowed_nor_blocked() -> None:
    """It colours a cell only when nothing else was seen of the pair."""
    board = Board()
    (left,) = inspected([exchange(request(), error="Client disconnected.", id="left")], RuleSet({}))
    board.add(left)
    counts, cells, _ = state(board)
    assert counts == {"exchanges": 1, "cors": 1, "aborted": 1}
    assert cells[PAGE, API]["worst"] == "aborted"
    board.add(inspection("a", well=True))
    assert state(board)[1][PAGE, API]["worst"] == "allowed"


def test_what_a_site_embeds_of_its_own_is_no_pair() -> None:
    """A browser fetches the icon with mode no-cors, whatever its origin."""
    board = Board()
    icon = request(url=f"{PAGE}/favicon.ico", given={"Sec-Fetch-Mode": "no-cors", "Referer": f"{PAGE}/"}, origin=None)
    for made in inspected([exchange(icon, response(200))], RuleSet({})):
        board.add(made)
    assert not state(board)[1]


def test_the_same_mistake_is_one_problem() -> None:
    """Rule, API and path shape make a problem; it has a count, a first and a last time, and its newest exchanges."""
    board = Board()
    for index in range(9):
        board.add(inspection(f"x{index}", finding(), at=index, url=f"{API}/orders/{index}"))
    board.add(inspection("y", finding("acao-mismatch")))
    _, _, problems = state(board)
    first, other = sorted(problems.values(), key=lambda problem: -problem["count"])
    assert (first["count"], first["path"], first["last"] - first["first"]) == (9, "/orders/*", 8)
    assert first["examples"] == [f"x{index}" for index in range(9 - EXAMPLES, 9)]
    assert (
        other["rule"] == "acao-mismatch" and other["pages"] == [PAGE] and other["engines"] == ["chromium", "firefox", "webkit"]
    )


def test_what_becomes_known_later_replaces_what_was_counted() -> None:
    """The same id counts once; a problem that turns out to be none is gone."""
    board = Board()
    board.add(inspection("a", finding()))
    before = board.changes()
    board.add(inspection("a", well=True))
    counts, cells, problems = state(board, [before, board.changes(before["version"])])
    assert counts == {"exchanges": 1, "cors": 1, "allowed": 1}
    assert cells[PAGE, API]["worst"] == "allowed"
    assert problems == {}


def test_nothing_new_is_nothing_told() -> None:
    """A page that is up to date gets no problem and no cell."""
    board = Board()
    board.add(inspection("a", finding()))
    again = board.changes(board.version)
    assert (again["cells"], again["problems"], again["gone"], again["anew"]) == ([], [], [], False)


def test_a_page_of_an_earlier_start_begins_anew() -> None:
    """A version that the board never had, or had before it was cleared, gets everything."""
    board = Board()
    board.add(inspection("a", finding()))
    seen = board.version
    assert board.changes(seen + 1000)["anew"]
    board.clear()
    assert board.changes(seen)["anew"] and not board.changes(board.version)["anew"]
    assert board.changes()["problems"] == []


def test_state_is_bounded_and_counts_go_on() -> None:
    """A limit on exchanges, problems and cells; what is dropped is told as gone."""
    board = Board(limit=10)
    reads = [board.changes()]
    for index in range(50):
        board.add(inspection(f"x{index}", finding(), url=f"https://api{index}.example/", origin=f"https://page{index}.example"))
        reads.append(board.changes(reads[-1]["version"]))
    counts, _, problems = state(board, reads)
    assert counts["exchanges"] == 50
    assert len(problems) == len(board.changes()["problems"]) == len(board.changes()["cells"]) == 10
    assert board.dropped() == {"problems of the page": 40, "cells of the page": 40}


def test_a_problem_of_a_thousand_pages_names_some() -> None:
    """And forgets those whose exchanges have no such finding any more."""
    board = Board(limit=2_000)
    for index in range(1_000):
        board.add(inspection(f"x{index}", finding(), origin=f"https://page{index}.example"))
    (problem,) = board.changes()["problems"]
    assert (problem["count"], len(problem["pages"])) == (1_000, 50)
    assert board.dropped() == {"names at the page's problems": 800}
    for index in range(999):
        board.add(inspection(f"x{index}", origin=f"https://page{index}.example"))
    (problem,) = board.changes()["problems"]
    assert (problem["count"], problem["pages"]) == (1, [])


def test_what_nobody_looked_at_in_time_is_only_counted() -> None:
    """Until somebody asks, the newest are kept as they came; of older ones it is told how many there were."""
    board = Board(limit=10)
    for index in range(25):
        board.add(inspection(f"x{index}", finding(), at=index))
    counts, _, problems = state(board)
    assert (counts["exchanges"], counts["passed"], counts["blocked"]) == (25, 15, 10)
    (problem,) = problems.values()
    assert (problem["count"], problem["examples"][-1]) == (10, "x24")


def test_more_gone_than_remembered_begins_anew() -> None:
    """A page that slept while a thousand problems came and went gets everything, not half."""
    board = Board(limit=3)
    board.add(inspection("first", finding()))
    asleep = board.changes()
    for index in range(1_200):
        board.add(inspection("again", finding(f"rule-{index}"), at=index))
        board.changes(board.version)
    late = board.changes(asleep["version"])
    assert late["anew"]
    assert state(board, [asleep, late])[2] == state(board)[2]


_FINDINGS = st.lists(
    st.sampled_from([finding(), finding("acao-mismatch"), finding("note", Severity.INFO)]), unique=True, max_size=2
)
_STEPS = st.lists(st.tuples(st.integers(0, 6), _FINDINGS, st.booleans(), st.booleans()), max_size=25)


@given(_STEPS)
def test_changes_add_up(steps: list[tuple[int, list[Finding], bool, bool]]) -> None:
    """Whoever asks whenever knows in the end what one who asks once knows, and what a board of only the last words knows."""
    board, last = Board(), {}
    reads = [board.changes()]
    for number, findings, well, ask_now in steps:
        made = inspection(f"x{number}", *findings, url=f"https://api{number % 3}.example/", well=well)
        last[made.id] = made
        board.add(made)
        if ask_now:
            reads.append(board.changes(reads[-1]["version"]))
    reads.append(board.changes(reads[-1]["version"]))
    assert state(board, reads) == state(board)
    fresh = Board()
    for made in last.values():
        fresh.add(made)
    counts, cells, problems = state(board)
    fresh_counts, fresh_cells, fresh_problems = state(fresh)
    assert (counts, cells) == (fresh_counts, fresh_cells)
    what = ("rule", "api", "path", "count", "severity", "engines", "methods", "pages")
    assert sorted([p[k] for k in what] for p in problems.values()) == sorted(
        [p[k] for k in what] for p in fresh_problems.values()
    )


@given(_STEPS, st.integers(1, 4))
def test_bit_by_bit_adds_up_too(steps: list[tuple[int, list[Finding], bool, bool]], limit: int) -> None:
    """With a limit an answer holds no more than that, and who goes on asking knows in the end what one who asks once knows."""
    board = Board()
    reads = [board.changes(limit=limit)]

    def ask_on() -> None:
        reads.append(board.changes(reads[-1]["version"], rest=reads[-1]["rest"], limit=limit))

    for number, findings, well, ask_now in steps:
        url, page = f"https://api{number % 3}.example/", f"https://page{number}.example"
        board.add(inspection(f"x{number}", *findings, url=url, origin=page, well=well))
        if ask_now:
            ask_on()
    ask_on()
    while reads[-1]["more"]:
        ask_on()
    assert state(board, reads) == state(board)
    # One exchange changes at most one cell and two problems here, and is told as a whole.
    assert all(len(each["cells"]) <= limit + 1 and len(each["problems"]) <= limit + 3 for each in reads)
    late = board.changes(limit=limit)
    assert late["more"] or state(board, [late]) == state(board)


def test_the_newest_is_told_first() -> None:
    """Whatever was counted so far; counting itself goes from the oldest on."""
    board = Board()
    for index in range(7):
        board.add(inspection(f"x{index}", finding(f"rule-{index}"), at=index))
    first = board.changes(limit=4)
    assert (first["counts"]["exchanges"], first["more"], first["rest"]) == (4, True, None)
    assert [problem["rule"] for problem in first["problems"]] == ["rule-3", "rule-2", "rule-1", "rule-0"]
    opened = board.changes(limit=5)
    assert [problem["rule"] for problem in opened["problems"]] == ["rule-6", "rule-5", "rule-4", "rule-3", "rule-2"]
    rest = board.changes(opened["version"], rest=opened["rest"], limit=5)
    assert ([problem["rule"] for problem in rest["problems"]], rest["more"]) == (["rule-1", "rule-0"], False)


def test_secrets_in_an_origin_are_gone() -> None:
    """An Origin header may hold what it likes."""
    board = Board()
    board.add(inspection("a", finding(), origin="https://user:hunter2@app.example"))
    assert "hunter2" not in repr(board.changes())


def test_a_pair_that_is_allowed_may_hold_the_worst_mistake() -> None:
    """What an origin that nobody means may read is an error, though no browser blocks it."""
    board = Board()
    board.add(inspection("a", finding("any-origin-reflected-with-credentials"), well=True))
    before = board.changes()
    cell = state(board, [before])[1][PAGE, API]
    assert (cell["worst"], cell["found"], cell["foundCount"]) == ("allowed", "error", 1)
    board.add(inspection("a", finding("x", Severity.WARNING), well=True))
    assert state(board, [board.changes(before["version"])])[1][PAGE, API]["found"] == "warning"
    board.add(inspection("a", well=True))
    assert state(board)[1][PAGE, API]["found"] is None
