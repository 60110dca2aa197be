"""Twenty drawn circles and all their features, as the shipped forest learnt them.

Where a feature is changed on purpose, raise the version of its group, train the shipped
forest anew and write the table again:
``python -m tests.core.features.test_feature_values``.
"""

import csv
from pathlib import Path

import numpy as np

from napari_cdse.core.features import GROUPS, compute_features, schema_of
from tests.drawn_particles import KINDS, PIXEL_NM, micrograph_of

TABLE = Path(__file__).parents[2] / "data" / "bragg_features.csv"
SEEDS = range(100, 105)


def drawn_features() -> np.ndarray:
    rows = []
    for seed in SEEDS:
        micrograph, circles = micrograph_of(list(KINDS), seed)
        rows.append(compute_features(micrograph, circles, "bragg", PIXEL_NM).values)
    return np.concatenate(rows)


def test_features_are_those_that_the_shipped_forest_learnt():
    with TABLE.open(newline="", encoding="utf-8") as file:
        (schema,), names, *rows = csv.reader(file)
    remedy = "a change of a feature's value must raise the feature schema"
    assert schema == schema_of("bragg"), f"{TABLE.name} is of another schema"
    assert tuple(names) == GROUPS["bragg"].names, remedy
    wanted, found = np.array(rows, dtype=float), drawn_features()
    off = np.abs(found - wanted) > 1e-4 * np.maximum(1, np.abs(wanted))
    changed = [name for name, column in zip(names, off.T, strict=True) if column.any()]
    assert not changed, f"{', '.join(changed)}: {remedy}"


def write_table() -> None:
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([schema_of("bragg")])
        writer.writerow(GROUPS["bragg"].names)
        writer.writerows([f"{value:.9g}" for value in row] for row in drawn_features())


if __name__ == "__main__":
    write_table()
