"""Collect training sets from labelled folders and projects on the command line."""

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
    from napari_cdse.io.images.frame import FrameChoice

MODEL_SUFFIX = ".skops"


def teach(
    paths: Sequence[Path],
    params: ForestParams,
    detection: DetectionParams,
    pixel_size_nm: float | None,
    frame: FrameChoice = 0,
    jobs: int = 1,
    cache: FeatureCache | None = None,
) -> Taught:
    """Join what folders and projects teach.

    Raises
    ------
    CdseError
        If there is nothing to learn from.
    ParameterError
        If a forest is named where labels are asked for.
    """
    _refuse_forests(paths)
    folders, projects = _kinds(paths)
    parts: list[Taught] = []
    for folder in folders:
        if os.path.isfile(folder / DEFAULT_NAME):
            tell(
                f"{folder} holds a project too. Only its label files are learnt from; "
                f"for labels given in the window, name {folder / DEFAULT_NAME}."
            )
    if folders:
        found = training_from_folders(
            folders,
            params,
            detection,
            pixel_size_nm=pixel_size_nm,
            frame=frame,
            jobs=jobs,
            progress=ShareProgress("labelled micrographs"),
            cache=cache,
        )
        parts.append(found)
    parts.extend(_from_project(path, params, cache) for path in projects)
    return Taught(
        join(*(part.training for part in parts)),
        tuple(chain.from_iterable(part.notices for part in parts)),
        tuple(chain.from_iterable(part.qualities for part in parts)),
        frozenset().union(*(part.micrographs for part in parts)),
    )


def feature_cache(arguments: argparse.Namespace) -> FeatureCache:
    """Return where circles and features are kept between runs."""
    return FeatureCache(default_path(), arguments.again)


def _refuse_forests(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix.lower() == MODEL_SUFFIX:
            raise ParameterError(
                f"{path.name} is a forest and holds no labelled micrographs; to learn "
                "on top of it, name it after --onto of train."
            )


def _kinds(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Part what was named into folders and projects."""
    projects = [path for path in paths if path.suffix.lower() == SUFFIX]
    return [path for path in paths if path not in projects], projects


def labelled_micrographs(
    folders: Sequence[Path],
    params: ForestParams,
    arguments: argparse.Namespace,
    learnt_scale: float = 1.0,
) -> tuple[list[FolderExamples], int]:
    """Measure the labelled micrographs of folders, telling of each one.

    One whose content was there before, under another name or in a folder that is named
    twice, is told and left out: scores and intervals would count it twice.

    ``learnt_scale`` is that of the forest that is asked; see `ModelCard.learnt_scale`.

    Returns
    -------
    labelled : list of FolderExamples
    failed : int
        How many could not be used.

    Raises
    ------
    MicrographError
        If there is none.
    ParameterError
        If a project is named.
    """
    _, projects = _kinds(folders)
    if projects:
        raise ParameterError(
            f"{projects[0].name} is a project, and scores are those of labelled "
            "folders; name folders with images/ and text_files/ (--tune and "
            "--importance take projects, too)."
        )
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
        cache=feature_cache(arguments),
    ):
        if isinstance(item, str):
            failed += 1
            tell(item)
            continue
        known = labelled.setdefault(item.micrograph_id, item)
        if known is not item:
            tell(
                f"{item.path.name} has the same content as {known.path.name}: it "
                "counts once, with the labels of that one."
            )
            continue
        found = len(item.detection.circles)
        tell(f"{item.path.name}: {len(item.truth.circles)} labelled, {found} circles")
    if not labelled:
        raise MicrographError(
            "No labelled micrograph was found; put pictures into images/ and label "
            "files of the same names into text_files/."
        )
    return list(labelled.values()), failed


def _from_project(
    path: Path, params: ForestParams, cache: FeatureCache | None
) -> Taught:
    with opened(path) as project:
        labelled = project.micrographs.labelled()
        micrographs = frozenset(one.id for one in project.micrographs.entries if one.id)
    training, notices = training_from_annotations(
        labelled, params, ShareProgress(f"labels of {path.name}"), cache=cache
    )
    qualities = tuple(each.quality for each in labelled if each.quality is not None)
    return Taught(training, notices, qualities, micrographs)
