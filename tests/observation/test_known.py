"""What is known has a proof, what is not has a reason."""

from corslens.observation.known import Known, Unknown


def test_known_and_unknown_are_values() -> None:
    assert Known("cors", ("sec-fetch-mode",)) == Known("cors", ("sec-fetch-mode",)) != Known("cors")
    assert Unknown("why") != Unknown("why not")
