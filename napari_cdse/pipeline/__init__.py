"""Many micrographs: analyse, build training sets, evaluate.

The window, the command line and scripts all come through here, so that they give the
same circles and the same probabilities.
"""

from napari_cdse.pipeline.analysis import Analysis, analyse, find, predict
from napari_cdse.pipeline.evaluation import (
    Evaluation,
    evaluate,
    evaluate_held_out,
    learnt_from,
)
from napari_cdse.pipeline.kept_features import FeatureCache
from napari_cdse.pipeline.labelled_folders import FolderExamples, examples_from_folders
from napari_cdse.pipeline.many_files import (
    FileAnalysis,
    Outcome,
    analyse_many,
    cost_of_analysis,
)
from napari_cdse.pipeline.micrograph_quality import qualities_of_folders, quality_of
from napari_cdse.pipeline.training import (
    FolderTraining,
    Labelled,
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
    "FolderTraining",
    "Labelled",
    "Outcome",
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
