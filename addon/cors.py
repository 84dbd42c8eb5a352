"""corslens for mitmproxy: `mitmdump -s addon/cors.py` (mitmweb and mitmproxy alike)."""

from corslens.script import addons as addons
