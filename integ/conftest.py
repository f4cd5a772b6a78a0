"""The modules here are also run as a script (`demo.py`), so they import each other without a package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
