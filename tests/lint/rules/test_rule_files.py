"""Reading rule files adds what they hold, and every mistake with its place."""

from pathlib import Path

from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.rule_files import Contents, check_mentions, read

ROOT = Path(__file__).resolve().parents[3]


def test_a_file_adds_its_rules_and_products() -> None:
    contents = Contents()
    for name in ("violations/acao-missing", "products/kong"):
        file = next((ROOT / "rules").glob(f"{name}.yaml"))
        read(file, f"rules/{name}.yaml", contents, None, trusted=True)
    assert [product.id for _, product in contents.products] == ["kong"]
    assert "acao-missing" in [rule.id for _, rule in contents.rules]
    check_mentions(contents, load_rules().rules)
    assert contents.problems == []


def test_a_file_without_a_rule_is_a_mistake(tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    contents = Contents()
    read(empty, "empty.yaml", contents, None, trusted=False)
    read(tmp_path / "none.yaml", "none.yaml", contents, None, trusted=False)
    assert [str(one) for one in contents.problems] == [
        "empty.yaml:1:1: holds no rule",
        "none.yaml:1:1: cannot be read: No such file or directory",
    ]
