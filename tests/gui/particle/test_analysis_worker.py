"""What the worker of the card keeps of what it has looked at."""

from collections import OrderedDict

from napari_cdse.gui.particle.analysis_worker import _keep


def test_the_newest_are_kept():
    kept = OrderedDict()
    for number in range(5):
        _keep(kept, number, f"of {number}", 3)
    assert kept == {2: "of 2", 3: "of 3", 4: "of 4"}
    _keep(kept, 2, "anew", 3)
    _keep(kept, 5, "of 5", 3)
    assert list(kept.items()) == [(4, "of 4"), (2, "anew"), (5, "of 5")]
