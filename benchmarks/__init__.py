"""Benchmarks: each asks one question and answers it beside its peers, in one interleaved run."""

import os
from pathlib import Path

# faiss brings an OpenBLAS that takes CPUs it does not know for one of 2007, and then runs at a quarter of their speed. A
# peer is measured at its best: with the kernels for AVX-512 where there is AVX-512. Read when OpenBLAS is loaded.
_CPUINFO = Path("/proc/cpuinfo")
if _CPUINFO.exists() and "avx512bw" in _CPUINFO.read_text(encoding="utf-8"):
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
    os.environ.pop("OPENBLAS_L2_SIZE", None)
