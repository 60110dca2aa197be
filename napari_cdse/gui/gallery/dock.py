"""The dock Gallery: pictures of all particles, with filters and keys to judge them."""

from qtpy.QtCore import Qt, Slot
from qtpy.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStackedWidget,
)

from napari_cdse.gui.gallery.filters import GalleryFilters
from napari_cdse.gui.gallery.items import collect
from napari_cdse.gui.gallery.key_actions import GalleryKeys
from napari_cdse.gui.gallery.model import GalleryModel
from napari_cdse.gui.gallery.view import GalleryView
from napari_cdse.gui.thumbnails.grid_view import LARGEST_PX, SMALLEST_PX
from napari_cdse.gui.thumbnails.item import item_of
from napari_cdse.gui.thumbnails.maker import ThumbnailMaker
from napari_cdse.gui.widgets.layout import PlainLabel, hint, keyless, view_column
from napari_cdse.gui.workspace import Workspace
from napari_cdse.gui.workspace.dock import WorkspaceDock, WorkspaceView
from napari_cdse.io.thumbnail_file import default_path

_SLIDER_PX = 90
_NO_CIRCLES = 'No circles yet: press "Detect in all" beside Micrographs.'
_NONE_LEFT = "None are like that. Show other classes, or everyone's, above."
_HINT = "The keys that judge a particle judge all that are chosen; Return goes there."


