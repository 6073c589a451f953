#!/usr/bin/env python3
"""Finds out on a machine with a GPU what only a GPU can tell. Made for a bare machine: Python's standard library only.

    run.py [--results FOLDER] [--limit SECONDS] [--phases a,b] [--rehearse]

Stands beside pack.tar.xz, or in the folder that was packed. Phases run one after the other, each with a limit of its own
and each writing its JSON as it goes: none stops the others, and what was found is kept whatever happens next. With
--rehearse, the CUDA simulator's plain flavour takes the place of the GPU.

Exit code: 0 all is as expected, 1 something is not, 2 wrong use, 15 there is no GPU, 130 interrupted.
"""

import argparse
import concurrent.futures
import csv
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

# Seconds that a phase may take; what one does not need, later ones have besides, as long as --limit allows.
PHASES = {"facts": 40, "solutions": 110, "benchmark": 170, "counts": 60, "sanitizer": 60, "mistakes": 90}
CORE = ("core_d64", "core_d128", "core_gqa", "decode_gqa", "core_d32")
NOT_HERE, WRONG_USE, INTERRUPTED = 15, 2, 130
LOADS = "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"
STORES = "l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"
SHARED_LOADS = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"
SHARED_STORES = "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"
TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")


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
                out, err = child.communicate(timeout=10)
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


def found_cublas(major):
    """The folder of libcublas.so.<major>: None where the loader finds it by itself, "" where nobody does."""
    name = f"libcublas.so.{major}"
    try:
        ctypes.CDLL(name)
        return None
    except OSError:
        pass
    places = ["/usr/local/cuda/lib64", *sorted(glob.glob("/usr/local/cuda-*/lib64"), reverse=True)]
    places += [found for path in sys.path for found in sorted(glob.glob(path + "/nvidia/*/lib"), reverse=True)]
    return next((place for place in places if os.path.exists(f"{place}/{name}")), "")


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
    """What the simulator counted of a call's launches beside what ncu measured of the last so many launches."""
    if len(rows) < len(expected):
        return [], f"expected {len(expected)} launches, ncu shows {len(rows)}"
    compared = []
    for launch, row in zip(expected, rows[len(rows) - len(expected):]):
        shape = launch["grid"] + launch["block"]
        if extents(row.get("Grid Size")) + extents(row.get("Block Size")) != shape:
            return [], f"expected a launch of {shape}, ncu shows {row.get('Grid Size')} {row.get('Block Size')}"
        compared.append({
            "kernel": launch["kernel"],
            "simulated": [launch["loads"]["sectors"], launch["stores"]["sectors"],
                          launch["shared_loads"]["wavefronts"], launch["shared_stores"]["wavefronts"]],
            "measured": [number(row.get(metric)) for metric in (LOADS, STORES, SHARED_LOADS, SHARED_STORES)]})
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


