"""Captures through the pipeline: each is a session, and what is filtered out still counts as context."""

import io
import zipfile
from pathlib import Path

import pytest
from corslens.analysis import AnalysisSettings, collect, prefixes
from corslens.diagnosis.diagnose import Diagnosis
from corslens.diagnosis.summary import SessionSummary
from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.exchange import Exchange

from tests.inputs.make_har import at, encoded, entry
from tests.make import PAGE
from tests.report.samples import CHROME

NO_RULES = RuleSet({})
ASKED = entry(
    "OPTIONS",
    given=[("Origin", PAGE), ("Access-Control-Request-Method", "PUT")],
    status=204,
    answer=[("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Max-Age", "600")],
)
PUT = entry("PUT", started=at(1), answer=[("Access-Control-Allow-Origin", PAGE)])


def collected(path: Path, **settings: object) -> tuple[SessionSummary, dict[str, object]]:
    """What a file holds, and the last inspection of each exchange."""
    found: dict[str, object] = {}
    summary = SessionSummary(everything=True)
    collect(
        str(path),
        "a",
        AnalysisSettings(rules=NO_RULES, **settings),
        summary,
        [lambda one, _: found.__setitem__(one.id, one)],  # type: ignore[arg-type]
    )
    return summary, found


def test_a_preflight_covers_its_request(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(ASKED, PUT))
    summary, found = collected(tmp_path / "a.har")
    assert list(found) == ["a:0", "a:1"]
    assert (summary.counts["pairs"], summary.inputs[0].exchanges) == (1, 2)


def test_what_is_filtered_out_still_covers(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(ASKED, PUT))
    summary, found = collected(tmp_path / "a.har", exclude=lambda exchange: exchange.request.method == "OPTIONS")
    assert list(found) == ["a:1"] and summary.counts["pairs"] == 1


IMAGE = [
    ("Referer", f"{PAGE}/"),
    ("Sec-Fetch-Mode", "no-cors"),
    ("Sec-Fetch-Dest", "image"),
    ("Sec-Fetch-Site", "cross-site"),
    ("User-Agent", CHROME),
]
KEPT_BY = [("Content-Type", "image/png"), ("Cross-Origin-Resource-Policy", "same-origin")]


@pytest.mark.parametrize(
    ("body", "word"), {"": "BLOCKED", "iVBORw0KGgo=": "ALLOWED"}.items(), ids=("refused", "shown by the browser")
)
def test_an_image_that_its_resource_policy_keeps_from_the_page(body: str, word: str, tmp_path: Path) -> None:
    image = entry(given=IMAGE, answer=KEPT_BY)
    image["response"]["content"] = {"size": len(body), "mimeType": "image/png", "text": body}
    (tmp_path / "a.har").write_bytes(encoded(image, creator="WebInspector"))
    (diagnosis,) = collected(tmp_path / "a.har")[0].held() or [None]
    assert ("ALLOWED" if diagnosis is None else diagnosis.word) == word


def test_captures_of_a_zip_are_sessions_of_their_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one.har", encoded(ASKED))
        archive.writestr("two.har", encoded(PUT))
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    summary, found = collected(tmp_path / "a.zip")
    assert list(found) == ["a/one.har:0", "a/two.har:0"]
    assert summary.counts["pairs"] == 0
    assert [one.exchanges for one in summary.inputs] == [1, 1]
    note = summary.inputs[1].notes[0]
    assert note.startswith(f"{tmp_path / 'a.zip'}/two.har holds no preflight at all")


PLAIN = entry("GET", f"{PAGE}/logo.svg", given=())


@pytest.mark.parametrize(("every", "seen"), [(False, ["a:1"]), (True, ["a:0", "a:1"])])
def test_who_watches_does_not_make_what_has_no_cors_be_looked_at(every: bool, seen: list[str], tmp_path: Path) -> None:
    """Unless it asks for it; what is counted is the same."""
    (tmp_path / "a.har").write_bytes(encoded(PLAIN, PUT))
    found: list[str] = []

    def keep(inspection: Inspection, _: Diagnosis) -> None:
        found.append(inspection.id)

    summary = SessionSummary()
    collect(str(tmp_path / "a.har"), "a", AnalysisSettings(rules=NO_RULES), summary, [keep], every=every)
    assert found == seen and summary.exchanges == 2


