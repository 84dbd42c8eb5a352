"""From observed needs to a minimal policy, and from the policy to the settings of a given server.

`advise` is the whole API for commands and reports; `draw_policies` gives the policy alone.
"""

from corslens.advice.origins import suppose_own_origins
from corslens.advice.policy import Drawn, Item, Policy, draw_policies, parse_allow_origin
from corslens.advice.settings import Advice, Block, advise
from corslens.advice.table import SERVERS, Server, server_named

__all__ = [
    "SERVERS",
    "Advice",
    "Block",
    "Drawn",
    "Item",
    "Policy",
    "Server",
    "advise",
    "draw_policies",
    "parse_allow_origin",
    "server_named",
    "suppose_own_origins",
]
