"""How values of Access-Control-Max-Age are written."""

import pytest
from corslens.lint.classify.max_age import MaxAgeForm, max_age_form


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        (("600",), MaxAgeForm.SECONDS),
        (("0",), MaxAgeForm.SECONDS),
        (("0010",), MaxAgeForm.SECONDS),
        (("9" * 1_000_000,), MaxAgeForm.SECONDS),
        (("-1",), MaxAgeForm.NEGATIVE),
        ((" -0",), MaxAgeForm.NEGATIVE),
        (("600", "600"), MaxAgeForm.REPEATED),
        (("600, 600",), MaxAgeForm.REPEATED),
        (("10m",), MaxAgeForm.MALFORMED),
        (("5-5",), MaxAgeForm.MALFORMED),
        (("+600",), MaxAgeForm.MALFORMED),
        (("",), MaxAgeForm.MALFORMED),
    ],
)
def test_forms(lines: tuple[str, ...], form: MaxAgeForm) -> None:
    assert max_age_form(lines) is form
