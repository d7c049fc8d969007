"""Put the project's src/ and scripts/ first on the path, before an installed clusterability.

Commands import this module before the library.
"""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

sys.path[:0] = [str(PROJECT / "src"), str(PROJECT / "scripts")]
