"""Collect training sets and labelled micrographs for ``train`` and ``evaluate``.

Both take labelled folders; training sets are also made of projects. Micrographs that
cannot be used are reported, not raised.
"""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

from napari_cdse.cli.console import tell
from napari_cdse.cli.flags import read_parameters
from napari_cdse.cli.progress import ShareProgress
from napari_cdse.cli.project_flags import opened
from napari_cdse.core.classifier.training_set import join
from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.feature_file import default_path
from napari_cdse.pipeline import (
    FeatureCache,
    FolderExamples,
    Taught,
    examples_from_folders,
    training_from_annotations,
    training_from_folders,
)
from napari_cdse.project import DEFAULT_NAME, SUFFIX

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cdse.core.params import ForestParams

MODEL_SUFFIX = ".skops"


def training_data(
    paths: Sequence[Path],
    params: ForestParams,
    detection: DetectionParams,
    arguments: argparse.Namespace,
) -> Taught:
    """Collect a training set from folders and projects, and print its notices.

    Parameters
    ----------
    paths : sequence of Path
        Labelled folders and projects.
    params : ForestParams
        Its groups of features are computed.
    detection : DetectionParams
        How circles are found in the micrographs of folders.
    arguments : Namespace
        Of a command with ``--pixel-size``, ``--frame``, ``--jobs`` and ``--again``.

    Raises
    ------
    CdseError
        If there are no labels.
    ParameterError
        If one of the paths is a forest.
    """
    _refuse_forests(paths)
    folders, projects = _folders_and_projects(paths)
    cache = _feature_cache(arguments)
    parts: list[Taught] = []
    if folders:
        parts.append(_from_folders(folders, params, detection, arguments, cache))
    parts.extend(_from_project(path, params, cache) for path in projects)
    notices = tuple(chain.from_iterable(part.notices for part in parts))
    for notice in notices:
        tell(notice)
    return Taught(
        join(*(part.training for part in parts)),
        notices,
        tuple(chain.from_iterable(part.qualities for part in parts)),
        frozenset().union(*(part.micrographs for part in parts)),
    )


def _from_folders(
    folders: Sequence[Path],
    params: ForestParams,
    detection: DetectionParams,
    arguments: argparse.Namespace,
    cache: FeatureCache,
) -> Taught:
    for folder in folders:
        if os.path.isfile(folder / DEFAULT_NAME):
            tell(
                f"{folder} holds a project too. Only its label files are learnt from; "
                f"for labels given in the window, name {folder / DEFAULT_NAME}."
            )
    return training_from_folders(
        folders,
        params,
        detection,
        pixel_size_nm=arguments.pixel_size,
        frame=arguments.frame,
        jobs=arguments.jobs,
        progress=ShareProgress("labelled micrographs"),
        cache=cache,
    )


def _feature_cache(arguments: argparse.Namespace) -> FeatureCache:
    """Return the cache of circles and features, unused where ``--again`` is given."""
    return FeatureCache(default_path(), arguments.again)


def _refuse_forests(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix.lower() == MODEL_SUFFIX:
            raise ParameterError(
                f"{path.name} is a forest and holds no labelled micrographs; to learn "
                "on top of it, name it after --onto of train."
            )


def _folders_and_projects(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split paths into folders and project files."""
    projects = [path for path in paths if path.suffix.lower() == SUFFIX]
    return [path for path in paths if path not in projects], projects


def labelled_micrographs(
    folders: Sequence[Path],
    params: ForestParams,
    arguments: argparse.Namespace,
    learnt_scale: float = 1.0,
) -> tuple[list[FolderExamples], int]:
    """Detect circles in the labelled micrographs of folders, and report each one.

    A micrograph with the same content as an earlier one is reported and left out:
    scores and intervals would count it twice.

    Parameters
    ----------
    folders : sequence of Path
        Labelled folders.
    params : ForestParams
        Its groups of features are computed.
    arguments : Namespace
        As for `training_data`.
    learnt_scale : float
        `ModelCard.learnt_scale` of the forest to be scored.

    Returns
    -------
    labelled : list of FolderExamples
        One for each micrograph.
    failed : int
        Number of micrographs that could not be used.

    Raises
    ------
    MicrographError
        If there is no labelled micrograph.
    ParameterError
        If one of the paths is a project.
    """
    _refuse_projects(folders)
    labelled: dict[str, FolderExamples] = {}
    failed = 0
    for item in examples_from_folders(
        folders,
        params,
        read_parameters(arguments, DetectionParams),
        pixel_size_nm=arguments.pixel_size,
        frame=arguments.frame,
        learnt_scale=learnt_scale,
        jobs=arguments.jobs,
        cache=_feature_cache(arguments),
    ):
        if isinstance(item, str):
            failed += 1
            tell(item)
            continue
        first = labelled.setdefault(item.micrograph_id, item)
        if first is item:
            tell(
                f"{item.path.name}: {len(item.truth.circles)} labelled, "
                f"{len(item.detection.circles)} circles"
            )
        else:
            tell(
                f"{item.path.name} has the same content as {first.path.name}: it "
                "counts once, with the labels of that one."
            )
    if not labelled:
        raise MicrographError(
            "No labelled micrograph was found; put pictures into images/ and label "
            "files of the same names into text_files/."
        )
    return list(labelled.values()), failed


def _refuse_projects(folders: Sequence[Path]) -> None:
    _, projects = _folders_and_projects(folders)
    if projects:
        raise ParameterError(
            f"{projects[0].name} is a project, and scores are those of labelled "
            "folders; name folders with images/ and text_files/ (--tune and "
            "--importance take projects, too)."
        )


def _from_project(path: Path, params: ForestParams, cache: FeatureCache) -> Taught:
    with opened(path) as project:
        labelled = project.micrographs.labelled()
        entries = project.micrographs.entries
        micrographs = frozenset(each.id for each in entries if each.id)
    training, notices = training_from_annotations(
        labelled, params, ShareProgress(f"labels of {path.name}"), cache=cache
    )
    qualities = tuple(each.quality for each in labelled if each.quality is not None)
    return Taught(training, notices, qualities, micrographs)