class GalleryPage(WorkspaceView):
    """The particles of the open project as pictures.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._navigation = workspace.navigation
        self.model = GalleryModel(self)
        self.thumbnails = ThumbnailMaker(self._session, default_path(), self)
        self.view = GalleryView(
            self.model, self.thumbnails.picture, self.thumbnails.is_missing
        )
        self.key_actions = GalleryKeys(
            self._session, workspace.canvas, workspace.keys, self.view
        )
        self.filters = GalleryFilters()
        self.status = PlainLabel()
        self.sort_anew = keyless(QPushButton())
        self.edge = keyless(QSlider(Qt.Orientation.Horizontal))
        self._follows_selection = True
        self._lay_out()
        self._connect()
        self._show_counts()

    # --- layout ---------------------------------------------------------------

    def _lay_out(self) -> None:
        column = view_column(self)
        column.addWidget(self.filters)
        self.pages = QStackedWidget()
        self.hint = hint()
        self.pages.addWidget(self.hint)
        self.pages.addWidget(self.view)
        # Otherwise napari leaves the space below empty.
        grows = QSizePolicy.Policy.Expanding
        self.pages.setSizePolicy(grows, grows)
        column.addWidget(self.pages, 1)
        column.addLayout(self._bottom())

    def _bottom(self) -> QHBoxLayout:
        self.status.setToolTip(_HINT)
        self.sort_anew.setToolTip(
            "What you judge stays where it is until you sort anew"
        )
        self.edge.setRange(SMALLEST_PX, LARGEST_PX)
        self.edge.setValue(self.view.edge_px)
        self.edge.setMaximumWidth(_SLIDER_PX)
        self.edge.setToolTip("Size of the pictures (Ctrl and the wheel)")
        line = QHBoxLayout()
        line.addWidget(self.status, 1)
        line.addWidget(self.sort_anew)
        line.addWidget(self.edge)
        return line

    # --- signals --------------------------------------------------------------

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.opened.connect(self._on_opened)
        session.micrographs_changed.connect(self._on_micrographs)
        session.particles_changed.connect(self._on_particles)
        session.selection_changed.connect(self._on_selected)
        view.in_view_changed.connect(self._fetch)
        view.visited.connect(self._visit)
        view.selection_changed.connect(self._show_status)
        view.edge_changed.connect(self.edge.setValue)
        self.edge.valueChanged.connect(view.set_edge)
        self.thumbnails.came.connect(self._on_pictures)
        self.key_actions.message.connect(self.status.setText)
        self.filters.changed.connect(self._choose)
        self.sight.changed.connect(self._on_sight)
        self.sort_anew.clicked.connect(self._sort)

    def show_project(self) -> None:
        """Show another project, as soon as the dock is in sight."""
        self.thumbnails.forget()
        if self.in_sight:
            self._choose()
            self.refresh(sort=True)

    @Slot()
    def _on_opened(self) -> None:
        self.thumbnails.try_again()
        if self.model.arrangement.choice.micrograph is not None:
            self._choose()

    @Slot()
    def _on_micrographs(self) -> None:
        self.thumbnails.look_up()

    @Slot(object)
    def _on_particles(self, ids: frozenset[str] | None) -> None:
        if self.in_sight and (ids is None or not self._update_items(ids)):
            self.refresh()

    def _update_items(self, ids: frozenset[str]) -> bool:
        """Show some particles as they are now; False if all have to be collected."""
        project = self._session.project
        entries = project.micrographs.entries
        items, gone = {}, []
        for particle_id in ids:
            particle = project.particles.find(particle_id)
            index = project.particles.micrograph_of(particle_id)
            if particle is None or index is None:
                gone.append(particle_id)
            elif entries[index].excluded is not None:
                return False
            else:
                items[particle_id] = item_of(project, particle, entries[index])
        self.model.update(items, gone)
        self._show_counts()
        return True

    @Slot()
    def _on_selected(self) -> None:
        """Select the particle that was selected elsewhere."""
        selected = self._session.project.selection.particle_id
        self.view.mark(selected)
        row = None if selected is None else self.model.arrangement.row_of(selected)
        if row is not None and self._follows_selection:
            self.view.choose(row)

    def _on_pictures(self) -> None:
        self.view.viewport().update()

    # --- what the user does -------------------------------------------------

    def _visit(self, row: int) -> None:
        """Make a particle the current one, and show it on the canvas."""
        particle_id = self.model.arrangement.at(row).id
        self._follows_selection = False
        try:
            self._navigation.go_to(particle_id)
        finally:
            self._follows_selection = True

    def _choose(self) -> None:
        self.model.choose(self.filters.choice(self._session.project.selection.index))
        self._show_counts()

    def _sort(self) -> None:
        self.model.sort()
        if self.view.currentIndex().isValid():
            self.view.scrollTo(self.view.currentIndex())
        self._show_counts()

    # --- showing --------------------------------------------------------------

    @property
    def in_sight(self) -> bool:
        """Whether the pictures can be seen."""
        return self.sight.here

    def _on_sight(self, in_sight: bool) -> None:
        """Show and sort all particles when the dock comes into sight."""
        if in_sight:
            self.thumbnails.try_again()
            self.refresh(sort=True)
            self._on_selected()

    def refresh(self, sort: bool = False) -> None:
        """Show the project's particles; ``sort`` also sorts them."""
        project, before = self._session.project, self.model.arrangement.present
        items = collect(project, before)
        self.thumbnails.look_up()
        self.model.name_of = self._name
        self.model.update(items, before.keys() - items.keys())
        if sort:
            self.model.sort()
        self._show_counts()
        self._fetch()

    def _name(self, index: int) -> str:
        return self._session.project.micrographs.entries[index].path.stem

    def _show_counts(self) -> None:
        arrangement = self.model.arrangement
        self.filters.show_counts(arrangement.counts())
        misplaced = arrangement.misplaced
        words = f"Sort anew ({misplaced})" if misplaced else "Sort anew"
        self.sort_anew.setText(words)
        self.sort_anew.setEnabled(bool(misplaced))
        self.pages.setCurrentIndex(1 if len(arrangement) else 0)
        self.hint.setText(_NONE_LEFT if arrangement.present else _NO_CIRCLES)
        self._show_status()

    def _show_status(self) -> None:
        chosen = len(self.view.chosen)
        shown = len(self.model.arrangement)
        words = f"{chosen} of {shown} chosen" if chosen else f"{shown} shown"
        self.status.setText(words)

    def _fetch(self) -> None:
        """Fetch the pictures in view, and those near them."""
        if not self.in_sight:
            return
        arrangement = self.model.arrangement
        near = [arrangement.at(row) for row in self.view.rows_near_view()]
        self.thumbnails.want(near, arrangement.present.values())
        self._session.project.audits.note_in_view(each.particle.id for each in near)


class GalleryDock(WorkspaceDock):
    """Pictures of all particles, in sections by class."""

    view_class = GalleryPage
