"""Values of Access-Control-Max-Age."""

import pytest
from corslens.lint.max_age import MaxAgeForm, max_age_form, max_age_seconds


@pytest.mark.parametrize(
    ("lines", "form", "seconds"),
    [
        (("600",), MaxAgeForm.SECONDS, 600),
        (("0",), MaxAgeForm.SECONDS, 0),
        (("0010",), MaxAgeForm.SECONDS, 10),
        (("-1",), MaxAgeForm.NEGATIVE, 0),
        (("600", "600"), MaxAgeForm.REPEATED, None),
        (("600, 600",), MaxAgeForm.REPEATED, None),
        (("10m",), MaxAgeForm.MALFORMED, None),
        (("5.5",), MaxAgeForm.MALFORMED, None),
        (("+600",), MaxAgeForm.MALFORMED, None),
        (("",), MaxAgeForm.MALFORMED, None),
        (("²",), MaxAgeForm.MALFORMED, None),
    ],
)
def test_forms(lines: tuple[str, ...], form: MaxAgeForm, seconds: int | None) -> None:
    assert (form, seconds) == (max_age_form(lines), max_age_seconds(lines))


def test_a_megabyte_of_digits_is_a_large_number() -> None:
    assert (max_age_seconds(("9" * 1_000_000,)) or 0) > 86_400
