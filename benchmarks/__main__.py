"""`python -m benchmarks [NAME ...]`: runs these benchmarks, by default all, and writes what they find to RESULTS.md.

With everything that `make bench` installs; takes about a quarter of an hour. Each benchmark rewrites its own section.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from benchmarks import (
    bench_decode,
    bench_embedding,
    bench_gpu,
    bench_index,
    bench_ingest,
    bench_jobs,
    bench_palette,
    bench_predict,
    bench_serving,
    bench_startup,
    bench_topk,
    bench_upload,
)
from benchmarks.report import Report, describe_machine
from shared.settings import PREFIX

BENCHMARKS: Final[dict[str, Callable[[], str]]] = {
    "startup": bench_startup.run,
    "upload": bench_upload.run,
    "ingest": bench_ingest.run,
    "predict": bench_predict.run,
    "serving": bench_serving.run,
    "jobs": bench_jobs.run,
    "palette": bench_palette.run,
    "decode": bench_decode.run,
    "embedding": bench_embedding.run,
    "topk": bench_topk.run,
    "index": bench_index.run,
    "gpu": bench_gpu.run,
}
# Without a card its section stays as it is.
_HERE: Final = [name for name in BENCHMARKS if name != "gpu" or torch.cuda.is_available()]
RESULTS: Final = Path(__file__).with_name("RESULTS.md")


def main(names: list[str]) -> int:
    """Runs the benchmarks of these names. Returns an exit status."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"There is no benchmark {unknown[0]}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    # What someone's own Vitrine is set to must not decide what is measured.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    report = Report(RESULTS, tuple(BENCHMARKS))
    for name in names or _HERE:
        machine, start = describe_machine(), time.perf_counter()
        print(f"{name} ...", flush=True)
        body = BENCHMARKS[name]()
        report.rewrite(name, f"{body}\n\n{machine}")
        print(f"{body}\n\n({time.perf_counter() - start:.0f} s)\n", flush=True)
    print(f"Written to {os.path.relpath(RESULTS)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
