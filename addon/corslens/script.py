"""What mitmproxy's `-s` loads, be it from a clone (`addon/cors.py`) or from an installed copy."""

from corslens.mitm.addon import CorsLens

addons = [CorsLens()]
