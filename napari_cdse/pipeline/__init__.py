"""Many micrographs: analyse, build training sets, evaluate.

The window, the command line and scripts all come through here, so that they give the
same circles and the same probabilities. A name is imported when it is asked for: who
analyses need not wait for what trains and evaluates.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cdse.pipeline.analysis import Analysis, analyse, find, predict
    from napari_cdse.pipeline.evaluation import (
        Evaluation,
        evaluate,
        evaluate_held_out,
        learnt_from,
    )
    from napari_cdse.pipeline.kept_features import FeatureCache
    from napari_cdse.pipeline.labelled_folders import (
        FolderExamples,
        examples_from_folders,
    )
    from napari_cdse.pipeline.many_files import (
        FileAnalysis,
        Outcome,
        analyse_many,
        cost_of_analysis,
    )
    from napari_cdse.pipeline.micrograph_quality import qualities_of_folders, quality_of
    from napari_cdse.pipeline.training import (
        Labelled,
        Taught,
        forest_below,
        joined,
        training_from_annotations,
        training_from_folders,
    )

__all__ = [
    "Analysis",
    "Evaluation",
    "FeatureCache",
    "FileAnalysis",
    "FolderExamples",
    "Labelled",
    "Outcome",
    "Taught",
    "analyse",
    "analyse_many",
    "cost_of_analysis",
    "evaluate",
    "evaluate_held_out",
    "examples_from_folders",
    "find",
    "forest_below",
    "joined",
    "learnt_from",
    "predict",
    "qualities_of_folders",
    "quality_of",
    "training_from_annotations",
    "training_from_folders",
]

_NAMES = {
    "analysis": ("Analysis", "analyse", "find", "predict"),
    "evaluation": ("Evaluation", "evaluate", "evaluate_held_out", "learnt_from"),
    "kept_features": ("FeatureCache",),
    "labelled_folders": ("FolderExamples", "examples_from_folders"),
    "many_files": ("FileAnalysis", "Outcome", "analyse_many", "cost_of_analysis"),
    "micrograph_quality": ("qualities_of_folders", "quality_of"),
    "training": (
        "Labelled",
        "Taught",
        "forest_below",
        "joined",
        "training_from_annotations",
        "training_from_folders",
    ),
}
"""By the module that they are in, as above."""


def __getattr__(name: str) -> Any:
    for module, names in _NAMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
