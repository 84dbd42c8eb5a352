"""A mitmproxy script that tells which flow carried which nonce: the soak's own eyes, beside those that it tests."""

import json
from pathlib import Path

from mitmproxy import ctx, http


class Nonces:
    """Write the id and the nonce of each flow, one line a flow."""

    name = "soak-nonces"

    def load(self, loader) -> None:  # type: ignore[no-untyped-def]  # mitmproxy's own signature
        """Add the option that names the file."""
        loader.add_option("soak_nonces", str, "", "where to write which flow carried which nonce")

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Note the nonce."""
        nonce = flow.request.headers.get("sec-soak-nonce")
        if nonce:
            with Path(ctx.options.soak_nonces).open("a", encoding="utf-8") as out:
                out.write(json.dumps([flow.id, nonce]) + "\n")


addons = [Nonces()]
