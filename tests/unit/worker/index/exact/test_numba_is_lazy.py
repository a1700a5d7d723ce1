"""numba takes a second and 110 MB: processes that never compare a large gallery are spared it."""

import subprocess
import sys

from tests.support.compose import ROOT

SMALL_RUN = """
import sys
import numpy as np
import worker.app
from worker.index.exact.neighbours import build
build(np.eye(40, dtype=np.float32), np.arange(40), 5)
sys.exit("numba" in sys.modules)
"""


def test_a_worker_that_has_seen_small_galleries_alone_has_not_imported_numba() -> None:
    subprocess.run([sys.executable, "-c", SMALL_RUN], check=True, cwd=ROOT)
