"""The page's files: one template, one style, a few scripts, all part of the package and none built.

The scripts are classic ones that share their scope, so that a report can hold them in one element and the live page in files.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from corslens.engines.engine import Engine
from corslens.observation.redaction import VALUES_ARE_SHOWN, values_are_shown

SCRIPTS = (
    "dom.js",
    "words.js",
    "store.js",
    "counts.js",
    "matrix.js",
    "hiding.js",
    "problems.js",
    "diagram.js",
    "detail.js",
    "injections.js",
    "live.js",
    "keys.js",
    "page.js",
)
"""In the order in which they are run."""
ASSETS = (*SCRIPTS, "page.css", "icon.svg")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("corslens.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def asset(name: str) -> str:
    """Return the text of one of ASSETS."""
    environment = _environment()
    assert environment.loader is not None
    text: str = environment.loader.get_source(environment, name)[0]
    return text


def render_page(**values: Any) -> str:
    """Fill the template; `report` and `live` say which of the two it becomes."""
    if values_are_shown():
        values["about"] = f"{values.get('about', '')}. {VALUES_ARE_SHOWN}"
    return _environment().get_template("page.html.j2").render(engines=tuple(Engine), **values)


def source_hash(text: str) -> str:
    """Return the source expression under which a content security policy lets this inline text run.

    Standard: https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    return f"'{_hash(text)}'"


def integrity(name: str) -> str:
    """Return the integrity metadata of one of ASSETS: a browser runs no other text in its place.

    Standard: https://www.w3.org/TR/SRI/#integrity-metadata-description
    """
    return _hash(asset(name))


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
