"""Made tables of what a simulation shows, with chances that are known."""

from __future__ import annotations

import itertools

from napari_cdse.core.statistics.defect_content import SeenDot, VisibilityTable

# Chances of a dot: seen, resolved, shown; lying otherwise and along a row.
TWIN = ((0.5, 0.05, 0.01), (0.9, 0.6, 0.3))
FAULT = ((0.5, 0.05, 0.03), (0.9, 0.7, 0.6))
WHOLE = ((0.5, 0.06, 0.0), (0.95, 0.8, 0.0))
CHANCES = {"cubic: twin": TWIN, "cubic: intrinsic": FAULT, "cubic: perfect": WHOLE}
KINDS = {"cubic: twin": 0.6, "cubic: intrinsic": 0.4}


def the_table(rng=None, settings=40, per_kind=10, between=0.0):
    """Draw a table; without a source of chance, with shares as they are."""
    dots = []
    for setting in range(settings):
        shift = 0.0 if rng is None else rng.normal(0, between)
        for kind, aligned, n in itertools.product(
            CHANCES, (False, True), range(per_kind)
        ):
            # Without chance, levels lie evenly between 0 and 1.
            level = (setting * per_kind + n + 0.5) / (settings * per_kind)
            if rng is not None:
                level = rng.random() - shift
            seen, resolved, shown = (level < each for each in CHANCES[kind][aligned])
            size = 2.5 + 3.5 * (rng.random() if rng else 0.5)
            dots.append(SeenDot(setting, kind, size, aligned, seen, resolved, shown))
    return VisibilityTable(
        preset="standard",
        material="CdSe",
        program="test",
        seed=0,
        pixel_size_nm=(0.036, 0.046),
        diameter_nm=(2.5, 6.0),
        near_axis_deg=6.5,
        kinds=KINDS,
        hosts={"cubic": 1.0},
        parameters={"optics": {"voltages_kV": [300.0]}},
        dots=tuple(dots),
    )
