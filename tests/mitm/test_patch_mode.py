"""The switch of patch mode: one filter test for a flow that it does not concern, and an end."""

import pytest
from corslens.mitm import options
from corslens.mitm.patch_mode import PatchMode

from tests.mitm.make import flow


def mode(now=lambda: 0.0, **given):
    values = {option.name: option.default for option in options.OPTIONS} | given
    patching = PatchMode(now)
    patching.switch(options.parse(values))
    return patching


def test_off():
    patching = mode()
    assert (patching.on, patching.seconds_left, patching.describe()) == (False, None, "patching is off")
    assert not patching.should_patch(flow())


def test_on():
    patching = mode(cors_patch="~m GET")
    assert patching.on
    assert [patching.should_patch(flow("GET")), patching.should_patch(flow("PUT"))] == [True, False]


def test_a_flow_from_a_file_is_evidence():
    made = flow()
    made.live = False
    assert not mode(cors_patch="~all").should_patch(made)


def test_time():
    """It counts down to its end, and then it is over for good."""
    now = [0.0]
    patching = mode(lambda: now[0], cors_patch="~all", cors_patch_minutes=2)
    for at, left, text in ((0, 120, "2 minutes left"), (61, 59, "59 seconds left"), (60, 60, "1 minute left")):
        now[0] = at
        assert (patching.seconds_left, patching.expired) == (left, False)
        assert patching.describe() == f"patching is on for ~all, for pages of loopback, {text}"
    now[0] = 120
    assert (patching.seconds_left, patching.expired, patching.describe()) == (0, True, "patching is off")
    assert not patching.should_patch(flow())


def test_without_an_end():
    patching = mode(cors_patch="~all", cors_patch_minutes=0)
    assert (patching.seconds_left, patching.expired) == (None, False)
    assert "until it is switched off" in patching.describe()


def test_switching_begins_the_time_anew():
    now = [0.0]
    patching = mode(lambda: now[0], cors_patch="~all", cors_patch_minutes=1)
    now[0] = 59.0
    values = {option.name: option.default for option in options.OPTIONS} | {"cors_patch": "~all", "cors_patch_minutes": 1}
    patching.switch(options.parse(values))
    assert patching.seconds_left == 60


@pytest.mark.parametrize(
    ("given", "responds"),
    [
        ({"cors_patch": "~all"}, False),
        ({"cors_patch": "~all", "cors_patch_preflight": "answer"}, True),
        ({"cors_patch": "~m GET", "cors_patch_preflight": "answer"}, False),
        ({"cors_patch_preflight": "answer"}, False),
        ({"cors_patch": "~all", "cors_patch_preflight": "answer", "cors_patch_dry_run": True}, False),
    ],
)
def test_the_proxy_responds_itself(given, responds):
    """The proxy responds to preflights only when that was asked for, where patching is on, and never in a dry run."""
    assert mode(**given).responds_to(flow("OPTIONS")) is responds


def test_any_has_to_be_known():
    """What `any` means is told while patching is on."""
    assert mode(cors_patch_origins=["any"]).warnings() == ()
    (warning,) = mode(cors_patch="~all", cors_patch_origins=["any"]).warnings()
    assert "every site" in warning


def test_dry_run_is_told():
    assert mode(cors_patch="~all", cors_patch_dry_run=True).describe().endswith("(dry run: nothing is changed)")


def test_an_unmatched_flow_pays_one_filter_test():
    """Nothing else is asked of a flow."""
    asked = []
    patching = mode(cors_patch="~all")
    patching._filter = lambda made: bool(asked.append(made))  # type: ignore[func-returns-value]
    made = flow()
    assert not patching.should_patch(made)
    assert asked == [made]


def test_it_says_again_and_again_that_it_is_on():
    """Every five minutes, and not at all while it is off."""
    now = [0.0]
    on, off = mode(lambda: now[0], cors_patch="~all"), mode(lambda: now[0])
    due = []
    for minute in range(12):
        now[0] = 60.0 * minute
        due += [minute] if on.reminder_due() else []
        assert not off.reminder_due()
    assert due == [5, 10]


def test_a_clock_that_is_set_back_makes_it_no_longer():
    """An hour back would otherwise be an hour more of it."""
    now = [10_000.0]
    patching = mode(lambda: now[0], cors_patch="~all", cors_patch_minutes=2)
    now[0] -= 3_600
    patching.follow_clock(-3_600)
    assert patching.seconds_left == 120
    now[0] += 121
    assert patching.expired
