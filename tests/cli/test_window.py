"""What the command line hands to the window."""

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
