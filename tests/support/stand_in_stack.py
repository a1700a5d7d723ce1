"""A supervisor over stand-ins: `python -m tests.support.stand_in_stack STAGES`, run as a process of its own.

STAGES is a JSON list of stages, each a list of programs `{"name", "code", ...}`: Python code, and any field of
`infra.local.program.Program`.
"""

import json
import os
import sys
from typing import Any

from infra.local.console import Console
from infra.local.processes import Processes
from infra.local.program import Program, Stage
from infra.local.supervisor import Supervisor

READY = "All is ready."


def program(name: str, code: str, **fields: Any) -> Program:
    """A program that runs Python code."""
    return Program(name, (sys.executable, "-I", "-S", "-u", "-c", code), **fields)


def main() -> int:
    stages = [
        Stage(f"stage {number}", tuple(program(**fields) for fields in programs))
        for number, programs in enumerate(json.loads(sys.argv[1]))
    ]
    with Processes() as processes:
        console = Console(each.name for stage in stages for each in stage.programs)
        parent = os.getppid() if "--with-parent" in sys.argv else None
        supervisor = Supervisor(processes, console, parent=parent, first_delay_seconds=0.1)
        return supervisor.run(stages, READY)


if __name__ == "__main__":
    sys.exit(main())
