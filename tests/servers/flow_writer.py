"""A mitmproxy script: writes each finished flow to a file at once, so that a test can read the file while the proxy runs."""

from pathlib import Path

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.io import FlowWriter


class Writer:
    """Appends flows to `flow_writer_file`."""

    def load(self, loader: Loader) -> None:
        """Declare the option."""
        loader.add_option("flow_writer_file", str, "", "Where flows are written.")

    def response(self, flow: http.HTTPFlow) -> None:
        """Write a flow that has an answer."""
        with Path(ctx.options.flow_writer_file).open("ab") as file:
            FlowWriter(file).add(flow)

    error = response


addons = [Writer()]
