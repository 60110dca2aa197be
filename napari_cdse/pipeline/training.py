"""Training sets from labelled folders and from a project's annotations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from napari_cdse.core.classifier.training_set import TrainingSet, examples, join
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.imaging.pixel_size_estimate import pixel_size_for
from napari_cdse.core.progress import part_of
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.pipeline.kept_features import known_features
from napari_cdse.pipeline.labelled_folders import examples_from_folders

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.features.cache import FeatureSource
    from napari_cdse.core.material import Material
    from napari_cdse.core.micrograph_quality import MicrographQuality
    from napari_cdse.core.params import DetectionParams, ForestParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Circle, Label, ModelCard
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.pipeline.kept_features import FeatureCache


class Labelled(Protocol):
    """A micrograph with a user's labels; a project's records have this form."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def frame(self) -> FrameChoice:
        """Which frame of the file, or which mean of frames."""

    @property
    def pixel_size_nm(self) -> float | None:
        """As the user set it; None: that of the file or an estimate is used."""

    @property
    def material(self) -> Material | None:
        """The lattice for that estimate; None for CdSe."""

    @property
    def circles(self) -> Sequence[Circle]:
        """Outlines of the particles whose class a user judged."""

    @property
    def labels(self) -> Sequence[Label]:
        """Their classes."""

    @property
    def particle_ids(self) -> Sequence[str]:
        """Their ids."""


class Taught(NamedTuple):
    """A training set from labelled folders or projects.

    Attributes
    ----------
    training : TrainingSet
    notices : tuple of str
        What was left out and why, one sentence each.
    qualities : tuple of MicrographQuality
        Of its micrographs, where they could be measured.
    micrographs : frozenset of str
        Ids of all micrographs of the projects, labelled or not.
    """

    training: TrainingSet
    notices: tuple[str, ...]
    qualities: tuple[MicrographQuality, ...] = ()
    micrographs: frozenset[str] = frozenset()


def training_from_folders(
    folders: Sequence[Path],
    params: ForestParams,
    detection_params: DetectionParams | None = None,
    *,
    pixel_size_nm: float | None = None,
    frame: FrameChoice = 0,
    leave_out: frozenset[str] = frozenset(),
    jobs: int = 1,
    progress: Progress | None = None,
    cache: FeatureCache | None = None,
) -> Taught:
    """Join all labelled micrographs of some folders into one training set.

    Parameters are those of `examples_from_folders`.

    Returns
    -------
    Taught

    Raises
    ------
    TrainingError
        If no micrograph in the folders has usable labels.
    """
    sets: list[TrainingSet] = []
    notices: list[str] = []
    qualities: list[MicrographQuality] = []
    for item in examples_from_folders(
        folders,
        params,
        detection_params,
        pixel_size_nm=pixel_size_nm,
        frame=frame,
        leave_out=leave_out,
        jobs=jobs,
        progress=progress,
        cache=cache,
    ):
        if isinstance(item, str):
            notices.append(item)
            continue
        sets.append(item.training)
        notices.extend(item.notices)
        if item.detection.quality is not None:
            qualities.append(item.detection.quality)
    if not sets:
        names = ", ".join(str(folder) for folder in folders)
        why = f" First problem: {notices[0]}" if notices else ""
        raise TrainingError(
            f"No labelled micrograph was found in {names}; put pictures into images/ "
            f"and label files of the same names into text_files/.{why}"
        )
    return Taught(join(*sets), tuple(notices), tuple(qualities))


def training_from_annotations(
    labelled: Iterable[Labelled],
    params: ForestParams,
    progress: Progress | None = None,
    known: FeatureSource | None = None,
    cache: FeatureCache | None = None,
) -> tuple[TrainingSet, tuple[str, ...]]:
    """Turn a project's annotations into a training set.

    Parameters
    ----------
    labelled : iterable of Labelled
        One item per micrograph.
    params : ForestParams
        Feature groups, copies and the weight of a person's own labels.
    progress : callable, optional
        Called with the share done, 0 to 1; may raise `Cancelled`.
    known : FeatureSource, optional
        Cache of features for this run.
    cache : FeatureCache, optional
        Cache of features between runs; not used if ``known`` is given.

    Returns
    -------
    training : TrainingSet
    notices : tuple of str
        Micrographs that could not be read, one sentence each.

    Raises
    ------
    TrainingError
        If there is no label at all.
    """
    sets: list[TrainingSet] = []
    notices: list[str] = []
    todo = [item for item in labelled if item.circles]
    for done, item in enumerate(todo):
        if progress is not None:
            progress(done / len(todo))
        step = part_of(progress, done, len(todo))
        found = attempt(
            item.path, partial(_own_examples, item, params, step, known, cache)
        )
        if isinstance(found, Failure):
            notices.append(found)
        else:
            sets.append(found)
    if not sets:
        why = f" {notices[0]}" if notices else ""
        raise TrainingError(
            f"There is no label to learn from yet; label some particles first.{why}"
        )
    return join(*sets), tuple(notices)


def joined(
    own: TrainingSet, earlier: TrainingSet | None, own_micrographs: frozenset[str]
) -> TrainingSet:
    """Join a user's examples with an earlier forest's training set.

    Parameters
    ----------
    own : TrainingSet
        From the user's present labels.
    earlier : TrainingSet or None
        The earlier forest's.
    own_micrographs : frozenset of str
        Ids of the user's micrographs. Rows of them in ``earlier`` come from earlier
        labels and are dropped.

    Raises
    ------
    TrainingError
        When the two have different features.
    """
    if earlier is None:
        return own
    if earlier.table.schema != own.table.schema:
        raise TrainingError(
            f"The earlier forest was trained on features {earlier.table.schema}, "
            f"these labels give {own.table.schema}; choose the same features."
        )
    foreign = ~np.isin(earlier.micrograph_ids, list(own_micrographs))
    return join(earlier.rows(foreign), own) if foreign.any() else own


def forest_below(
    earlier: Model | None, own: TrainingSet, training: TrainingSet
) -> ModelCard | None:
    """Return the card of the earlier forest that a new calibration starts from.

    If that forest learnt from the same micrographs, the prior of its calibration takes
    the calibration's place: otherwise a label would count again with each retraining.

    Parameters
    ----------
    earlier : Model or None
        The forest that the new one learns on top of.
    own : TrainingSet
        The user's examples.
    training : TrainingSet
        These joined with the earlier forest's; see `joined`.

    Returns
    -------
    ModelCard or None
        None if the new forest uses none of the earlier one's examples.
    """
    if earlier is None or len(training) == len(own):
        return None
    card, learnt = earlier.card, earlier.training
    if card.calibration is None or learnt is None:
        return card
    if not np.isin(own.micrograph_ids, learnt.micrograph_ids).any():
        return card
    below = card.calibration.below or card.id
    return replace(card, id=below, calibration=card.calibration.untold)


def _own_examples(
    item: Labelled,
    params: ForestParams,
    progress: Progress | None,
    known: FeatureSource | None,
    cache: FeatureCache | None,
) -> TrainingSet:
    micrograph = read_micrograph(
        item.path, pixel_size_nm=item.pixel_size_nm, frame=item.frame
    )
    with known_features(cache) as kept:
        return examples(
            micrograph,
            item.circles,
            item.labels,
            params.features,
            pixel_size_for(micrograph, item.material)[0].nm,
            particle_ids=item.particle_ids,
            copies=params.copies,
            weight=params.own_weight,
            progress=progress,
            known=known or kept,
        )
