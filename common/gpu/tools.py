"""Running programs, and reading what NVIDIA's tools and the benchmark print."""

import csv
import ctypes
import glob
import os
import re
import signal
import subprocess
import sys
import threading
import time

GRACE = 25  # seconds in which a program that was asked to end may print what it has
LOADS = "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"
STORES = "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"
SHARED_LOADS = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"
SHARED_STORES = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"
METRICS = (LOADS, STORES, SHARED_LOADS, SHARED_STORES)


class Commands:
    """Runs programs, each in a process group of its own that is killed when its time is up."""

    def __init__(self, log, environment):
        self.log, self.environment = log, environment
        self.running, self.lock, self.stopped = set(), threading.Lock(), False

    def run(self, argv, limit, first=signal.SIGKILL, watch=None, folder=None):
        """`first`: the signal at the limit; SIGINT lets a program print what it has. `watch` is called with its pid."""
        start = time.monotonic()
        if limit <= 0 or self.stopped:
            return {"rc": None, "seconds": 0, "output": "", "problem": "no time was left for it"}
        try:
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                errors="replace", env=self.environment, cwd=folder, start_new_session=True)
        except OSError as error:
            return {"rc": None, "seconds": 0, "output": "", "problem": f"cannot run {argv[0]}: {error.strerror}"}
        with self.lock:
            self.running.add(child)
        if watch:
            threading.Thread(target=watch, args=(child,), daemon=True).start()
        problem = None
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            problem = f"did not end within {limit:.0f} s"
            self.stop(child, first)
            try:
                out, err = child.communicate(timeout=GRACE)
            except subprocess.TimeoutExpired:
                self.stop(child, signal.SIGKILL)
                out, err = child.communicate()
        self.stop(child, signal.SIGKILL)  # whatever it left behind
        with self.lock:
            self.running.discard(child)
        ended = {"rc": child.returncode, "seconds": round(time.monotonic() - start, 3), "output": out, "errors": err}
        if problem:
            ended["problem"] = problem
        with self.lock:
            self.log.write(f"$ {' '.join(argv)}\n{out[-6000:]}{err[-6000:]}[{ended['rc']}, {ended['seconds']} s]\n\n")
            self.log.flush()
        return ended

    @staticmethod
    def stop(child, how):
        try:
            os.killpg(child.pid, how)
        except ProcessLookupError:
            pass

    def stop_all(self):
        self.stopped = True
        for child in list(self.running):
            self.stop(child, signal.SIGKILL)


def folder_of(library, *places):
    """Where a library is, by patterns of folders: None where the loader finds it by itself, "" where nobody does."""
    try:
        ctypes.CDLL(library)
        return None
    except OSError:
        folders = [folder for place in places for folder in sorted(glob.glob(place), reverse=True)]
        return next((folder for folder in folders if os.path.exists(f"{folder}/{library}")), "")


def driver_folder():
    return folder_of("libcuda.so.1", "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib")


def cublas_folder(major):
    """First that of Python's packages: PyTorch, which runs beside, has loaded the same then."""
    packages = [path + "/nvidia/*/lib" for path in sys.path if path]
    return folder_of(f"libcublas.so.{major}", *packages, "/usr/local/cuda/lib64", "/usr/local/cuda-*/lib64")


def parse_ncu(text):
    """Rows of ncu --csv --page raw as dictionaries. Its own messages stand before the header."""
    lines = text.replace("\0", "").splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    if start is None:
        return []
    rows = list(csv.DictReader(lines[start:]))
    return [row for row in rows if (row.get("ID") or "").isdigit()]  # the second line holds the units


def number(text):
    try:
        return int(float(text.replace(",", "")))
    except (AttributeError, ValueError):
        return None


def extents(text):
    return [int(n) for n in re.findall(r"\d+", text or "")]


def compare_launches(expected, rows):
    """What the simulator counted of each launch beside what ncu measured. ncu may show more: the driver's own kernels."""
    compared, rest = [], iter(rows)
    for launch in expected:
        shape = launch["grid"] + launch["block"]
        row = next((row for row in rest if extents(row.get("Grid Size")) + extents(row.get("Block Size")) == shape), None)
        if row is None:
            shown = [(row.get("Kernel Name"), row.get("Grid Size"), row.get("Block Size")) for row in rows]
            return [], f"expected {launch['kernel']} of {shape} as launch {len(compared) + 1}; ncu shows {shown[:20]}"
        compared.append({
            "kernel": launch["kernel"],
            "simulated": [launch["loads"]["sectors"], launch["stores"]["sectors"],
                          launch["shared_loads"]["wavefronts"], launch["shared_stores"]["wavefronts"]],
            "measured": [number(row.get(metric)) for metric in METRICS]})
    return compared, None


def merged(documents):
    """Results of several runs of the benchmark as one of its documents."""
    whole = documents[0]
    for document in documents[1:]:
        for key, value in document.items():
            if isinstance(value, list):
                known = whole.setdefault(key, [])
                known += [item for item in value if key == "cases" or item not in known]
    return whole
