"""Tables of names and numbers: who gets the room."""

from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QTableView

from napari_cdse.gui.widgets.tables import show_rows, stretch_names


def test_names_take_what_the_numbers_leave(qtbot):
    model = QStandardItemModel(1, 3)
    for column, text in enumerate(("a" * 60, "12", "3/4")):
        model.setItem(0, column, QStandardItem(text))
    table = QTableView()
    qtbot.addWidget(table)
    table.setModel(model)
    show_rows(table, 20)
    stretch_names(table)
    for width in (300, 700):
        table.resize(width, 100)
        table.show()
        header = table.horizontalHeader()
        assert header.length() == table.viewport().width()
        for column in (1, 2):
            assert table.columnWidth(column) == header.sectionSizeHint(column)
