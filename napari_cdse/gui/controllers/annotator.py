"""Apply the annotator's name in napari's Preferences to the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_cdse.gui.session.preferences import annotator_page

if TYPE_CHECKING:
    from napari_cdse.gui.session.session import Session


class AnnotatorName(QObject):
    """Gives each project that is opened the name in the Preferences.

    If that is empty, the project keeps its own, which at first is the login name.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._settings = annotator_page()
        session.project_changed.connect(self._on_project)
        if self._settings is not None:
            self._settings.events.connect(self._apply_setting)

    def close(self) -> None:
        """Disconnect from the Preferences."""
        if self._settings is not None:
            self._settings.events.disconnect(self._apply_setting)

    @property
    def name(self) -> str:
        """The annotator of the next labels."""
        return self._session.project.annotators.current

    def set_name(self, name: str) -> None:
        """Set the name, for this project and those that will be opened."""
        if name.strip():
            with self._session.reporting_errors():
                self._session.project.annotators.current = name
        if self._settings is not None:
            self._settings.name = name.strip()

    def _on_project(self) -> None:
        self._apply_setting()
        self._session.project.annotators.restore_view()

    def _apply_setting(self, _event: object = None) -> None:
        name = "" if self._settings is None else self._settings.name.strip()
        if name and self._session.is_open:
            with self._session.reporting_errors():
                self._session.project.annotators.current = name
