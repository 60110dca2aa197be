"""Write the report of a project as one HTML page: `page.report_page`."""

from collections.abc import Mapping
from typing import Any

Summary = Mapping[str, Any]
"""What ``export`` writes as ``summary.json``: lists, mappings, texts and numbers."""
