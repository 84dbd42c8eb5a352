"""Source maps: right where they are well-formed, refused where they are not, and never out of their origin."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from corslens.witness import source_map
from corslens.witness.source_map import SLICE, Original, SourceMap, SourceMapError

BUNDLE = Path(__file__).parent.parent / "browser" / "bundle"
SCRIPT = "https://app.example/assets/app.min.js"
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(*numbers: int) -> str:
    """Encode a segment."""
    letters = ""
    for number in numbers:
        rest = -number << 1 | 1 if number < 0 else number << 1
        while True:
            rest, digit = rest >> 5, rest & 31
            letters += _DIGITS[digit | 32 if rest else digit]
            if not rest:
                break
    return letters


def read(given: dict[str, Any] | bytes, base: str = f"{SCRIPT}.map") -> SourceMap:
    found = SourceMap(given if isinstance(given, bytes) else json.dumps(given).encode(), base=base, script=SCRIPT)
    list(found.read())
    return found


def simple(source: str, **more: object) -> dict[str, Any]:
    return {"version": 3, "sources": [source], "mappings": vlq(0, 0, 4, 2), **more}


def test_a_bundle_of_esbuild() -> None:
    """Every call in the bundle is where its URL says: /KIND/LINE/NUMBER."""
    script = (BUNDLE / "built" / "app.min.js").read_text()
    found = read((BUNDLE / "built" / "app.min.js.map").read_bytes())
    calls = list(re.finditer(r"await (?:fetch|\w)\(`\$\{API\}/bundled-(\w+)/(\d+)/\d+`", script))
    assert len(calls) == 36
    wrong = [
        (call[0], place)
        for call in calls
        if (place := found.find(1, call.start() + 1)) is None
        or place.line != int(call[2])
        or place.url != f"https://app.example/src/{'main' if call[1] == 'fetch' else 'api'}.ts"
    ]
    assert not wrong
    library = found.find(1, script.index("return fetch") + 1)
    assert library == Original("https://app.example/node_modules/client/index.js", 3, 3, library=True)


def test_long_lines_and_many() -> None:
    """What is found does not hang on where reading was interrupted."""
    columns = SLICE * 2 + 7
    first = ",".join([vlq(0, 0, 0, 0), *(vlq(3, 0, 1, 0) for _ in range(columns))])
    lines = [first, *("" if n % 2 else vlq(2, 0, 1, 0) for n in range(SLICE * 2))]
    found = read({"version": 3, "sources": ["a.ts"], "mappings": ";".join(lines)})
    for column in (0, 1, SLICE - 1, SLICE, SLICE + 1, SLICE * 2, columns):
        for behind in range(3):
            assert found.find(1, 3 * column + behind + 1) == Original(
                "https://app.example/assets/a.ts", column + 1, 1, library=False
            )
    assert found.find(2, 1) is None
    assert found.find(2, 3) == Original("https://app.example/assets/a.ts", columns + 2, 1, library=False)
    assert found.find(3, 3) is None
    assert found.find(SLICE * 2, 9) == Original("https://app.example/assets/a.ts", columns + SLICE + 1, 1, library=False)
    assert found.find(SLICE * 5, 1) is None


def test_sections() -> None:
    sections = [
        {"offset": {"line": 0, "column": 0}, "map": simple("a.ts")},
        {"offset": {"line": 0, "column": 100}, "map": simple("b.ts", ignoreList=[0])},
        {"offset": {"line": 3, "column": 0}, "map": simple("c.ts", sourceRoot="/src/")},
    ]
    found = read(b")]}'\n" + json.dumps({"version": 3, "sections": sections}).encode())
    places = [found.find(*place) for place in ((1, 50), (1, 101), (4, 1), (9, 1))]
    assert [place and (place.url, place.library) for place in places] == [
        ("https://app.example/assets/a.ts", False),
        ("https://app.example/assets/b.ts", True),
        ("https://app.example/src/c.ts", False),
        None,
    ]


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("../src/api.ts", "https://app.example/src/api.ts"),
        ("../../../../etc/passwd", "https://app.example/etc/passwd"),
        ("webpack://shop/./src/api.ts?1a2b", "webpack://shop/./src/api.ts?1a2b"),
        ("file:///home/me/app/src/api.ts", "file:///home/me/app/src/api.ts"),
        ("https://bank.example/src/api.ts", None),
        ("//bank.example/src/api.ts", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("webpack://shop/./a\x1b[31m.ts", None),
        ("a\r\nSet-Cookie: x.ts", None),
        ("x\u202egnp.ts", None),
        ("a" * 3_000, None),
        ("", None),
    ],
)
def test_where_a_source_may_be(source: str, url: str | None) -> None:
    """At the script's own origin, or where only a map names it; with nothing in it that a terminal obeys."""
    found = read(simple(source)).find(1, 1)
    assert (None if found is None else found.url) == url


NOT_A_MAP = {
    "not JSON": b"<!doctype html>",
    "not UTF-8": b'{"mappings": "\xff"}',
    "another type": b"[1, 2]",
    "types": b'{"version": 3, "sources": [1], "mappings": "AAAA"}',
    "a letter": b'{"sources": ["a"], "mappings": "AA*A"}',
    "cut": b'{"sources": ["a"], "mappings": "AAAg"}',
    "two numbers": b'{"sources": ["a"], "mappings": "AA"}',
    "before the file": b'{"sources": ["a"], "mappings": "AADA"}',
    "a huge number": b'{"sources": ["a"], "mappings": "gggggggggggggggC"}',
    "an endless one": b'{"sources": ["a"], "mappings": "' + b"g" * 100_000 + b'"}',
    "deep": b'{"sections": ' + b"[" * 100_000,
    "many sections": json.dumps({"sections": [{"offset": {"line": 0, "column": 0}, "map": {}}] * 10_001}).encode(),
}


@pytest.mark.parametrize("raw", NOT_A_MAP.values(), ids=NOT_A_MAP)
def test_what_is_no_map(raw: bytes) -> None:
    with pytest.raises(SourceMapError):
        read(raw)


def test_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_map, "MAX_BYTES", 10)
    with pytest.raises(SourceMapError, match="too long"):
        read(simple("a.ts"))


def test_sources_that_are_not_there() -> None:
    assert read({"sources": [None], "mappings": vlq(0, 0, 0, 0)}).find(1, 1) is None
    assert read({"sources": ["a"], "mappings": vlq(0, 7, 0, 0)}).find(1, 1) is None
    assert read({"sources": ["a"], "mappings": f"{vlq(0, 0, 0, 0)},{vlq(5)}"}).find(1, 6) is None
