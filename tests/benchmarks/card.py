"""What the particle card costs: one particle looked at closely, in its worker."""

from collections.abc import Iterator

from napari_cdse.core.crystal.particle_analysis import examine
from napari_cdse.core.detection.methods import detect
from napari_cdse.core.features.surroundings import Surroundings
from napari_cdse.core.params import DetectionParams
from tests.benchmarks.detection import origins_fft
from tests.benchmarks.measuring import Row, Step, sample_micrograph, timed

TITLE = "particle card / 3600 windows of 64 px"


def rows(quick: bool = False) -> Iterator[Row]:
    micrograph = sample_micrograph()
    found = detect(micrograph, DetectionParams())
    around = Surroundings.of(micrograph, found.pixel_size_nm)
    largest = max(found.circles, key=lambda circle: circle.radius_px)
    bare = origins_fft()
    yield timed(
        Step(
            "background, once a micrograph",
            lambda: Surroundings.of(micrograph, found.pixel_size_nm),
            bare,
            0.5,
        )
    )
    yield timed(
        Step("its largest particle", lambda: examine(around, largest), bare, 0.5)
    )
