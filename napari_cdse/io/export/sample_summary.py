"""Convert results of samples, and their differences, for ``summary.json``."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.comparison import compare_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.statistics.comparison import Comparison, SampleNumbers


_START = re.compile(rb'\s*\{\s*"samples":')
"""Beginning of the file of ``compare`` in all versions."""


def is_comparison(start: bytes) -> bool:
    """Whether the first bytes of a file are those of one that ``compare`` wrote."""
    return _START.match(start) is not None


def samples_as_dicts(samples: Sequence[SampleNumbers]) -> list[dict[str, object]]:
    """Return the results of each sample."""
    return [
        {
            "name": each.name,
            "counted_apart": sum(each.defects.apart.values()),
            "visible_defects": each.defects.as_dict(),
            "size_unit": each.sizes.unit,
            "sizes_by_estimate": each.sizes.by_estimate,
            "sizes": each.sizes.summaries,
        }
        for each in samples
    ]


def comparisons_as_dicts(compared: Sequence[Comparison]) -> list[dict[str, object]]:
    """Return the differences of pairs of samples, with their sentences."""
    return [
        {
            **asdict(each),
            "sentence": each.sentence,
            "size_sentence": each.size_sentence,
        }
        for each in compared
    ]


def samples_summary(samples: Sequence[SampleNumbers]) -> dict[str, object]:
    """Return the entries of a summary about samples; empty lists without samples.

    Parameters
    ----------
    samples : sequence of SampleNumbers
        All counted by the same rule, see `napari_cdse.core.statistics.sample.evened`.
    """
    return {
        "samples": samples_as_dicts(samples),
        "sample_comparisons": comparisons_as_dicts(compare_all(samples)),
    }
