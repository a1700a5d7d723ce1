"""Prints what an image must install, from pyproject.toml beside it: `python requirements.py web`.

So that the Dockerfile installs the dependencies in a layer of their own, before there is any source to build. Standard
library only: it runs before anything is installed.
"""

import sys
import tomllib
from pathlib import Path


def requirements(pyproject: Path, extra: str) -> list[str]:
    """The project's own dependencies and those of one extra. Raises KeyError where there is no such extra."""
    project = tomllib.loads(pyproject.read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"][extra]]


if __name__ == "__main__":
    print(*requirements(Path("pyproject.toml"), sys.argv[1]), sep="\n")
