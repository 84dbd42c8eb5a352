"""Reading YAML with places."""

from corslens.lint.rules.parse_condition import parse_condition
from corslens.lint.rules.parse_rule import parse_overrides, parse_rule
from corslens.mistakes import RuleErrors, RuleMistake
from corslens.yaml_reader import YamlReader
from hypothesis import given
from hypothesis import strategies as st


def test_a_problem_reads_like_a_compiler_s() -> None:
    assert str(RuleMistake(file="a.yaml", line=3, column=7, text="no")) == "a.yaml:3:7: no"
    assert str(RuleErrors([RuleMistake(file="a", text="x"), RuleMistake(file="b", text="y")])) == "a:1:1: x\nb:1:1: y"


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200) | st.text(alphabet="{}[]:,-*&!|>'\"#%@` \nabc", max_size=80)
)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Whatever a rule file holds, there is a rule, or there are problems with places, and no exception."""
    reader = YamlReader("x.yaml")
    for node in reader.documents(text):
        parse_rule(reader, node, stem="x", folder="y", alone=True)
        parse_condition(reader, node)
        parse_overrides(reader, node, None)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in reader.problems)
