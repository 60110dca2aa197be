"""What the command line hands to the window."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_cdse.cli import main, window


@pytest.fixture
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(window, "show", lambda *values: calls.append(values) or 0)
    return calls


def test_a_folder_may_have_its_project_elsewhere(shown, tmp_path):
    assert main([str(tmp_path), "--project", "mine.cdse"]) == 0
    assert main([str(tmp_path)]) == 0
    assert main([]) == 0
    assert shown == [(tmp_path, Path("mine.cdse")), (tmp_path, None), (None, None)]


@pytest.mark.parametrize(
    "words", [["nowhere"], [".", "--projekt", "mine.cdse"], [".", ".."]]
)
def test_what_it_does_not_know_is_wrong_usage(shown, words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert shown == []
    assert "error:" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is Linux's")
@pytest.mark.parametrize("display", [None, ":9473"])
def test_without_a_screen_a_sentence_says_so(display, tmp_path):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    if display is not None:
        kept["DISPLAY"] = display
    command = [sys.executable, "-m", "napari_cdse", str(tmp_path)]
    done = subprocess.run(
        command, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "The window needs a screen" in line
    assert (display or "DISPLAY is not set") in line
    assert "predict" in line
