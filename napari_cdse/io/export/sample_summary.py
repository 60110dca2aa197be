"""Results on samples and their differences in the form of ``summary.json``."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from napari_cdse.core.statistics.comparison import compare_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cdse.core.statistics.comparison import Comparison, SampleNumbers


_START = re.compile(rb'\s*\{\s*"samples":')
"""Each version has begun the numbers of ``compare`` so."""


def is_comparison(start: bytes) -> bool:
    """Whether the first bytes of a file are those of what ``compare`` writes."""
    return _START.match(start) is not None


def samples_as_dicts(samples: Sequence[SampleNumbers]) -> list[dict[str, object]]:
    """Return the numbers of each sample, plain but for records."""
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
    """Return the differences of each two samples, with their sentences."""
    return [
        {**asdict(one), "sentence": one.sentence, "size_sentence": one.size_sentence}
        for one in compared
    ]


def samples_summary(samples: Sequence[SampleNumbers]) -> dict[str, object]:
    """Put together what a summary says of samples; empty lists where none are named.

    Parameters
    ----------
    samples : sequence of SampleNumbers
        All by one rule, see `napari_cdse.core.statistics.sample.evened`.
    """
    return {
        "samples": samples_as_dicts(samples),
        "sample_comparisons": comparisons_as_dicts(compare_all(samples)),
    }
