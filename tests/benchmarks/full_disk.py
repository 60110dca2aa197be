"""Work on a disk that is really full: ``python -m tests.benchmarks.full_disk FOLDER``.

The folder lies on a small file system of its own, which the one who calls makes:
``mount -t tmpfs -o size=3m tmpfs FOLDER``. Labels are given until one is refused; what
was acknowledged must be there, the file sound, and all go on once there is room.
"""

import sys
from pathlib import Path

from napari_cdse.cli import main as command
from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.backups import backups_of, check
from napari_cdse.io.store.found_projects import count_labels
from napari_cdse.project import Project
from tests.killing import CANDIDATES
from tests.project_tools import hand_over, put_circles, write_folder

_ROUNDS = 200


def main() -> int:
    folder = Path(sys.argv[1]) / "sample"
    write_folder(folder)
    project = Project.create_or_open(folder)
    hand_over(project)
    ids = put_circles(project, CANDIDATES)
    project.edits.label(ids[:1], "yes")
    fill(folder / "filler")
    given, refusal = label_until_refused(project, ids)
    before = project.particles.get(ids[0]).label
    print(f"{given} labels were acknowledged on a full disk, then: {refusal}")
    project.close()
    status = command(["export", str(folder), "--out", str(folder / "out")])
    print(f"export on the full disk: status {status}")
    again = Project.create_or_open(folder)
    print(*again.notices, sep="\n")
    whole = again._store.integrity_problems() == []
    kept = again.particles.get(ids[0]).label == before
    drafts = [*folder.rglob(".cdse-*.tmp")]
    (folder / "filler").unlink()
    again.edits.label(ids[:1], "null")
    again.close()
    Project.create_or_open(folder).close()
    for each in backups_of(project.path):
        check(each.path)
    print(
        f"sound: {whole}; last acknowledged label kept: {kept}; drafts left: "
        f"{len(drafts)}; with room again: {count_labels(project.path)} label, "
        f"{len(backups_of(project.path))} sound backups"
    )
    return 0 if whole and kept and not drafts else 1


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    size = 2**20
    with path.open("wb", buffering=0) as file:
        while size:
            try:
                file.write(b"\xff" * size)
            except OSError:
                size //= 2


def label_until_refused(project: Project, ids: list[str]) -> tuple[int, str]:
    """Count the labels that were acknowledged; return the refusal too."""
    for number in range(_ROUNDS):
        label = ("no", "yes")[number % 2]
        try:
            project.edits.label(ids[:1], label)
        except StoreError as error:
            return number, str(error)
    return _ROUNDS, "none was refused"


if __name__ == "__main__":
    sys.exit(main())
