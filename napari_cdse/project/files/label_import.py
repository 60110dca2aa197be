"""Import label files as annotations, once for each micrograph.

An import lies below all edits (see `napari_cdse.io.store.edits`): a user who goes
back with undo never loses it by accident. To take it back, remove its circles; that is
an ordinary edit. Where a circle lies already, the label becomes one of that particle,
and what a user said of it stays on top.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.matching import match
from napari_cdse.core.records import Annotation
from napari_cdse.io.labels.label_file import LabelFile, read_label_file
from napari_cdse.io.labels.pairing import pair_by_name, pair_labels
from napari_cdse.io.store.store import Change, Edit, MicrographRow, Store, now
from napari_cdse.project.state.particle_state import SAME_PARTICLE_IOU, ParticleState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_cdse.core.records import Circle
    from napari_cdse.io.images.folder import FolderListing

_NAMED = 5


def import_labels(
    store: Store, listing: FolderListing, given: Sequence[Path] = ()
) -> list[str]:
    """Import the label files that lie beside micrographs and weren't imported yet.

    Image sizes are compared with the micrograph's where that is known already, and
    otherwise when its pixels are first read, so that no picture is opened here.

    Parameters
    ----------
    store : Store
        May be written.
    listing : FolderListing
        Micrographs, beside which label files are looked for.
    given : sequence of Path
        Label files that were chosen themselves, for any micrograph of the project.

    Returns
    -------
    list of str
        One sentence for each label file that could not be used.
    """
    pairing = pair_labels(listing)
    rows = {row.path: row for row in store.micrographs() if row.labels_from is None}
    wanted = {
        rows[store.relative(micrograph)]: labels
        for micrograph, labels in pairing.pairs.items()
        if store.relative(micrograph) in rows
    }
    chosen, refused = _named_after(store, given)
    wanted |= chosen
    notices = [*pairing.problems, *_unmatched(pairing.unmatched_labels), *refused]
    found: list[tuple[MicrographRow, Path, LabelFile]] = []
    for row, path in wanted.items():
        try:
            labels = read_label_file(path, shape=row.shape)
        except LabelFileError as error:
            notices.append(str(error))
            continue
        if labels is not None and labels.reviewed:
            found.append((row, path, labels))
        elif labels is not None:
            notices.append(
                f"{path.name} was written by the program and not reviewed, so it was "
                "not imported; detect and classify instead."
            )
    if found:
        _store(store, found)
    return notices


def _named_after(
    store: Store, given: Sequence[Path]
) -> tuple[dict[MicrographRow, Path], list[str]]:
    """Find the rows that label files are named after; one sentence for each other."""
    rows = {store.absolute(row.path): row for row in store.micrographs()}
    pairs, notices = pair_by_name(given, list(rows))
    chosen = {}
    for micrograph, path in pairs.items():
        row = rows[micrograph]
        if row.labels_from is None:
            chosen[row] = path
        else:
            notices.append(
                f"The labels of {micrograph.name} were imported before, from "
                f"{row.labels_from}, so {path.name} was left aside."
            )
    return chosen, notices


def withdrawal(
    row: MicrographRow, annotations: Sequence[Annotation], after_run: int
) -> Edit:
    """Make the import that takes back labels which belong to another image."""
    changes = tuple(
        Change(each.particle_id, row.key, before=each, after=None)
        for each in annotations
    )
    summary = f"Leave out the labels of {row.labels_from}"
    return Edit(0, None, "import", row.key, now(), "", summary, after_run, changes)


def _store(
    store: Store, found: Sequence[tuple[MicrographRow, Path, LabelFile]]
) -> None:
    with store.transaction():
        # Another window may have imported them while the files were read.
        fresh = {row.key for row in store.micrographs() if row.labels_from is None}
        found = [each for each in found if each[0].key in fresh]
        known = _known_circles(store)
        changes = tuple(
            change
            for row, path, labels in found
            for change in _changes(row, path, labels, known(row.key))
        )
        for row, path, labels in found:
            store.update_micrograph(
                row.key,
                labels_from=path.name,
                labels_shape=labels.shape,
                looked_at=labels.looked_at,
            )
        if changes:
            number = len(found)
            files = "1 label file" if number == 1 else f"{number} label files"
            summary = f"Import {len(changes)} labels from {files}"
            run = store.findings.latest_run()
            edit = Edit(0, None, "import", None, now(), "", summary, run, changes)
            store.edits.append_import(edit)


def _known_circles(store: Store) -> Callable[[int], dict[str, Circle]]:
    """Give the circles of a micrograph by its key, those that were removed too."""
    state = ParticleState()
    state.load(store.edits.in_force({}))
    for key, (run, candidates) in store.findings.candidates({}).items():
        state.set_candidates(key, run, candidates)

    def circles(key: int) -> dict[str, Circle]:
        shown = {each.id: each.circle for each in state.particles(key).values()}
        said = {each.particle_id: each.circle for each in state.annotations(key)}
        return {**shown, **said}

    return circles


def _changes(
    row: MicrographRow, path: Path, labels: LabelFile, known: Mapping[str, Circle]
) -> list[Change]:
    time = now()
    changes = []
    same: dict[int, str] = {}
    if known:
        found = match(labels.circles, list(known.values()), SAME_PARTICLE_IOU)
        same = {mine: list(known)[there] for mine, there in found.pairs}
    pairs = zip(labels.circles, labels.labels, strict=True)
    for at, (circle, label) in enumerate(pairs):
        annotation = Annotation(
            id=str(uuid.uuid4()),
            particle_id=same.get(at) or str(uuid.uuid4()),
            micrograph_id=row.content_id or "",
            circle=circle,
            label=label,
            origin="imported",
            annotator=path.name,
            time=time,
        )
        changes.append(Change(annotation.particle_id, row.key, None, annotation))
    return changes


def _unmatched(paths: Sequence[Path]) -> list[str]:
    if not paths:
        return []
    names = ", ".join(path.name for path in paths[:_NAMED])
    more = len(paths) - _NAMED
    if more > 0:
        names += f" and {more} more"
    return [f"No micrograph belongs to the label files {names}; check their names."]
