#!/bin/sh
# Writes recorded.h: what the benchmark measured of attention alone, from the files in docs/results.
#   testcases/13_backend_selection/recorded.sh [FILE.json ...]
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- docs/results/backend.json docs/results/sweep_seq.json docs/results/core.json \
  docs/results/vectorized_1_thread.json
out=testcases/13_backend_selection/recorded.h
python3 - "$@" >$out <<'PYTHON'
import json, os, sys

backends = ["unfused", "per-head", "fused", "flash", "vectorized"]
layers = ["single-head", "multi-head", "full", "grouped-query", "multi-query"]
rows = {}
for path in sys.argv[1:]:
    if not os.path.exists(path):
        continue
    with open(path) as file:
        cases = json.load(file)["cases"]
    for c in cases:
        if c["status"] != "measured" or c["backend"] not in backends or c["layer"] not in layers:
            continue
        if c["dtype"] != "float32" or c["scale"] != 1 or c["device"] != "cpu":
            continue
        q, kv = c["q_len"], c["kv_len"]
        pairs = q * (q + 1) / 2 + q * (kv - q) if c["causal"] else q * kv
        attention = 4 * c["batch"] * c["heads"] * pairs * c["head_dim"]
        if c["gflops"] * 1e9 * c["median_s"] > 1.01 * attention:
            continue  # the clock ran for projections, too
        rows.setdefault((c["workload"], c["layer"], c["backend"]), c)

print("#pragma once")
print("/// What the benchmark measured of attention alone: float32, one thread, the solutions of lessons 02, 04, 08 and 12.")
print("/// Written by testcases/13_backend_selection/recorded.sh from docs/results.")
print()
print('#include "backend_selection.h"')
print()
print("namespace workbook::backend_selection {")
print()
print("/// A line of the benchmark's table.")
print("struct Recorded {")
print("  const char *workload, *layer, *backend;")
print("  Problem problem;")
print("  double seconds;")
print("};")
print()
print("inline const Recorded kRecorded[] = {")
for (workload, layer, backend), c in sorted(rows.items(), key=lambda r: (r[0][0], r[0][1], backends.index(r[0][2]))):
    extents = ", ".join(str(c[key]) for key in ["batch", "heads", "kv_heads", "q_len", "kv_len", "head_dim"])
    mask = "Mask::causal" if c["causal"] else "Mask::none"
    print('    {"%s", "%s", "%s", {%s, %s}, %.4g},' % (workload, layer, backend, extents, mask, c["median_s"]))
print("};")
print()
print("}  // namespace workbook::backend_selection")
PYTHON
clang-format -i $out
