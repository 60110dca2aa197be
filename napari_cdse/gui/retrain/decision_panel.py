"""Controls with which the user decides on a new forest."""

from __future__ import annotations

from qtpy.QtWidgets import QLineEdit, QPushButton, QWidget

from napari_cdse.gui.widgets.layout import PlainLabel, flush_column, row_of


class DecisionPanel(QWidget):
    """Name of the new forest, and buttons to use it, keep both, or drop it.

    Attributes
    ----------
    compare : QPushButton
        Opens the comparison of both forests.
    name : QLineEdit
    use_new, keep_both, keep_old : QPushButton
    """

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setToolTip("What to call the new forest")
        self.use_new = QPushButton("Use new")
        self.use_new.setToolTip("Classify everything anew with the new forest")
        self.keep_both = QPushButton("Keep both")
        self.keep_both.setToolTip(
            "Leave the old forest in use, and the new one in the project's list"
        )
        self.keep_old = QPushButton("Keep old")
        self.keep_old.setToolTip("Drop the new forest; nothing changes")
        self.compare = QPushButton("Compare\u2026")
        self.compare.setToolTip(
            "Both forests in a window: what they got wrong, and each particle that "
            "would change class, as pictures"
        )
        name_row = row_of((PlainLabel("New forest"), self.name))
        name_row.setStretchFactor(self.name, 1)
        column = flush_column(self)
        column.addWidget(self.compare)
        column.addLayout(name_row)
        column.addLayout(row_of((self.use_new, self.keep_both, self.keep_old)))
