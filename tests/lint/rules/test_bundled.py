"""Where the shipped rules are."""

from corslens.lint.rules.bundled import bundled_files, bundled_folder
from corslens.lint.rules.rule import Family


def test_the_clone_s_rules_are_found() -> None:
    assert (bundled_folder() / "README.md").is_file()


def test_every_file_is_in_a_family_s_folder() -> None:
    families = set(Family) - {Family.CUSTOM}
    assert families == {file.parent.name for file in bundled_files()}
