"""The golden reports: what `golden/` holds, and how it is made anew (scripts/render_reports)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from corslens.report.baseline import Gate
from corslens.report.formats.json_report import json_schema
from corslens.report.formats.registry import Format, render

from tests.report.make import rules, summary

FOLDER = Path(__file__).with_name("golden")
SCHEMA = Path(__file__).resolve().parents[2] / "addon" / "corslens" / "report" / "schema" / "corslens-report-2.json"

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
    files = {FOLDER / name: render(form, summary(), rules(), shop_gate()) for form, name in _NAMES.items()}
    files[SCHEMA] = msgspec.json.format(msgspec.json.encode(_without_names_of_keys(json_schema())), indent=2) + b"\n"
    return files


def _without_names_of_keys(schema: Any) -> Any:
    """Leave out what msgspec says from 0.23 on alone, so that the file is the same with every version that we allow."""
    if isinstance(schema, Mapping):
        return {key: _without_names_of_keys(value) for key, value in schema.items() if key != "propertyNames"}
    return [_without_names_of_keys(value) for value in schema] if isinstance(schema, list | tuple) else schema


def shop_gate() -> Gate:
    """Of the shop's problems one is known."""
    known = next(problem for problem in summary().problems() if problem.key.rule == "acao-mismatch")
    return Gate(known=frozenset({known.key.fingerprint}))


if __name__ == "__main__":
    for path, content in golden_files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        print(path.name)
