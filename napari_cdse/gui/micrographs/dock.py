"""Dock: the folder's micrographs, detection, pixel size."""

from pathlib import Path

from napari.viewer import Viewer
from qtpy.QtCore import QModelIndex, QPoint, Qt, QTimer, Slot
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTableView,
    QWidget,
)
from superqt import QCollapsible

from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import DetectionParams
from napari_cdse.gui.micrographs.export_button import ExportButton
from napari_cdse.gui.micrographs.history_buttons import HistoryButtons
from napari_cdse.gui.micrographs.pixel_size_row import PixelSizeRow
from napari_cdse.gui.micrographs.table_model import MicrographsModel
from napari_cdse.gui.sessions import session_for
from napari_cdse.gui.widgets.dialogs import ask_folder, ask_project
from napari_cdse.gui.widgets.fitting_scroll_area import FittingArea
from napari_cdse.gui.widgets.layout import (
    NO_PROJECT,
    dock_column,
    hint,
    row_of,
    say,
    sentence,
)
from napari_cdse.gui.widgets.params_form import ParamsForm
from napari_cdse.gui.widgets.progress_row import ProgressRow
from napari_cdse.gui.widgets.tables import show_rows, stretch_names
from napari_cdse.project import SUFFIX

_ROW_LINES = 1.5
_LEAST_HEIGHT_PX = 90
_DROP = f"You can also drop a folder or a {SUFFIX} project here."


