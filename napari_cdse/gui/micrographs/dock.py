"""The dock Micrographs: table of micrographs, detection, pixel size, export."""

from dataclasses import replace

from napari.viewer import Viewer
from qtpy.QtCore import QModelIndex, QPoint, Qt, QTimer, Slot
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QTableView,
)

from napari_cdse.core.errors import CdseError
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import ScaleBar
from napari_cdse.gui.micrographs.export_button import ExportButton
from napari_cdse.gui.micrographs.frame_row import FrameRow
from napari_cdse.gui.micrographs.history_buttons import HistoryButtons
from napari_cdse.gui.micrographs.lattice_row import LatticeRow
from napari_cdse.gui.micrographs.method_line import MethodLine
from napari_cdse.gui.micrographs.pixel_size_row import PixelSizeRow
from napari_cdse.gui.micrographs.quality_row import QualityRow
from napari_cdse.gui.micrographs.sorted_micrographs import (
    QualityLimit,
    SortedMicrographs,
)
from napari_cdse.gui.micrographs.table_model import (
    FIRST_QUALITY,
    SAMPLE,
    MicrographsModel,
)
from napari_cdse.gui.widgets.fitting_scroll_area import FittingArea
from napari_cdse.gui.widgets.layout import (
    folded,
    keyless,
    row_of,
    say,
    sentence,
    view_column,
)
from napari_cdse.gui.widgets.params_form import ParamsForm
from napari_cdse.gui.widgets.progress_row import ProgressRow
from napari_cdse.gui.widgets.project_dock import NO_PROJECT, ProjectDock
from napari_cdse.gui.widgets.start_page import opening_buttons
from napari_cdse.gui.widgets.tables import hold_names, show_rows, stretch_names
from napari_cdse.gui.workspace import Workspace, workspace_for
from napari_cdse.gui.workspace.dock import WorkspaceView
from napari_cdse.project import SUFFIX

_ROW_LINES = 1.5
"""Height of a row of the table in lines of text."""
_LEAST_LINES = 15
"""Least height of the dock in lines of text. A choice: some rows, the pixel size and
the buttons; the rest of a small screen is for the dock Particle."""
_LEAST_TABLE_PX = 90
_DROP = (
    f"You can also drop a folder, micrographs, label files or a {SUFFIX} project, "
    "anywhere on this window."
)


