"""Estimate the defect content of a project, at a user's request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.core.statistics.defect_content import defect_content
from napari_cdse.io.visibility_table import read_visibility

if TYPE_CHECKING:
    from napari_cdse.core.statistics.defect_content import (
        DefectContent,
        VisibilityTable,
    )
    from napari_cdse.project.project import Project

NONE = "none"
"""Asks for no estimate, whatever the project says."""


def visibility_table(project: Project, told: str | None) -> VisibilityTable | None:
    """Read the table that is asked for; None where none is.

    Parameters
    ----------
    project : Project
        Open.
    told : str or None
        Name or file of a table, `NONE`, or None for what the project says.

    Raises
    ------
    ParameterError
        If there is no such table.
    """
    asked = project.settings.visibility if told is None else told
    return None if asked in ("", NONE) else read_visibility(asked)


def content_of(project: Project, table: VisibilityTable | None) -> DefectContent | None:
    """Estimate the content of all micrographs in use; None without a table.

    Parameters
    ----------
    project : Project
        Open.
    table : VisibilityTable or None
        From `visibility_table`.
    """
    if table is None:
        return None
    evidence = project.statistics.evidence()
    return defect_content(evidence, project.statistics.estimate(evidence), table)
