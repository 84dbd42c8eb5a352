"""The golden reports: what `golden/` holds, and how it is made anew (scripts/render_reports)."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from corslens.lint.rule import RuleSet
from corslens.report.as_json import json_schema
from corslens.report.collection import Collection
from corslens.report.formats import Format, render
from corslens.report.groups import Group

from tests.report.make import collection, rules

FOLDER = Path(__file__).with_name("golden")
SCHEMA = Path(__file__).resolve().parents[2] / "addon" / "corslens" / "report" / "schema" / "corslens-report-1.json"

_NAMES = {
    Format.TEXT: "shop.txt",
    Format.JSONL: "shop.jsonl",
    Format.JSON: "shop.json",
    Format.SARIF: "shop.sarif",
    Format.JUNIT: "shop.xml",
    Format.MARKDOWN: "shop.md",
}


def golden_files() -> Mapping[Path, bytes]:
    """What each file is to hold."""
    catalogue = RuleSet({})
    catalogue.rules = rules()
    files = {FOLDER / name: render(form, shop_report(), catalogue) for form, name in _NAMES.items()}
    files[SCHEMA] = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2) + b"\n"
    return files


def shop_report() -> Collection:
    """The shop's session, of which one finding is known."""
    known = next(group for group in collection().groups() if group.key.rule == "acao-mismatch")
    return collection(known=frozenset({_fingerprint(known)}))


def _fingerprint(group: Group) -> str:
    return group.key.fingerprint


if __name__ == "__main__":
    for path, content in golden_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        print(path.name)