class MicrographsDock(QWidget):
    """Open a folder, go through its micrographs, detect and classify.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.session = session_for(napari_viewer)
        self.setAcceptDrops(True)
        self.model = MicrographsModel(self)
        self.problem = sentence()
        self.pixel_size = PixelSizeRow(self.session.set_pixel_size)
        self.form = ParamsForm(DetectionParams())
        self.progress = ProgressRow(self.session.runner.cancel)
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._lay_out()
        self._connect()
        self.refresh()

    # --- layout ---------------------------------------------------------------

    def _lay_out(self) -> None:
        column = dock_column(self)
        column.addLayout(self._open_buttons())
        self.pages = QStackedWidget()
        self.pages.addWidget(hint(f"{NO_PROJECT}\n\n{_DROP}"))
        self.pages.addWidget(self._make_table())
        # Otherwise napari fills the room below with nothing.
        grows = QSizePolicy.Policy.Expanding
        self.pages.setSizePolicy(grows, grows)
        column.addWidget(self.pages, 1)
        column.addWidget(self.problem)
        column.addWidget(self.pixel_size)
        column.addLayout(self._detect_buttons())
        column.addWidget(self.progress)
        self.parameters = QCollapsible("How circles are found")
        self.parameters.addWidget(self.form.native)
        self.parameters.collapse(animate=False)
        column.addWidget(FittingArea(self.parameters))

    def _open_buttons(self) -> QHBoxLayout:
        self.open_folder = QPushButton("Open folder")
        self.open_folder.setToolTip("A folder of micrographs; its project opens too")
        self.open_project = QPushButton("Open project")
        self.open_project.setToolTip("A project file (.cdse)")
        self.open_sample = QPushButton("Sample")
        self.open_sample.setToolTip("Simulated micrographs to try things on")
        history = HistoryButtons(self.session)
        return row_of((self.open_folder, self.open_project, self.open_sample, history))

    def _detect_buttons(self) -> QHBoxLayout:
        self.detect_one = QPushButton("Detect in this one")
        self.detect_all = QPushButton("Detect in all")
        self.detect_one.setToolTip("Find circles in the open micrograph, classify them")
        self.detect_all.setToolTip(
            "The same for every micrograph; goes on where it was stopped"
        )
        self.leave_out = QPushButton("Leave out")
        self.leave_out.setToolTip(
            "Keep the open micrograph or a region of it out of queue, training and "
            "counts, or take it in again"
        )
        self.export = ExportButton(self.session)
        return row_of((self.detect_one, self.detect_all, self.leave_out, self.export))

    def _make_table(self) -> QTableView:
        self.table = QTableView()
        self.table.setModel(self.model)
        show_rows(self.table, round(_ROW_LINES * self.fontMetrics().height()))
        stretch_names(self.table)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.setMinimumHeight(_LEAST_HEIGHT_PX)
        return self.table

    # --- wiring ---------------------------------------------------------------

    def _connect(self) -> None:
        session = self.session
        self.open_folder.clicked.connect(self._choose_folder)
        self.open_project.clicked.connect(self._choose_project)
        self.open_sample.clicked.connect(session.open_sample)
        self.detect_one.clicked.connect(session.analyst.detect_current)
        self.detect_all.clicked.connect(session.analyst.detect_all)
        self.leave_out.clicked.connect(self._on_leave_out)
        self.table.clicked.connect(self._on_row)
        self.table.customContextMenuRequested.connect(self._on_table_menu)
        self.form.on_change(self._on_params)
        session.project_changed.connect(self._on_project)
        session.micrographs_changed.connect(self.refresh)
        session.opened.connect(self.refresh)
        session.opened.connect(self._on_opened)
        self._laid_out.timeout.connect(self._show_current)
        session.runner.changed.connect(self._on_jobs)

    def _choose_folder(self) -> None:
        folder = ask_folder(self)
        if folder is not None:
            self.session.open_project(folder)

    def _choose_project(self) -> None:
        file = ask_project(self)
        if file is not None:
            self.session.open_project(file)

    def _on_row(self, index: QModelIndex) -> None:
        self.session.open_micrograph(index.row())

    def _on_leave_out(self) -> None:
        current = self.session.current_entry
        if current is not None:
            below = self.leave_out.rect().bottomLeft()
            self._pop_up(current.index, self.leave_out.mapToGlobal(below))

    def _on_table_menu(self, place: QPoint) -> None:
        index = self.table.indexAt(place)
        if index.isValid():
            self._pop_up(index.row(), self.table.viewport().mapToGlobal(place))

    def _pop_up(self, index: int, place: QPoint) -> None:
        menu = self.session.leaving_out.menu(index, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _on_params(self) -> None:
        try:
            self.session.analyst.set_params(self.form.value())
        except CdseError as error:
            self.problem.setText(str(error))

    @Slot()
    def _on_project(self) -> None:
        project = self.session.project
        if project is not None:
            self.form.set_value(project.settings.detection)
        self.refresh()

    @Slot()
    def _on_jobs(self) -> None:
        self.progress.follow(self.session.runner.heavy)
        self._enable()

    @Slot()
    def refresh(self) -> None:
        """Show what the project holds now."""
        project = self.session.project
        entries = self.session.entries
        current = None if project is None else project.selection.index
        self.pages.setCurrentIndex(1 if entries else 0)
        self.model.show(entries)
        if current is not None and current < len(entries):
            self.table.selectRow(current)
        self._show_problem()
        self.pixel_size.show_size(*self.session.pixel_size())
        self._enable()

    @Slot()
    def _on_opened(self) -> None:
        # A table that has no height yet cannot scroll to a row.
        self._laid_out.start(0)

    def _show_current(self) -> None:
        self.table.scrollTo(self.table.currentIndex())

    def _show_problem(self) -> None:
        entry = self.session.current_entry
        text = (entry.problem or entry.out_of_range or "") if entry is not None else ""
        if not text and self.session.micrograph is not None:
            text = " ".join(self.session.micrograph.notices)
        if entry is not None and entry.excluded:
            text = f"{text} Left out: {entry.excluded}.".strip()
        say(self.problem, text)

    def _enable(self) -> None:
        session = self.session
        ready = session.project is not None
        self.detect_one.setEnabled(ready and session.micrograph is not None)
        self.detect_all.setEnabled(ready and session.runner.heavy is None)
        self.leave_out.setEnabled(session.current_entry is not None)
        self.pixel_size.setEnabled(ready and bool(session.project.micrographs.entries))

    # --- drops ----------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder or a project file."""
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.session.open_project(path)


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.is_dir() or path.suffix == SUFFIX else None
