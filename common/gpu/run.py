#!/usr/bin/env python3
"""Finds out on a machine with a GPU what only a GPU can tell. Made for a bare machine: Python's standard library only.

    run.py [--results FOLDER] [--limit SECONDS] [--phases a,b] [--rehearse]

Stands beside pack.tar.xz, or in the folder that was packed. Phases run one after the other, each with a limit of its own
and each writing its JSON as it goes: none stops the others, and what was found is kept whatever happens next. With
--rehearse, the CUDA simulator's plain flavour takes the place of the GPU.

Exit code: 0 all is as expected, 1 something is not, 2 wrong use, 15 there is no GPU, 130 interrupted.
"""

import argparse
import importlib
import os
import signal
import sys
import tarfile
import tempfile

INTERRUPTED = 130


def unpacked(here, folder):
    """The folder that was packed: this one, or what the archive beside it holds."""
    if os.path.exists(f"{here}/pack.json"):
        return here
    if not os.path.exists(f"{here}/pack.tar.xz"):
        sys.exit(f"run.py: expected pack.tar.xz in {here}, which `./workbook gpu pack` makes; found none")
    with tarfile.open(f"{here}/pack.tar.xz") as archive:
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return f"{folder}/pack"


def main():
    parser = argparse.ArgumentParser(description="What only a GPU can tell", allow_abbrev=False)
    parser.add_argument("--results", default="gpu-results", help="folder for the JSON files (default: gpu-results)")
    parser.add_argument("--limit", type=float, default=480, help="seconds for everything (default: 480)")
    parser.add_argument("--phases", help="only these, separated by commas (default: all)")
    parser.add_argument("--rehearse", action="store_true", help="the simulator takes the place of the GPU")
    options = parser.parse_args()
    results = os.path.abspath(options.results)
    with tempfile.TemporaryDirectory(prefix="workbook-gpu-") as folder:
        pack = unpacked(os.path.dirname(os.path.abspath(__file__)), folder)
        sys.path.insert(0, pack)
        phases = importlib.import_module("phases")
        wanted = options.phases.split(",") if options.phases else list(phases.PHASES)
        unknown = [phase for phase in wanted if phase not in phases.PHASES]
        if unknown:
            parser.error(f"expected phases of {', '.join(phases.PHASES)}; found {', '.join(unknown)}")
        os.makedirs(results, exist_ok=True)
        run = phases.Run(options, pack, results)

        def interrupted(*_):
            run.commands.stop_all()
            raise KeyboardInterrupt

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, interrupted)
        try:
            return run.all(wanted)
        except KeyboardInterrupt:
            print(f"\nInterrupted; what was found is in {results}")
            return INTERRUPTED


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before anything ran
        sys.exit(INTERRUPTED)