class MicrographsDock(ProjectDock):
    """Dock to open a folder and go through its micrographs; has undo and redo.

    Parameters
    ----------
    napari_viewer : Viewer
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        workspace = workspace_for(napari_viewer)
        super().__init__(
            workspace.session,
            MicrographsView(workspace),
            workspace.opening,
            f"{NO_PROJECT}\n\n{_DROP}",
            buttons=False,
            least_lines=_LEAST_LINES,
        )
        self._workspace = workspace
        self._column.insertLayout(0, self._open_buttons())

    def _open_buttons(self) -> QHBoxLayout:
        buttons = opening_buttons(self._workspace.opening)
        self.open_folder, self.open_project, self.open_sample = buttons
        history = HistoryButtons(
            self.session, self._workspace.history, self._workspace.keys
        )
        return row_of((*buttons, history))


class MicrographsView(WorkspaceView):
    """The micrographs of the open project, with detection and export.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.model = MicrographsModel(self)
        self.sorted = SortedMicrographs(self.model, self)
        self.problem = sentence()
        self.problem.hide()
        self.pixel_size = PixelSizeRow(self._session.set_pixel_size)
        self.frames = FrameRow(self._on_frames)
        self.lattice = LatticeRow(self._session, self._on_lattice)
        self.quality = QualityRow(self._on_limit, self._on_leave_shown_out)
        self.form = ParamsForm(DetectionParams())
        self.method_line = MethodLine(self.form.widget("method").native)
        self.progress = ProgressRow(self._session.runner.cancel)
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._lay_out()
        self._connect()

    # --- layout ---------------------------------------------------------------

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addWidget(self._make_table(), 1)
        column.addWidget(self.quality)
        column.addWidget(self.problem)
        column.addWidget(self.frames)
        column.addWidget(self.pixel_size)
        column.addLayout(self._detect_buttons())
        self._on_qualities(False)
        column.addWidget(self.progress)
        self.parameters = folded(
            "How circles are found",
            "Settings of the next detection; those shown at first suit most",
            self.lattice,
            self.method_line.label,
            self.form.native,
        )
        column.addWidget(FittingArea(self.parameters))

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
        self.export = ExportButton(
            self._session, self._workspace.canvas, self._workspace.annotation_import
        )
        self.qualities = keyless(QPushButton("Quality"))
        self.qualities.setToolTip(
            "What the spectrum of each micrograph tells, as columns of the list: "
            "a click on a header sorts, a limit filters"
        )
        self.qualities.setCheckable(True)
        self.qualities.toggled.connect(self._on_qualities)
        buttons = (self.detect_one, self.detect_all, self.leave_out, self.export)
        return row_of((*buttons, self.qualities))

    def _make_table(self) -> QTableView:
        self.table = QTableView()
        self.table.setModel(self.sorted)
        show_rows(self.table, round(_ROW_LINES * self.fontMetrics().height()))
        stretch_names(self.table)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.setMinimumHeight(_LEAST_TABLE_PX)
        return self.table

    # --- wiring ---------------------------------------------------------------

    def _connect(self) -> None:
        session, detection = self._session, self._workspace.detection
        for button in (self.detect_one, self.detect_all):
            # Already on press, so that a number still being typed counts.
            button.pressed.connect(self._on_params)
        self.detect_one.clicked.connect(detection.detect_current)
        self.detect_all.clicked.connect(detection.detect_all)
        self.leave_out.clicked.connect(self._on_leave_out)
        self.pixel_size.bar.clicked.connect(self._ask_length)
        self.table.clicked.connect(self._on_row)
        self.table.customContextMenuRequested.connect(self._on_table_menu)
        self.form.on_change(self._on_params)
        session.micrographs_changed.connect(self.refresh)
        session.opened.connect(self.refresh)
        session.opened.connect(self._on_opened)
        self._laid_out.timeout.connect(self._show_current)
        session.runner.changed.connect(self._on_jobs)

    def _on_row(self, index: QModelIndex) -> None:
        self._workspace.navigation.open_micrograph(self.sorted.micrograph(index))

    def _on_qualities(self, shown: bool) -> None:
        self.quality.setVisible(shown)
        for column in range(FIRST_QUALITY, self.model.columnCount()):
            self.table.setColumnHidden(column, not shown)
        if shown:
            hold_names(self.table)
        else:
            stretch_names(self.table)
            self.quality.figure.setCurrentIndex(0)

    def _on_limit(self, limit: QualityLimit | None) -> None:
        self.sorted.show_limit(limit)
        self._show_row()

    def _on_leave_shown_out(self) -> None:
        self._workspace.exclusions.ask_for_micrographs(self.sorted.indices())

    def _show_row(self) -> None:
        """Select the open micrograph's row if it is shown, and show how many are."""
        current = self._session.project.selection.index
        row = None if current is None else self.sorted.row(current)
        if row is None:
            self.table.clearSelection()
        elif not self.table.selectionModel().isRowSelected(row, QModelIndex()):
            self.table.selectRow(row)
        self.quality.say_shown(self.sorted.rowCount(), self.model.rowCount())

    def _on_leave_out(self) -> None:
        current = self._session.current_entry
        if current is not None:
            below = self.leave_out.rect().bottomLeft()
            self._pop_up(current.index, self.leave_out.mapToGlobal(below))

    def _on_table_menu(self, place: QPoint) -> None:
        index = self.table.indexAt(place)
        if index.isValid():
            on_screen = self.table.viewport().mapToGlobal(place)
            self._pop_up(self.sorted.micrograph(index), on_screen)

    def _pop_up(self, index: int, place: QPoint) -> None:
        menu = self._workspace.exclusions.menu(index, self)
        menu.addSeparator()
        menu.addAction("Samples\u2026", self._workspace.samples.ask)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _on_params(self) -> None:
        try:
            params = self.form.value()
            if params != self._session.project.settings.detection:
                self._workspace.detection.set_params(params)
                self._show_searched()
        except CdseError as error:
            self.problem.setText(str(error))

    def show_project(self) -> None:
        """Show another project."""
        self.progress.forget()
        self._show_params(self._session.project.settings.detection)
        self.refresh()

    def _show_params(self, params: DetectionParams) -> None:
        self.form.set_value(params)
        self.lattice.show_lattice(params.material)

    def _on_lattice(self, material: Material | None) -> None:
        """Use another lattice; circles found with the one before become outdated."""
        try:
            params = replace(self.form.value(), material=material)
        except CdseError as error:
            self.problem.setText(str(error))
            return
        self._show_params(params)
        self._workspace.detection.set_params(params)
        self._show_searched()

    @Slot()
    def _on_jobs(self) -> None:
        self.progress.follow(self._session.runner.heavy)
        self._enable()

    @Slot()
    def refresh(self) -> None:
        """Show the current state of the project."""
        entries = self._session.entries
        self.model.show(entries)
        # An annotator who labels blindly must not see the samples.
        named = any(each.sample for each in entries)
        hidden = self._workspace.samples.hidden or not named
        self.table.setColumnHidden(SAMPLE, hidden)
        self._show_row()
        self._show_problem()
        self.pixel_size.show_size(self._session.pixel_size())
        self._show_searched()
        self.pixel_size.show_bar(self._bar())
        self._show_frames()
        self._enable()

    def _show_frames(self) -> None:
        """Show the frames of the open file; keep the row unchanged while it is read."""
        micrograph = self._session.micrograph
        if micrograph is not None:
            self.frames.show_frames(self._workspace.frames.choice, micrograph.n_frames)
        elif self._session.project.selection.index is None:
            self.frames.hide()

    def _on_frames(self, first: int, last: int, in_all: bool) -> None:
        frames = self._workspace.frames
        if in_all:
            frames.choose_in_all(first, last)
        else:
            frames.choose(first, last)

    def _show_searched(self) -> None:
        """Show whether circles were found at another pixel size or other settings."""
        project = self._session.project
        index, detections = project.selection.index, project.detections
        if index is None:
            self.pixel_size.show_searched(None, False)
        else:
            self.pixel_size.show_searched(
                detections.other_scale(index), detections.other_settings(index)
            )

    def _bar(self) -> ScaleBar | None:
        """Return the scale bar of the open picture if the pixel size is not given."""
        size, micrograph = self._session.pixel_size(), self._session.micrograph
        if micrograph is None or (size is not None and size.source.is_given):
            return None
        return micrograph.scale_bar

    @Slot()
    def _ask_length(self) -> None:
        bar = self._bar()
        if bar is not None:
            self._workspace.measurement.ask_about(bar)

    @Slot()
    def _on_opened(self) -> None:
        # The table cannot scroll to a row before it is laid out.
        self._laid_out.start(0)

    def _show_current(self) -> None:
        self.table.scrollTo(self.table.currentIndex())

    def _show_problem(self) -> None:
        entry = self._session.current_entry
        text = (entry.problem or entry.out_of_range or "") if entry is not None else ""
        if not text and self._session.micrograph is not None:
            text = " ".join(self._session.micrograph.notices)
        if entry is not None and entry.excluded:
            text = f"{text} Left out: {entry.excluded}.".strip()
        say(self.problem, text)

    def _enable(self) -> None:
        session = self._session
        self.detect_one.setEnabled(session.micrograph is not None)
        self.detect_all.setEnabled(session.runner.heavy is None)
        # Results of a job on the old frames would match no micrograph of the project.
        self.frames.setEnabled(session.runner.heavy is None)
        self.leave_out.setEnabled(session.current_entry is not None)
        self.pixel_size.setEnabled(bool(session.project.micrographs.entries))
