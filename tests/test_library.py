"""`from corslens import …`: typed, lazily imported, and what docs/library.md shows of it runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import corslens
import pytest
from corslens import Exchange, HeaderList, Request, Response, analyze, inspect_exchange

from tests.inputs.make_har import encoded, entry
from tests.make import API, PAGE, exchange, preflight, request, response

ROOT = Path(__file__).resolve().parents[1]


def test_importing_the_package_is_cheap() -> None:
    """Nothing of the package, nor any dependency, is imported until a name is asked for."""
    code = "import sys; before = set(sys.modules); import corslens; print(sorted(set(sys.modules) - before - {'typing'}))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "addon")}
    )
    modules = {name.partition(".")[0] for name in json.loads(found.stdout.replace("'", '"'))}
    assert modules & {"corslens", "msgspec", "mitmproxy", "yaml", "rich", "click"} == {"corslens"}


@pytest.mark.parametrize("name", corslens._HOMES)
def test_every_name_is_there(name: str) -> None:
    assert getattr(corslens, name).__name__ == name and name in dir(corslens)


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nope"):
        _ = corslens.nope


def test_analyze(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(encoded(entry(), entry(answer=[("Access-Control-Allow-Origin", PAGE)]), entry(given=()), None))
    analysis = analyze(path, engine="firefox")
    assert analysis.exchanges == 3
    assert [(inspection.id, inspection.headline.value) for inspection in analysis] == [("a:0", "firefox"), ("a:1", "firefox")]
    assert analysis.problems[0].key.rule == "acao-missing"
    assert analysis.damages == [f"{path}: entry 3: Expected `object`, got `null`"]
    assert json.loads(analysis.report("json"))["schema"] == "corslens-report/2"


def test_what_is_not_there_is_told() -> None:
    assert analyze("no/such.har").damages == ["no/such.har: cannot be read: No such file or directory"]


def test_bad_rules_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("nonsense: true\n")
    with pytest.raises(ValueError, match="nonsense"):
        analyze(rules=[tmp_path])


def test_inspect_exchange() -> None:
    made = Exchange(
        id="1",
        request=Request(method="GET", url=f"{API}/me", headers=HeaderList([("Origin", PAGE)])),
        response=Response(status=200, headers=HeaderList()),
    )
    inspection = inspect_exchange(made)
    assert inspection.verdict.reason == "acao-missing"
    assert inspection.findings[0].fix


def test_with_its_preflight() -> None:
    asked = exchange(
        preflight("PUT", time=1), response(204, {"Access-Control-Allow-Methods": "PUT"}, allow_origin=PAGE, time=1.1)
    )
    put = exchange(request("PUT", time=1.2), response(allow_origin=PAGE))
    covering = inspect_exchange(put, preflight=asked).observation.preflight
    assert covering is not None and covering.id == asked.id


def test_the_example_of_the_page_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    section = (ROOT / "docs" / "library.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert example is not None
    (tmp_path / "session.har").write_bytes(encoded(entry()))
    monkeypatch.chdir(tmp_path)
    exec(compile(example[1], "library.md", "exec"), {})
    assert "acao-missing" in capsys.readouterr().out
