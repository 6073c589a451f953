"""Running programs, and reading what NVIDIA's tools and the benchmark print."""

import csv
import ctypes
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

GRACE = 25  # seconds in which a program that was asked to end may print what it has
LOADS = "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"
STORES = "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"
SHARED_LOADS = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"
SHARED_STORES = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"
METRICS = (LOADS, STORES, SHARED_LOADS, SHARED_STORES)


class Commands:
    """Runs programs, each in a session of its own that is killed when its time is up."""

    def __init__(self, log, environment):
        self.log, self.environment = log, environment
        self.running, self.lock, self.stopped = set(), threading.Lock(), False

    def run(self, argv, limit, first=signal.SIGKILL, watch=None, folder=None, more=None):
        """`first`: the signal at the limit; SIGINT lets a program print what it has. `watch` is called with the process.
        `more`: environment variables. What goes wrong is in the result's "problem"."""
        nothing = {"rc": None, "seconds": 0, "output": "", "errors": ""}
        if limit <= 0 or self.stopped:
            return {**nothing, "problem": "no time was left for it"}
        start = time.monotonic()
        # Files and no pipes: a process that was left behind may hold its end of a pipe for as long as it likes.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                                         env={**self.environment, **(more or {})}, start_new_session=True)
            except OSError as error:
                return {**nothing, "problem": f"cannot run {argv[0]}: {error.strerror}"}
            with self.lock:
                self.running.add(child)
            if self.stopped:
                self.end(child)
            if watch:
                threading.Thread(target=watch, args=(child,), daemon=True).start()
            problem = self.wait(child, limit, first)
            self.end(child)  # whatever it left behind
            with self.lock:
                self.running.discard(child)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
        ended = {"rc": child.returncode, "seconds": round(time.monotonic() - start, 3), "output": texts[0],
                 "errors": texts[1]}
        if problem:
            ended["problem"] = problem
        with self.lock:
            self.log.write(f"$ {' '.join(argv)}\n{texts[0][-6000:]}{texts[1][-6000:]}")
            self.log.write(f"[{ended['rc']}, {ended['seconds']} s{', ' + problem if problem else ''}]\n\n")
            self.log.flush()
        return ended

    def wait(self, child, limit, first):
        """Until it ends, or is ended. @returns what is to be said of that"""
        try:
            child.wait(timeout=limit)
            return None
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(child.pid, first)
            child.wait(timeout=GRACE if first != signal.SIGKILL else 5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.end(child)
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                return f"did not end within {limit:.0f} s, nor when it was killed"
        return f"did not end within {limit:.0f} s"

    @staticmethod
    def end(child):
        """Kills every process of its session, also those in groups of their own."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path) as file:
                    session = int(file.read().rpartition(")")[2].split()[3])
                if session == child.pid:
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                pass  # it has ended

    def stop_all(self):
        self.stopped = True
        for child in list(self.running):
            self.end(child)


def watch_peaks(child, seen):
    """The most memory, addresses and threads that a process had, as long as it runs."""
    while child.poll() is None:
        try:
            for line in open(f"/proc/{child.pid}/status"):
                if line.startswith(("VmPeak", "VmHWM", "Threads")):
                    seen[line.split(":")[0]] = line.split(":")[1].strip()
        except OSError:
            return
        time.sleep(0.005)


def found_program(name):
    """A program of the driver or the CUDA Toolkit, wherever it is."""
    places = [os.environ.get("PATH", ""), "/usr/local/cuda/bin", "/usr/local/nvidia/bin", "/usr/lib/wsl/lib",
              *sorted(glob.glob("/opt/nvidia/nsight-compute/*"), reverse=True)]
    return shutil.which(name, path=":".join(places))


def toolkit_of(nvcc):
    """The CUDA Toolkit's folder, as nvcc itself says: the nvcc that was found may be a script that calls it."""
    try:
        told = subprocess.run([nvcc, "--dryrun", "-x", "cu", "-c", os.devnull], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    found = re.search(r"^#\$ TOP=(.+)$", told, re.M)
    return os.path.normpath(found.group(1)) if found else os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))


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


# The first GPU's name from the driver itself, where nvidia-smi does not give it.
ASKS_DRIVER = """import ctypes
cuda = ctypes.CDLL("libcuda.so.1")
name = ctypes.create_string_buffer(200)
if cuda.cuInit(0) or cuda.cuDeviceGetName(name, 200, 0):
    raise SystemExit(1)
print(name.value.decode())"""


def first_gpu(commands, smi, limit):
    """What nvidia-smi, or else the driver, says of the first GPU; None and the reason if neither finds one."""
    asked = ("name", "driver_version", "memory.total", "compute_cap", "clocks.max.sm", "clocks.sm", "power.limit")
    told = commands.run([smi or "nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader"], limit * 2 / 3)
    if told["rc"] == 0 and told["output"].strip():
        return dict(zip(asked, (value.strip() for value in told["output"].splitlines()[0].split(",")))), None
    why = told.get("problem") or (told["output"] + told["errors"]).strip()
    name = commands.run([sys.executable, "-c", ASKS_DRIVER], limit / 3)
    if name["rc"] == 0 and name["output"].strip():
        return {**dict.fromkeys(asked, "unknown"), "name": name["output"].strip()}, why
    return None, why


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


def compare_launches(expected, rows, start=0, merged=False):
    """What the simulator counted of each launch beside what ncu measured, from that row on. ncu may show more: the
    driver's own kernels. `merged`: nvcc makes fewer shared loads of those in the source, so a GPU may count fewer.
    @returns what was compared, what is to be said, and the row after the last one"""
    compared, at = [], start
    for launch in expected:
        shape = launch["grid"] + launch["block"]
        while at < len(rows) and extents(rows[at].get("Grid Size")) + extents(rows[at].get("Block Size")) != shape:
            at += 1
        if at == len(rows):
            return compared, f"launch {len(compared) + 1} of {len(expected)}, {launch['kernel']} {shape}, was not seen", start
        simulated = [launch["loads"]["sectors"], launch["stores"]["sectors"],
                     launch["shared_loads"]["wavefronts"], launch["shared_stores"]["wavefronts"]]
        measured = [number(rows[at].get(metric)) for metric in METRICS]
        differs = [a != b for a, b in zip(simulated, measured)]
        at_loads = METRICS.index(SHARED_LOADS)
        if merged and measured[at_loads] is not None and measured[at_loads] < simulated[at_loads]:
            differs[at_loads] = False
        compared.append({"kernel": launch["kernel"], "simulated": simulated, "measured": measured, "differs": differs})
        at += 1
    return compared, None, at


def merged(documents):
    """Results of several runs of the benchmark as one of its documents."""
    whole = documents[0]
    for document in documents[1:]:
        for key, value in document.items():
            if isinstance(value, list):
                known = whole.setdefault(key, [])
                known += [item for item in value if key == "cases" or item not in known]
    return whole
