"""What a report says of how particles were found, and of how many."""

import re

import pytest

from napari_cdse.core.detection.registry import names
from napari_cdse.io.export.report.texts import (
    REFERENCES,
    how_found,
    methods_paragraph,
)


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


@pytest.mark.parametrize(
    ("empty", "rest"),
    [
        (27, " 27 more circles hold no particle."),
        (1, " 1 more circle holds no particle."),
        (0, ""),
    ],
)
def test_what_is_no_particle_is_not_told_as_one(empty, rest):
    summary = {
        **searched("both"),
        "program": "napari-cdse 1",
        "micrographs_with_particles": 8,
        "classes": {"yes": 6, "no": 12, "null": 70, "empty": empty},
        "visible_defects": {
            "forests": ("mine",),
            "n_particles": 88 + empty - 2,
            "n_judged": 5,
            "n_drawn": 4,
            "fraction": None,
            "design_effect": None,
        },
    }
    text = methods_paragraph(summary)
    assert text.startswith("88 particles in 8 HRTEM micrographs were found and class")
    assert f"by the random forest [9] “mine”.{rest} Particles were found by" in text
    assert f"estimated from {86 + empty} circles by the difference estimator" in text
