"""Dialog to check and copy a problem report before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox

from napari_cdse.gui.help.text_dialog import TextDialog
from napari_cdse.io.problem_message import problem_message

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

_TITLE = "Report a problem"
_INTRODUCTION = (
    "Copy this, paste it into a message to whoever gave you the program, and add what "
    "you did and what you expected. Nothing is sent by itself."
)
_NAMES = "With the names of files and folders"
_NAMES_TIP = (
    "Also the errors' own words and the report as it was written down; without it, "
    "only versions, the order of calls and the kinds of errors are there"
)


class ProblemDialog(TextDialog):
    """Versions and the last report, with names of files only if the user wants them.

    Parameters
    ----------
    parent : QWidget or None
    """

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(_TITLE, _INTRODUCTION, parent)
        self.with_names = QCheckBox(_NAMES)
        self.with_names.setToolTip(_NAMES_TIP)
        self.with_names.toggled.connect(self._refresh)
        self.column.insertWidget(self.column.count() - 1, self.with_names)
        self.copy = self.add_copy_button(
            "Copy", "Put what is shown into the clipboard", self.text.toPlainText
        )
        self._refresh()

    def _refresh(self) -> None:
        self.show_text(problem_message(with_names=self.with_names.isChecked()))
