"""The phases of run.py: what is asked of a GPU, in which order."""

import concurrent.futures
import json
import os
import re
import shutil
import signal
import tempfile
import time

from tools import (GRACE, METRICS, Commands, compare_launches, cublas_folder, driver_folder, first_gpu,
                   found_program, merged, parse_ncu, toolkit_of, watch_peaks)

# Seconds that a phase may take; what one does not need, later ones have besides, as long as --limit allows.
PHASES = {"facts": 50, "solutions": 120, "benchmark": 150, "counts": 60, "sanitizer": 50, "mistakes": 90}
CORE = ("core_d64", "decode_gqa", "core_d128", "core_gqa", "core_d32")
TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
NOT_HERE, WRONG_USE = 15, 2
SHOWN = 40  # problems that are printed, a line each; the files say more


class Run:
    def __init__(self, options, pack, results):
        self.options, self.pack, self.results = options, pack, results
        self.recipe = json.load(open(f"{pack}/pack.json"))
        self.end = time.monotonic() + options.limit
        self.phase_end = self.end
        environment = dict(os.environ, CUDA_MODULE_LOADING="LAZY", TMPDIR=tempfile.gettempdir())
        self.cublas = cublas_folder(self.recipe["cuda"].split(".")[0])
        paths = [f"{pack}/bin", f"{pack}/lib", driver_folder(), environment.get("LD_LIBRARY_PATH")]
        environment["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
        self.commands = Commands(open(f"{results}/log.txt", "w"), environment)
        self.problems = []
        self.how = []  # how mistakes are run

    def left(self, most):
        return min(most, self.phase_end - time.monotonic())

    def save(self, name, content):
        temporary = f"{self.results}/.{name}.json"
        with open(temporary, "w") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
        os.replace(temporary, f"{self.results}/{name}.json")

    def checker(self, contract, plugin, *flags):
        lesson = f"{self.pack}/lessons/{contract}"
        rehearse = ["--rehearse"] if self.options.rehearse else []
        return [f"{lesson}/checker", "--plugin", f"{lesson}/{plugin}.so", "--worker", f"{self.pack}/bin/worker",
                "--gpu", *rehearse, "--cpu-seconds", "60", "--wall-seconds", "20", *flags]

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
        wanted = ("name", "group", "verdict", "verified", "message", "duration_s", "launches")
        tests = [{key: line[key] for key in wanted if key in line}
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
        facts["gpu"], facts["why"] = first_gpu(self.commands, found_program("nvidia-smi"), self.left(40))
        self.save("facts", facts)
        worker = self.commands.run([f"{self.pack}/bin/worker"], self.left(10))
        if worker["rc"] != WRONG_USE:  # it says how it is used
            self.problems.append("the worker does not run: " + (worker.get("problem") or worker["errors"].strip()))
        described = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
        model = re.search(r"^model name\s*: (.*)$", described, re.M)
        facts["processor"] = model.group(1) if model else "unknown"
        facts["cores"] = os.cpu_count()
        facts["cublas"] = {None: "found by the loader", "": "not found"}.get(self.cublas, self.cublas)
        for tool in ("nvcc", "ncu", "compute-sanitizer"):
            path = found_program(tool)
            told = self.commands.run([path, "--version"], self.left(15))["output"].splitlines() if path else []
            version = [line for line in told if "release" in line or "Version" in line]
            facts[tool] = version[0] if version else "unknown" if path else "not found"
        if facts["gpu"] or self.options.rehearse:
            facts["context"] = self.context()
        self.save("facts", facts)
        return facts

    def context(self):
        """What one process with a context takes: the first test, judged in one process."""
        seen = {}
        contract = self.recipe["contracts"][0]
        argv = self.checker(contract["id"], contract["plugin"], "--in-process", "--quiet", "--test", contract["tests"][0])
        ended = self.commands.run(argv, self.left(20), watch=lambda child: watch_peaks(child, seen))
        return {"seconds": ended["seconds"], "address_space": seen.get("VmPeak"), "memory": seen.get("VmHWM"),
                "threads": seen.get("Threads"), "rc": ended["rc"]}

    def solutions(self):
        kinds = {"one_process": ["--in-process"], "process_per_test": []}
        found = [{"id": contract["id"], "rebuilt": False} for contract in self.recipe["contracts"]]
        for key, flags in kinds.items():
            # Each process starts a context of its own, which takes long; several can do so at once.
            judged = self.in_turn(lambda both: self.judge_solution(*both, flags), zip(self.recipe["contracts"], found),
                                  at_once=1 if key == "one_process" else 6)
            for entry, result in zip(found, judged):
                entry[key] = result
                self.save("solutions", [entry for entry in found if "one_process" in entry])
        verified = {key: any("all" == test.get("verified") for entry in found for test in entry[key]["tests"]) for key in kinds}
        if verified["one_process"] and not verified["process_per_test"]:
            self.how = ["--in-process"]  # workers cannot use the GPU
        for entry in found:
            verdicts = [entry[key]["verdict"] for key in kinds]
            if not set(verdicts) <= {"passed", "not_started"}:  # a student may not have come to it yet
                self.problems.append(f"{entry['id']}: {' in one process, '.join(str(v) for v in verdicts)}")

    @staticmethod
    def in_turn(function, items, at_once):
        """The results one by one, in the order of the items."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(at_once, os.cpu_count() or 1)) as pool:
            yield from pool.map(function, items)

    def judge_solution(self, contract, entry, flags):
        judged = self.judge(contract["id"], contract["plugin"], "--quiet", "--hidden", *flags, limit=80)
        told = (judged["problem"] or "") + " ".join(test["message"] for test in judged["tests"])
        unusable = "cannot be loaded" in told or "compiled for another kind of GPU" in told
        if unusable and not entry["rebuilt"] and "rebuild" in contract:
            entry["rebuilt"] = self.rebuild(contract)
            judged = self.judge(contract["id"], contract["plugin"], "--quiet", "--hidden", *flags, limit=80)
        return {key: judged[key] for key in ("verdict", "seconds", "tests", "problem")}

    def rebuild(self, contract):
        """Compiles and links a plugin again from what was carried. @returns whether that went well"""
        nvcc = found_program("nvcc")
        if not nvcc:
            return False
        toolkit = toolkit_of(nvcc)
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
        """All workloads in one program, whose workers then start once; if it gives no document, one by one."""
        documents, problems = [], []
        # For this program alone: NVIDIA's tools have libraries of the same names as those beside cuBLAS.
        paths = self.commands.environment["LD_LIBRARY_PATH"]
        more = {"LD_LIBRARY_PATH": f"{paths}:{self.cublas}"} if self.cublas else None
        for model in ("tiny",) if self.options.rehearse else ("core", *CORE):
            argv = [f"{self.pack}/bin/bench", "--device", "cuda", "--models", model, "--num-runs", "5", "--peers", "--json",
                    "--impl", self.recipe["impl"], "--plugins", f"{self.pack}/lessons/bench", "--worker",
                    f"{self.pack}/bin/worker"]
            limit = self.left(PHASES["benchmark"]) - GRACE
            ended = self.commands.run(argv, limit if model == "core" else min(limit, 60), first=signal.SIGINT, more=more)
            try:
                documents.append(json.loads(ended["output"]))
            except ValueError:
                why = ended.get("problem") or f"ended with {ended['rc']}: {ended['errors'][-300:].strip()}"
                problems.append(f"{model}: {why}")
                continue
            self.save("benchmark", merged(documents))
            if ended.get("problem"):
                problems.append(f"{model}: {ended['problem']}; what it had by then is there")
            if model == "core":
                break
        for case in merged(documents)["cases"] if documents else []:
            if case.get("status") in ("wrong", "failed") and not case.get("problem", "").startswith("not started"):
                problems.append(f"{case['workload']} {case['layer']} {case['backend']}: {case.get('problem')}")
        self.problems += [f"benchmark: {problem}" for problem in problems]
        return documents

    def counts(self):
        """One start of ncu for each lesson, which takes seconds; what it prints is cut by tests afterwards."""
        ncu = found_program("ncu")
        found = {"problem": None if ncu else "ncu is not here: nothing was compared", "compared": []}
        self.save("counts", found)
        for contract in self.recipe["contracts"]:
            entries = [entry for entry in self.recipe["counts"] if entry["contract"] == contract["id"]]
            if not entries or not (ncu or self.options.rehearse):
                continue
            prefix = [ncu, "--csv", "--page", "raw", "--print-units", "base", "--clock-control", "none", "--metrics",
                      ",".join(METRICS)] if ncu else []
            names = [word for entry in entries for word in ("--test", entry["test"])]
            judged = self.judge(contract["id"], contract["plugin"], "--in-process", "--quiet", *names, limit=50, prefix=prefix)
            if "ERR_NVGPUCTRPERM" in judged["output"] + judged["errors"]:
                found["problem"] = "ncu may not read the GPU's counters here (ERR_NVGPUCTRPERM): nothing was compared"
                self.save("counts", found)
                return
            if ncu:
                found["compared"] += self.compared(entries, judged)
                self.save("counts", found)
            elif [len(test.get("launches", [])) for test in judged["tests"]] != [len(e["launches"]) for e in entries]:
                self.problems.append(f"a test of {contract['id']} makes fewer launches where it cannot count them")

    def compared(self, entries, judged):
        rows, at, all_compared = parse_ncu(judged["output"]), 0, []
        for entry in entries:
            compared, problem, at = compare_launches(entry["launches"], rows, at, entry["merged"])
            if not rows:
                problem = judged["problem"] or (judged["output"] + judged["errors"])[-300:].strip()
            all_compared.append({"contract": entry["contract"], "test": entry["test"], "merged": entry["merged"],
                                 "launches": compared, "problem": problem})
            different = [launch for launch in compared if any(launch["differs"])]
            if problem or different:
                self.problems.append(f"counts of {entry['test']}: {problem or different}")
        return all_compared

    def sanitizer(self):
        sanitizer = found_program("compute-sanitizer")
        if not sanitizer:
            self.save("sanitizer", {"problem": "compute-sanitizer is not here: nothing was checked", "runs": []})
            return
        found = {"problem": None, "runs": []}

        def check(run):
            tool, contract = run
            tests = [word for test in contract["small_tests"] for word in ("--test", test)]
            prefix = ["env", "WORKBOOK_KEEP_SHARED=1", sanitizer, "--tool", tool, "--print-limit", "5"]
            if tool == "memcheck":  # a test asks for memory that does not fit, and the runtime tries the driver's functions
                prefix += ["--report-api-errors", "no"]
            judged = self.judge(contract["id"], contract["plugin"], "--in-process", "--quiet", *tests, limit=50,
                                prefix=prefix)
            text = judged["output"] + judged["errors"]
            summary = re.search(r"(?:ERROR|RACECHECK) SUMMARY: .*", text)
            entry = {"tool": tool, "contract": contract["id"], "tests": len(judged["tests"]),
                     "seconds": judged["seconds"], "summary": summary.group(0) if summary else None,
                     "problem": judged["problem"], "verdict": judged["verdict"]}
            if not summary or re.search(r"[1-9]", summary.group(0)) or judged["verdict"] != "passed":
                entry["said"] = text[:2000]
            return entry

        for entry in self.in_turn(check, [(tool, contract) for tool in TOOLS for contract in self.recipe["contracts"]], 4):
            found["runs"].append(entry)
            self.save("sanitizer", found)
            if "said" in entry:
                told = entry["summary"] or entry["problem"]
                self.problems.append(f"{entry['tool']} on {entry['contract']}: {told}; verdict {entry['verdict']}")

    def mistakes(self):
        found = []

        def judge(mistake):
            judged = self.judge(mistake["contract"], "mistakes/" + mistake["name"], "--quiet", *self.how, "--test",
                                mistake["test"], limit=30)
            test = judged["tests"][0] if judged["tests"] else {}
            caught = test.get("verdict") not in (None, "passed", "not_verifiable_here")
            as_told = caught and (mistake["told_as"] or "") in test.get("message", "")
            return {**mistake, "verdict": test.get("verdict"), "caught": caught, "as_told": as_told,
                    "message": test.get("message"), "problem": judged["problem"]}

        for result in self.in_turn(judge, self.recipe["mistakes"], 6):
            found.append(result)
            self.save("mistakes", found)
        for result in found:
            if result["expected"] and not result["as_told"]:
                said = result["verdict"] or result["problem"]
                self.problems.append(f"mistake {result['contract']}/{result['name']} was not told as in the simulator: {said}")

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
        for problem in self.problems[:SHOWN]:
            print(f"not as expected: {(problem.splitlines() or [''])[0][:240]}")
        if len(self.problems) > SHOWN:
            print(f"... and {len(self.problems) - SHOWN} more")
        count = len(self.problems)
        print(f"{count} {'thing is' if count == 1 else 'things are'} not as expected; what was found is in {self.results}")
        return 1 if self.problems else 0
