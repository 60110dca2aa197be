"""``python -m napari_cdse`` is the command ``napari-cdse``."""

import sys

from napari_cdse.cli import main

if __name__ == "__main__":
    sys.exit(main())
