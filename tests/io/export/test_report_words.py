"""What a report says of how particles were found."""

import re

import pytest

from napari_cdse.core.detection.registry import names
from napari_cdse.io.export.report_words import REFERENCES, how_found


def searched(*methods: str, window_nm: float = 2.0) -> dict:
    parameters = {"window_nm": window_nm}
    used = [{"found_by": each, "parameters": parameters} for each in methods]
    return {"detection": used}


def told(*methods: str) -> str:
    return str(how_found(searched(*methods)))


def cited(text: str) -> list[str]:
    """Give the sources that a text names, as they stand in the list."""
    sources = re.findall("<li>(.*?)</li>", str(REFERENCES))
    return [sources[int(n) - 1] for n in re.findall(r"(?<=[\[ ])(\d+)(?=[\],])", text)]


@pytest.mark.parametrize(
    ("method", "words", "source"),
    [
        ("bragg", "found by their Bragg contrast", "Vasudevan"),
        ("unet", "found by a convolutional network", "Ronneberger"),
        ("nfindr", "found by unmixing the spectra", "Winter"),
    ],
)
def test_each_way_is_told_with_its_source(method, words, source):
    text = told(method)
    assert f"Particles were {words}" in text
    first, forest = cited(text)
    assert source in first
    assert "Breiman" in forest


def test_of_both_ways_both_are_told():
    text = told("both")
    assert "Bragg contrast" in text
    assert "convolutional network" in text
    assert "averaged" in text
    assert ["Vasudevan" in cited(text)[0], "Ronneberger" in cited(text)[1]] == [
        True
    ] * 2


def test_no_method_is_told_as_another_one():
    assert len({told(each) for each in names()}) == len(names())
    assert "Bragg contrast" not in told("unet")
    text = told("both", "bragg", "both")
    assert text.count("Particles were found") == 2
    assert "Not all micrographs were searched the same way" in text
    assert "marked by a person" in told()