class Run:
    def __init__(self, options, pack, results):
        self.options, self.pack, self.results = options, pack, results
        self.recipe = json.load(open(f"{pack}/pack.json"))
        self.end = time.monotonic() + options.limit
        self.phase_end = self.end
        environment = dict(os.environ, CUDA_MODULE_LOADING="LAZY")
        self.cublas = found_cublas(self.recipe["cuda"].split(".")[0])
        paths = [f"{pack}/lib", self.cublas, environment.get("LD_LIBRARY_PATH")]
        environment["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
        self.commands = Commands(open(f"{results}/log.txt", "w"), environment)
        self.problems = []

    def left(self, most):
        return min(most, self.phase_end - time.monotonic())

    def save(self, name, content):
        temporary = f"{self.results}/.{name}.json"
        with open(temporary, "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
        os.replace(temporary, f"{self.results}/{name}.json")

    def tool(self, name):
        """A program of the CUDA Toolkit, wherever it is."""
        places = [os.environ.get("PATH", ""), "/usr/local/cuda/bin", *sorted(glob.glob("/opt/nvidia/nsight-compute/*"))]
        return shutil.which(name, path=":".join(places))

    def checker(self, contract, plugin, *flags):
        lesson = f"{self.pack}/lessons/{contract}"
        rehearse = ["--rehearse"] if self.options.rehearse else []
        return [f"{lesson}/checker", "--plugin", f"{lesson}/{plugin}.so", "--worker", f"{self.pack}/bin/worker",
                "--gpu", *rehearse, "--cpu-seconds", "60", *flags]

    def judge(self, contract, plugin, *flags, limit, prefix=()):
        """Runs a checker. Its report counts, as far as it came."""
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
            argv = [*prefix, *self.checker(contract, plugin, "--report", report.name, *flags)]
            ended = self.commands.run(argv, self.left(limit))
            lines = []
            for line in open(report.name, errors="replace"):
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    break  # it ended while writing
        tests = [{key: line.get(key) for key in ("name", "verdict", "verified", "message", "duration_s")}
                 for line in lines if line.get("event") == "test"]
        whole = next((line for line in lines if line.get("event") == "end"), None)
        problem = ended.get("problem")
        if not whole and not problem:
            problem = f"ended with {ended['rc']}: {ended['errors'][-500:].strip() or 'no word'}"
        return {"verdict": whole["verdict"] if whole else None, "seconds": ended["seconds"], "tests": tests,
                "problem": problem, "output": ended["output"], "errors": ended.get("errors", "")}

    # The phases. Each returns what it found, and notes in self.problems what is not as expected.

    def facts(self):
        facts = {key: self.recipe[key] for key in ("commit", "impl", "architecture", "cuda")}
        facts["date"] = time.strftime("%Y-%m-%d", time.gmtime())
        facts["rehearsal"] = self.options.rehearse
        query = "name,driver_version,memory.total,compute_cap,clocks.max.sm,clocks.sm,power.limit"
        smi = self.commands.run(["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"], self.left(15))
        if smi["rc"] == 0 and smi["output"].strip():
            facts["gpu"] = dict(zip(query.split(","), (v.strip() for v in smi["output"].splitlines()[0].split(","))))
        else:
            facts["gpu"] = None
            facts["why"] = smi.get("problem") or (smi["output"] + smi["errors"]).strip()
        self.save("facts", facts)
        worker = self.commands.run([f"{self.pack}/bin/worker"], self.left(10))
        if worker["rc"] != WRONG_USE:  # it says how it is used
            self.problems.append("the worker does not run: " + (worker.get("problem") or worker["errors"].strip()))
        facts["processor"] = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo")
                                   if line.startswith("model name")), "unknown")
        facts["cores"] = os.cpu_count()
        facts["cublas"] = {None: "found by the loader", "": "not found"}.get(self.cublas, self.cublas)
        for tool in ("nvcc", "ncu", "compute-sanitizer"):
            path = self.tool(tool)
            told = self.commands.run([path, "--version"], self.left(15))["output"].splitlines() if path else []
            facts[tool] = next((line for line in told if "release" in line or "Version" in line), "not found" if not path else "unknown")
        if facts["gpu"] or self.options.rehearse:
            facts["context"] = self.context()
        self.save("facts", facts)
        return facts

    def context(self):
        """What one process with a context takes: the first test, judged in one process."""
        seen = {}

        def watch(child):
            while child.poll() is None:
                try:
                    for line in open(f"/proc/{child.pid}/status"):
                        if line.startswith(("VmPeak", "VmHWM", "Threads")):
                            seen[line.split(":")[0]] = line.split(":")[1].strip()
                except OSError:
                    return
                time.sleep(0.005)

        contract = self.recipe["contracts"][0]
        argv = self.checker(contract["id"], contract["plugin"], "--in-process", "--quiet", "--test", contract["tests"][0])
        ended = self.commands.run(argv, self.left(20), watch=watch)
        return {"seconds": ended["seconds"], "address_space": seen.get("VmPeak"), "memory": seen.get("VmHWM"),
                "threads": seen.get("Threads"), "rc": ended["rc"]}

    def solutions(self):
        found = []
        for contract in self.recipe["contracts"]:
            entry = {"id": contract["id"], "rebuilt": False}
            found.append(entry)
            for key, flags in (("one_process", ["--in-process"]), ("process_per_test", [])):
                entry[key] = self.judge_solution(contract, entry, flags)
                self.save("solutions", found)
            verdicts = {entry[key]["verdict"] for key in ("one_process", "process_per_test")}
            if verdicts != {"passed"}:
                self.problems.append(f"{contract['id']}: {', '.join(str(v) for v in verdicts)}")
        return found

    def judge_solution(self, contract, entry, flags):
        judged = self.judge(contract["id"], contract["plugin"], "--quiet", "--hidden", *flags, limit=40)
        told = (judged["problem"] or "") + " ".join(test["message"] for test in judged["tests"])
        unusable = "cannot be loaded" in told or "compiled for another kind of GPU" in told
        if unusable and not entry["rebuilt"] and "rebuild" in contract:
            entry["rebuilt"] = self.rebuild(contract)
            judged = self.judge(contract["id"], contract["plugin"], "--quiet", "--hidden", *flags, limit=40)
        return {key: judged[key] for key in ("verdict", "seconds", "tests", "problem")}

    def rebuild(self, contract):
        """Compiles and links a plugin again from what was carried. @returns whether that went well"""
        nvcc = self.tool("nvcc")
        if not nvcc:
            return False
        toolkit = os.path.dirname(os.path.dirname(os.path.realpath(nvcc)))
        folder = f"{self.pack}/rebuild"
        for step in contract["rebuild"]:
            words = [word.format(nvcc=nvcc, toolkit=toolkit, source=f"{folder}/source", build=folder) for word in step]
            if not self.options.rehearse and "-gencode" in words:
                words[words.index("-gencode"):words.index("-gencode") + 2] = ["-arch=native"]
            ended = self.commands.run(words, self.left(60), folder=folder)
            if ended["rc"] != 0:
                return False
        file = f"lessons/{contract['id']}/{contract['plugin']}.gpu.so"
        shutil.copy(f"{folder}/{file}", f"{self.pack}/{file}")
        return True

    def benchmark(self):
        documents, problems = [], []
        for model in CORE if not self.options.rehearse else ("tiny",):
            argv = [f"{self.pack}/bin/bench", "--device", "cuda", "--models", model, "--num-runs", "5", "--peers", "--json",
                    "--impl", self.recipe["impl"], "--plugins", f"{self.pack}/lessons/bench", "--worker",
                    f"{self.pack}/bin/worker"]
            ended = self.commands.run(argv, self.left(90), first=signal.SIGINT)
            try:
                documents.append(json.loads(ended["output"]))
            except ValueError:
                why = ended.get("problem") or f"ended with {ended['rc']}: {ended['errors'][-300:].strip()}"
                problems.append(f"{model}: {why}")
                continue
            self.save("benchmark", merged(documents))
        for case in merged(documents)["cases"] if documents else []:
            if case.get("status") in ("wrong", "failed"):
                problems.append(f"{case['workload']} {case['layer']} {case['backend']}: {case.get('problem')}")
        self.problems += [f"benchmark: {problem}" for problem in problems]
        return documents

    def counts(self):
        ncu = self.tool("ncu")
        if not ncu:
            self.save("counts", {"problem": "ncu is not here: nothing was compared", "compared": []})
            return
        found = {"problem": None, "compared": []}
        for entry in self.recipe["counts"]:
            prefix = [ncu, "--csv", "--page", "raw", "--print-units", "base", "--clock-control", "none", "--metrics",
                      ",".join((LOADS, STORES, SHARED_LOADS, SHARED_STORES))]
            judged = self.judge(entry["contract"], entry["plugin"], "--in-process", "--quiet", "--test", entry["test"],
                                limit=40, prefix=prefix)
            rows = parse_ncu(judged["output"])
            compared, problem = compare_launches(entry["launches"], rows)
            if not rows:
                problem = judged["problem"] or (judged["output"] + judged["errors"])[-300:].strip()
            found["compared"].append({"contract": entry["contract"], "test": entry["test"], "launches": compared,
                                      "problem": problem})
            self.save("counts", found)
            different = [c for c in compared if c["simulated"] != c["measured"]]
            if problem or different:
                self.problems.append(f"counts of {entry['test']}: {problem or different}")

    def sanitizer(self):
        sanitizer = self.tool("compute-sanitizer")
        if not sanitizer:
            self.save("sanitizer", {"problem": "compute-sanitizer is not here: nothing was checked", "runs": []})
            return
        found = {"problem": None, "runs": []}
        for tool in TOOLS:
            for contract in self.recipe["contracts"]:
                tests = [word for test in contract["small_tests"] for word in ("--test", test)]
                judged = self.judge(contract["id"], contract["plugin"], "--in-process", "--quiet", *tests, limit=40,
                                    prefix=[sanitizer, "--tool", tool, "--print-limit", "5"])
                text = judged["output"] + judged["errors"]
                summary = re.search(r"(?:ERROR|RACECHECK) SUMMARY: .*", text)
                entry = {"tool": tool, "contract": contract["id"], "tests": len(judged["tests"]),
                         "seconds": judged["seconds"], "summary": summary.group(0) if summary else None,
                         "problem": judged["problem"]}
                clean = bool(summary) and not re.search(r"[1-9]", summary.group(0))
                if not clean:
                    entry["said"] = text[:2000]
                    self.problems.append(f"{tool} on {contract['id']}: {entry['summary'] or entry['problem']}")
                found["runs"].append(entry)
                self.save("sanitizer", found)

    def mistakes(self):
        found = []

        def judge(mistake):
            judged = self.judge(mistake["contract"], "mistakes/" + mistake["name"], "--quiet", "--wall-seconds", "15",
                                "--test", mistake["test"], limit=30)
            test = judged["tests"][0] if judged["tests"] else {}
            caught = test.get("verdict") not in (None, "passed", "not_verifiable_here")
            return {**mistake, "verdict": test.get("verdict"), "caught": caught, "message": test.get("message"),
                    "problem": judged["problem"]}

        with concurrent.futures.ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            for result in pool.map(judge, self.recipe["mistakes"]):
                found.append(result)
                self.save("mistakes", found)
        for result in found:
            if result["expected"] and not result["caught"]:
                self.problems.append(f"mistake {result['contract']}/{result['name']} was not caught")

    def all(self, phases):
        for name in phases:
            self.phase_end = self.end if name == list(PHASES)[-1] else min(self.end, time.monotonic() + PHASES[name])
            start = time.monotonic()
            print(f"{name} ...", flush=True)
            try:
                found = getattr(self, name)()
            except Exception as error:  # whatever it is, the other phases still have their turn
                self.problems.append(f"{name}: {type(error).__name__}: {error}")
                found = None
            print(f"  {time.monotonic() - start:.1f} s", flush=True)
            if name == "facts" and not self.options.rehearse and not (found and found["gpu"]):
                print(f"There is no GPU here: {found['why'] if found else self.problems}")
                return NOT_HERE
        for problem in self.problems:
            print(f"not as expected: {problem}")
        print(f"{len(self.problems)} things are not as expected; what was found is in {self.results}")
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description="What only a GPU can tell", allow_abbrev=False)
    parser.add_argument("--results", default="gpu-results", help="folder for the JSON files (default: gpu-results)")
    parser.add_argument("--limit", type=float, default=480, help="seconds for everything (default: 480)")
    parser.add_argument("--phases", default=",".join(PHASES), help="only these: " + ",".join(PHASES))
    parser.add_argument("--rehearse", action="store_true", help="the simulator takes the place of the GPU")
    options = parser.parse_args()
    phases = options.phases.split(",")
    unknown = [phase for phase in phases if phase not in PHASES]
    if unknown:
        parser.error(f"expected phases of {', '.join(PHASES)}; found {', '.join(unknown)}")
    results = os.path.abspath(options.results)
    os.makedirs(results, exist_ok=True)
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory(prefix="workbook-gpu-") as folder:
        pack = here
        if not os.path.exists(f"{here}/pack.json"):
            with tarfile.open(f"{here}/pack.tar.xz") as archive:
                archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            pack = f"{folder}/pack"
        run = Run(options, pack, results)

        def interrupted(*_):
            run.commands.stop_all()
            raise KeyboardInterrupt

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, interrupted)
        try:
            return run.all(phases)
        except KeyboardInterrupt:
            print(f"\nInterrupted; what was found is in {results}")
            return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
