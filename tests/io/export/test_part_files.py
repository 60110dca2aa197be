"""A micrograph's findings, kept in a file of their own: back as they were, or not."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_cdse.core.errors import CdseError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Candidate, Circle, Prediction
from napari_cdse.io.export.part_files import Findings, PartFiles, sole_writer

KEY = hashlib.sha256(b"what it follows from").hexdigest()


def findings():
    circles = [Circle(0.1 + 0.2, 17.0, 9.25), Circle(1e-9, 300.5, 1 / 3)]
    candidates = tuple(
        Candidate.propose("ab12", circle, "bragg", 1 / 7) for circle in circles
    )
    shares = ((0.1, 0.2, 0.3, 0.4), (1 / 3, 1 / 3, 1 / 3, 0.0))
    predictions = tuple(
        Prediction(one.id, "forest", said, far)
        for one, said, far in zip(candidates, shares, (0.3, None), strict=True)
    )
    size = PixelSize(0.0331, PixelSizeSource.ESTIMATED, 0.0123)
    quality = MicrographQuality(0.0331, 1 / 7, stretch=1.003)
    told = ("It is µ.",)
    return Findings("ab12", (470, 310), size, candidates, predictions, told, quality)


@pytest.fixture
def parts(tmp_path):
    return PartFiles(tmp_path / "parts")


def file_of(parts):
    (path,) = parts.folder.glob("*.part")
    return path


def forged(parts, change):
    """Change what a file says, and give it the right digest."""
    path = file_of(parts)
    told = json.loads(path.read_bytes().partition(b"\n")[2])
    body = change(told)
    body = body if isinstance(body, bytes) else json.dumps(told).encode()
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body + b"\n")


def test_findings_come_back_to_the_last_bit(parts):
    parts.put(KEY, findings())
    found = parts.get(KEY)
    assert found == findings()
    # Equality of predictions leaves it out.
    assert [one.novelty for one in found.predictions] == [0.3, None]


def test_micrographs_without_particles_or_forest_come_back(parts):
    whole = findings()
    bare = Findings("ab12", (5, 5), whole.pixel_size, (), ())
    unasked = Findings("ab12", (5, 5), whole.pixel_size, whole.candidates, ())
    for one in (bare, unasked):
        parts.put(KEY, one)
        assert parts.get(KEY) == one


def test_there_is_nothing_of_another_question(parts):
    parts.put(KEY, findings())
    assert parts.get("0" * 64) is None
    # Nor where a file bears another one's name.
    file_of(parts).rename(parts.folder / f"{'0' * 64}.part")
    with pytest.raises(CdseError, match="not used"):
        parts.get("0" * 64)


def test_a_changed_byte_anywhere_is_noticed(parts):
    parts.put(KEY, findings())
    path = file_of(parts)
    whole = path.read_bytes()
    for place in range(len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CdseError, match="not used"):
            parts.get(KEY)


@pytest.mark.parametrize("length", [0, 1, 64, 65, 66, 200])
def test_a_file_cut_short_is_noticed(parts, length):
    parts.put(KEY, findings())
    path = file_of(parts)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CdseError, match="not used"):
        parts.get(KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(form=1),
        lambda told: told.update(key="0" * 64),
        lambda told: told.pop("shape"),
        lambda told: told.update(shape=[3, True]),
        lambda told: told["candidates"].pop(),
        lambda told: told["candidates"][0].__setitem__(2, -1.0),
        lambda told: told["candidates"][0].__setitem__(0, float("nan")),
        lambda told: told["candidates"][0].__setitem__(0, "1"),
        lambda told: told["candidates"][0].__setitem__(1, 10**400),
        lambda told: told["pixel_size"].__setitem__(0, 10**400),
        lambda told: told["predictions"][0].__setitem__(0, 0.9),
        lambda told: told["predictions"][0].__setitem__(slice(0, 2), [-0.1, 0.4]),
        lambda told: told["predictions"][0].pop(),
        lambda told: told["pixel_size"].__setitem__(0, 0.0),
        lambda told: told["pixel_size"].__setitem__(1, "hearsay"),
        lambda told: told.update(notices=[["x"]]),
        lambda told: told.update(quality={"pixel_size_nm": 0.03, "stretch": "1"}),
        lambda told: told.update(quality=[1]),
        lambda told: told.pop("quality"),
        lambda told: told.update(model=None),
        lambda _: b"[" * 100_000,
        lambda _: b"[]",
        lambda _: b"\xff\x00",
        lambda _: b"1" * 10_000,
    ],
)
def test_what_was_not_written_here_is_refused_whatever_its_digest(parts, change):
    parts.put(KEY, findings())
    forged(parts, change)
    with pytest.raises(CdseError, match="not used"):
        parts.get(KEY)


def test_a_link_to_nowhere_is_nothing_and_a_folder_is_told(parts):
    path = parts.folder / f"{KEY}.part"
    path.symlink_to(parts.folder / "nowhere")
    assert parts.get(KEY) is None
    path.unlink()
    path.mkdir()
    with pytest.raises(CdseError, match="folder"):
        parts.get(KEY)


def test_parts_of_other_runs_go_and_files_of_others_stay(parts):
    for key in (KEY, "0" * 64):
        parts.put(key, findings())
    (parts.folder / "notes.txt").write_text("mine")
    parts.keep_only({KEY})
    assert {path.name for path in parts.folder.iterdir()} == {
        f"{KEY}.part",
        "notes.txt",
    }


def test_two_runs_into_one_folder_are_one_too_many(parts):
    with sole_writer(parts.folder, Path("out")):
        with pytest.raises(CdseError, match="Another run is writing to out"):
            with sole_writer(parts.folder, Path("out")):
                pass
    with sole_writer(parts.folder, Path("out")):
        pass


WAITS = """
import sys
from pathlib import Path
from napari_cdse.io.export.part_files import sole_writer
with sole_writer(Path(sys.argv[1]), Path("out")):
    print("in")
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_in_the_place_of_the_lock_keeps_nobody_waiting(parts):
    os.mkfifo(parts.folder / ".lock")
    done = subprocess.run(
        [sys.executable, "-c", WAITS, str(parts.folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("in\n", "")
