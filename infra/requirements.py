"""Prints what an image must install, from pyproject.toml beside it: `python requirements.py web`.

So that the Dockerfile installs the dependencies in a layer of their own, before there is any source to build. Standard
library only: it runs before anything is installed.
"""

import sys
import tomllib
from pathlib import Path


def requirements(project: dict[str, object], extra: str) -> list[str]:
    """The project's own dependencies and those of one extra. Raises KeyError where there is no such extra."""
    table = project["project"]
    if not isinstance(table, dict):
        raise TypeError("pyproject.toml has no table [project].")
    return [*table["dependencies"], *table["optional-dependencies"][extra]]


if __name__ == "__main__":
    print(*requirements(tomllib.loads(Path("pyproject.toml").read_text()), sys.argv[1]), sep="\n")
