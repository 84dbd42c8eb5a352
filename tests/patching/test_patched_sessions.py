"""What a patch changes about the exchanges that follow it in a session."""

from corslens.inspection import Inspection
from corslens.inspector import Inspector
from corslens.lint.rules.rule import RuleSet
from corslens.observation.observation import Role
from corslens.patching.policy import PatchPolicy

from tests import make
from tests.patching.seen import PAGE


def patching() -> Inspector:
    """A session that patches for pages of this machine."""
    return Inspector(rules=RuleSet({}), patch_policy=PatchPolicy())


def ask(inspector: Inspector, exchange: make.Exchange, *, proven_page: str | None = None) -> Inspection:
    """Let an exchange pass, patched."""
    inspector.begin(exchange.with_response(None))
    return inspector.complete(exchange, patch=True, proven_page=proven_page)[0]


def test_a_mended_redirect_is_linked_however_late_it_is_followed() -> None:
    """Behind a preflight the next hop comes late; that the server's own redirect was unreadable must not hide that it was followed."""
    inspector = patching()
    hop = make.response(307, {"Location": "https://b.test/"}, time=0.1)
    ask(inspector, make.exchange(make.request(url="https://a.test/", origin=PAGE), hop))
    late = make.exchange(make.request(url="https://b.test/", origin="null", time=1.0), make.response(200, time=1.1))
    found = ask(inspector, late, proven_page=PAGE)
    assert found.observation.redirected_from is not None
    assert found.patch is not None and found.patch.applied
    assert found.patch.patch.changes[0].after == "null"


def test_a_mended_preflight_is_claimed_before_one_that_was_refused() -> None:
    """Of two preflights alike the request belongs to the one that let it go, which is the patched one."""
    inspector = patching()
    refused = make.exchange(make.preflight(origin=PAGE), make.response(403, time=0.1))
    inspector.begin(refused.with_response(None))
    inspector.complete(refused)
    mended = ask(inspector, make.exchange(make.preflight(origin=PAGE, time=1.0), make.response(403, time=1.1)))
    sent = ask(inspector, make.exchange(make.request("PUT", origin=PAGE, time=1.2), make.response(200, time=1.3)))
    assert sent.observation.role is Role.ACTUAL
    assert sent.observation.preflight is not None
    assert sent.observation.preflight.id == mended.id


def test_following_a_mended_redirect_proves_no_credentials_mode() -> None:
    """The browser followed what the patch had allowed with credentials, so nothing is proved, and the next hop is mended for both."""
    inspector = patching()
    hop = make.response(302, {"Location": "http://b.test/"}, allow_origin=PAGE, time=0.01)
    ask(inspector, make.exchange(make.request(url="http://a.test/", origin=PAGE), hop))
    found = ask(
        inspector,
        make.exchange(make.request(url="http://b.test/", origin="null", time=0.02), make.response(200, time=0.03)),
        proven_page=PAGE,
    )
    assert found.patch is not None
    assert {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} <= {
        change.header for change in found.patch.patch.changes
    }


def test_a_dry_run_supposes_what_patching_would_prove() -> None:
    """Nothing is changed in a dry run, so no secret comes back; what would be patched is shown all the same."""
    inspector = patching()
    inspector.dry_run = True
    hop = make.response(302, {"Location": "https://b.test/"}, allow_origin="*", time=0.01)
    ask(inspector, make.exchange(make.request(url="https://a.test/", origin=PAGE), hop))
    found = ask(inspector, make.exchange(make.request(url="https://b.test/", origin="null", time=0.02), make.response(200)))
    assert found.patch is not None and not found.patch.applied and found.patch.patch.changes[0].after == "null"
