"""A page for Dash."""

import sys

from dash import Dash, html

app = Dash()
app.layout = html.Div("x")
app.run(host="127.0.0.1", port=sys.argv[1])
