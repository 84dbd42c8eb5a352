"""From YAML to products: hosts that a file names once."""

from pathlib import Path

import pytest
from corslens.fetch.messages import Request, Response
from corslens.lint.rules.loader import load_rules
from corslens.lint.rules.parse_product import ParsedProduct, parse_product
from corslens.observation.products.catalog import ProductCatalog
from corslens.yaml_reader import YamlReader

HEAD = """\
name: Example Cloud
kind: platform
verified: its documentation
sources: ["https://docs.example/"]
"""
TWICE = """\
marks: [{host: HOSTS}]
responses:
  - id: example-cloud-error
    head: {host: HOSTS, status: 400-599}
    title: The service is not deployed
    message: "Example Cloud returned {response.status}"
    fixes: [{side: gateway, text: Deploy the service}]
"""
HOSTS = '["*.cloud.example", api.example]'
ONCE = f"hosts: {HOSTS}\n{TWICE.replace('HOSTS', 'true')}"

WRITING = Path(__file__).resolve().parents[3] / "docs/rules/writing-rules.md"


def _parsed(text: str) -> tuple[ParsedProduct | None, list[str]]:
    reader = YamlReader("x.yaml")
    (node,) = reader.documents(HEAD + text)
    return parse_product(reader, node, stem="x", mentions=[]), [str(problem) for problem in reader.problems]


def test_hosts_named_once_are_the_hosts_of_each_head() -> None:
    once, problems = _parsed(ONCE)
    assert (once, problems) == _parsed(TWICE.replace("HOSTS", HOSTS))
    assert once is not None
    catalog = ProductCatalog([once.product])
    found = {
        host: [product.id for product in catalog.of(Request(method="GET", url=f"https://{host}/me"), Response(status=200))]
        for host in ("shop.cloud.example", "api.example", "www.example")
    }
    assert found == {"shop.cloud.example": ["x"], "api.example": ["x"], "www.example": []}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("marks: [{host: true}]", '5:16: "host: true" stands for the hosts that the product\'s field "hosts" lists'),
        ("hosts: [a.example]\nmarks: [{host: false}]", '6:16: "host: true" stands for the hosts that'),
        ("hosts: []\nmarks: [{host: true}]", "5:8: hosts is empty"),
        ("hosts: a.example\nmarks: [{host: true}]", "5:8: hosts must be a list"),
        ("hosts: [a.example, {}]\nmarks: [{host: true}]", "5:20: a host must be text"),
    ],
)
def test_what_cannot_stand_there_is_refused_in_its_place(text: str, problem: str) -> None:
    parsed, problems = _parsed(text)
    assert parsed is None
    assert problems[0].startswith(f"x.yaml:{problem}")


def test_the_product_on_the_page_about_writing_rules_is_one(tmp_path: Path) -> None:
    section = WRITING.read_text(encoding="utf-8").partition("## Add a product")[2]
    file = tmp_path / "example-cloud.yaml"
    file.write_text(section.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    assert "example-cloud-not-deployed" in load_rules([file]).rules
