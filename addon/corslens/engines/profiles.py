"""Every engine's profile by its name, and the engine behind a request."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from corslens.bounded_cache import bounded_cache
from corslens.engines.chromium import CHROMIUM
from corslens.engines.engine import Engine
from corslens.engines.gecko import GECKO
from corslens.engines.profile import EngineProfile
from corslens.engines.webkit import WEBKIT

PROFILES: Mapping[Engine, EngineProfile] = MappingProxyType(
    {
        Engine.CHROMIUM: CHROMIUM,
        Engine.FIREFOX: GECKO,
        Engine.WEBKIT: WEBKIT,
    }
)

_IOS = re.compile(r"\b(?:iPhone|iPad|iPod)\b")
_CHROMIUM = re.compile(r"\b(?:Headless)?(?:Chrome|Chromium)/(\d{1,6})")
_FIREFOX = re.compile(r"\brv:(\d{1,6})[.\d]*\) Gecko/|\bFirefox/(\d{1,6})")
_BRAND = re.compile(r'"Chromium";\s*v="(\d{1,6})')


@bounded_cache(1024)
def engine_of(user_agent: str, sec_ch_ua: str) -> tuple[Engine | None, int]:
    """Return the engine and its major version, by User-Agent and Sec-CH-UA; (None, 0) for what is no known browser.

    Every browser on iOS is WebKit, and none sends Sec-CH-UA: with Chromium's brand it is a Chromium that developer tools made a phone of.
    The version of WebKit is not told, so it is 0.
    """
    user_agent = user_agent[:1024]
    if brand := _BRAND.search(sec_ch_ua[:1024]):
        return Engine.CHROMIUM, int(brand[1])
    if _IOS.search(user_agent):
        return Engine.WEBKIT, 0
    if found := _CHROMIUM.search(user_agent):
        return Engine.CHROMIUM, int(found[1])
    if found := _FIREFOX.search(user_agent):
        return Engine.FIREFOX, int(found[1] or found[2])
    if "AppleWebKit/" in user_agent:
        return Engine.WEBKIT, 0
    return None, 0
