"""corslens for mitmproxy: `mitmdump -s addon/cors.py` (mitmweb and mitmproxy alike)."""

import logging

try:
    from corslens.script import addons as addons
except ModuleNotFoundError as error:
    if error.name is None or error.name.split(".")[0] == "corslens":
        raise
    import sys
    from importlib.util import find_spec

    wanted = {"msgspec": "msgspec", "ada_url": "ada-url", "publicsuffixlist": "publicsuffixlist", "yaml": "pyyaml", "jinja2": "jinja2",
              "h11": "h11", "click": "click", "rich": "rich"}  # fmt: skip  # modules, and what pip calls them
    missing = [package for module, package in wanted.items() if find_spec(module) is None] or [error.name]
    logging.getLogger(__name__).error(
        "corslens is off: this mitmproxy's Python lacks %s; install with: %s -m pip install %s",
        ", ".join(missing), sys.executable, " ".join(missing),
    )  # fmt: skip