def test_a_part_holds_as_much_as_the_whole_may(tmp_path: Path) -> None:
    """The parts of a comparison, of half a million page requests, used to hold 20,000."""
    (tmp_path / "a.har").write_bytes(encoded(*[entry("GET", given=[("Origin", PAGE)], started=at(n)) for n in range(9)]))
    for hold, held in ((5, 5), (100, 9)):
        summary = SessionSummary(remember=2, hold=hold)
        collect(str(tmp_path / "a.har"), "a", AnalysisSettings(rules=NO_RULES), summary)
        assert (len(summary.held()), summary.left_out) == (held, 9 - held)
        assert summary.number("BLOCKED") == 9


def test_a_fault_of_ours_at_one_exchange_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspect = Inspector.inspect

    def fail(self: Inspector, exchange: Exchange) -> tuple[Inspection, ...]:
        if exchange.id == "a:1":
            raise RuntimeError("secret")
        return inspect(self, exchange)

    monkeypatch.setattr(Inspector, "inspect", fail)
    (tmp_path / "a.har").write_bytes(encoded(PUT, PUT, PUT))
    summary, found = collected(tmp_path / "a.har")
    assert list(found) == ["a:0", "a:2"]
    (damage,) = summary.inputs[0].damages
    assert damage.startswith(
        f"{tmp_path / 'a.har'}: entry 1: was not judged because of an internal error in corslens: RuntimeError at "
    )
    assert "secret" not in damage


@pytest.mark.parametrize("where", ["open_capture", "files.plain", "Limitations.add"])
def test_a_fault_of_ours_at_one_input_loses_no_other(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.har").write_bytes(encoded(PUT))
    summary = SessionSummary()

    def fail(*_: object, **__: object) -> None:
        raise KeyError("secret")

    with monkeypatch.context() as patch:
        patch.setattr(f"corslens.analysis.{where}", fail)
        collect(str(tmp_path / "a.har"), "a", AnalysisSettings(rules=NO_RULES), summary)
    collect(str(tmp_path / "b.har"), "b", AnalysisSettings(rules=NO_RULES), summary)
    ((damage,), none) = (one.damages for one in summary.inputs)
    assert damage.startswith(
        f"{tmp_path / 'a.har'}: was not fully analyzed because of an internal error in corslens: KeyError at "
    )
    assert none == [] and summary.exchanges == 1


def test_many_damaged_entries_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(PUT, *[{"request": {}}] * 250))
    summary, found = collected(tmp_path / "a.har")
    *named, last = summary.inputs[0].damages
    assert len(found) == 1 and len(named) == 100
    assert last == f"{tmp_path / 'a.har'}: 150 more entries were not read, or not in full"


def test_who_watches_gets_its_own_errors(tmp_path: Path) -> None:
    """A report that cannot be written is no fault of the capture."""
    (tmp_path / "a.har").write_bytes(encoded(PUT))

    def fail(*_: object) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        collect(str(tmp_path / "a.har"), "a", AnalysisSettings(rules=NO_RULES), SessionSummary(), [fail])


def test_progress_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_bytes(encoded(*[entry()] * 600))
    seen: list[float] = []
    collect(str(tmp_path / "a.har"), "a", AnalysisSettings(rules=NO_RULES), SessionSummary(), progress=seen.append)
    assert len(seen) == 3 and seen == sorted(seen) and seen[0] >= 0 and seen[-1] < 1


NAMES = {
    "stems": (["x/a.har", "b.HAR.gz", "c.mitm"], ["a", "b", "c"]),
    "same stem": (["x/a.har", "y/a.har"], ["a", "y/a.har"]),
    "standard input": (["-"], ["stdin"]),
    "another ending": (["capture.json"], ["capture"]),
}


@pytest.mark.parametrize(("names", "expected"), NAMES.values(), ids=NAMES)
def test_prefixes(names: list[str], expected: list[str]) -> None:
    assert list(prefixes(names).values()) == expected


def test_prefixes_of_many_files_are_looked_up_and_not_searched_for() -> None:
    """Each name is compared with a few others at most: 16,000 files took seconds, 200,000 eight minutes."""
    compared = 0

    class Name(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return super().__hash__()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

    names = [Name(f"{number}/a.har") for number in range(3_000)]
    assert len(set(prefixes(names).values())) == len(names)
    assert compared < 10 * len(names)
