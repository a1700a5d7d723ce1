"""A fact that is declared once goes all the way by itself: sandbox, analysis, row, and photos that were there before."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


def test_a_fact_that_is_declared_reaches_the_rows_of_new_and_of_old_photos(
    database_url: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.support.throwaway_fact_worker", database_url, str(tmp_path)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[4], timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    old, new = found["computed"]
    assert old != new
    assert found["analysis"] == pytest.approx(new)
    assert found["before_reanalysis"] == [None, pytest.approx(new)]
    assert found["after_reanalysis"] == [pytest.approx(old), pytest.approx(new)]
