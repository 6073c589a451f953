#!/usr/bin/env python3
"""Packs what `./workbook gpu` built, so that it runs on a bare machine with a GPU.

    pack.py ROOT BUILD OUTPUT IMPL [--no-archive]

OUTPUT gets run.py and pack.tar.xz, or, with --no-archive, the folder itself: programs and plugins without symbols, the
libraries they need, what the simulator counts, which mistakes it catches by their results, and all that compiles a
solution again there.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
from tools import toolkit_of  # noqa: E402

# Every Linux system has these libraries; they are not packed.
SYSTEM_LIBRARIES = re.compile(r"^(linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so)")


def said(argv, **more):
    """A command's output. Exits if the command fails."""
    ended = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if ended.returncode != 0:
        sys.exit(f"gpu pack: {' '.join(argv)} failed:\n{ended.stdout[-2000:]}")
    return ended.stdout


def judged(checker, plugin, *flags):
    """The tests of a checker's report."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as report:
        argv = [checker, "--plugin", plugin, "--quiet", "--report", report.name, *flags]
        ended = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = [json.loads(line) for line in open(report.name)]
    if not lines or lines[-1]["event"] != "end":
        sys.exit(f"gpu pack: {' '.join(argv)} gave no verdict:\n{ended.stdout[-2000:]}")
    return [line for line in lines if line["event"] == "test"]


def mistake_header(text):
    """The quoted words of a mistake's header: the test that catches it, and perhaps what that test says."""
    return dict(re.findall(r'^(Caught by|Told as): "(.*)"', text, re.M))


class Pack:
    def __init__(self, root, build, folder, impl):
        self.root, self.build, self.folder, self.impl = root, build, folder, impl
        self.plugin = "solution" if impl == "solution" else "student"

    def copy(self, path, to=None, strip=True):
        target = f"{self.folder}/{to or path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path if os.path.isabs(path) else f"{self.build}/{path}", target)
        if strip:
            said(["strip", "--strip-unneeded", target])

    def libraries(self):
        """Shared libraries of the system that our programs need."""
        needed = set()
        for program in (f"{self.folder}/bin/{name}" for name in os.listdir(f"{self.folder}/bin")):
            for name, path in re.findall(r"(\S+) => (/\S+)", said(["ldd", program])):
                if not SYSTEM_LIBRARIES.match(name) and not path.startswith(self.folder):
                    needed.add(os.path.realpath(path) + ":" + name)
        for path, name in (library.split(":") for library in needed):
            self.copy(path, f"lib/{name}")

    def contracts(self):
        lessons = []
        for lesson in sorted(os.listdir(f"{self.root}/lessons")):
            described = f"{self.root}/lessons/{lesson}/lesson.json"
            if os.path.exists(described) and json.load(open(described)).get("track") == "cuda":
                lessons.append(lesson)
        if self.impl == "solution":  # the simulator's own tests
            lessons += ["cuda_matrix", "cuda_probe"]
        return [self.contract(lesson) for lesson in lessons]

    def contract(self, lesson):
        folder = f"lessons/{lesson}"
        self.copy(f"{folder}/checker")
        for flavour in ("gpu", "sim"):
            self.copy(f"{folder}/{self.plugin}.{flavour}.so")
        tests = json.loads(said([f"{self.build}/{folder}/checker", "--list"]))
        names = [test["name"] for test in tests]
        small = [test["name"] for test in tests if "sim" not in test["tags"] and test["group"] != "hidden"]
        compared = [{"test": test["name"], "merged": "merged" in test["tags"]} for test in tests if "ncu" in test["tags"]]
        return {"id": lesson, "plugin": self.plugin, "tests": names, "small_tests": small, "compared": compared,
                "rebuild": self.rebuild(lesson)}

    def rebuild(self, lesson):
        """The commands that make the GPU's plugin, with {nvcc}, {toolkit}, {source} and {build} in place of paths."""
        with open(f"{self.build}/lessons/{lesson}/{self.plugin}.gpu.json") as file:
            made = json.load(file)
        nvcc, object_file = made["compile"][0], made["object"]
        toolkit = toolkit_of(nvcc)
        self.carry_sources(object_file + ".d")
        for word in made["link"]:
            if word.endswith((".o", "libworkbook.so")) and word != object_file:
                self.copy(word, f"rebuild/{os.path.relpath(word, self.build)}", strip=False)
        os.makedirs(f"{self.folder}/rebuild/lessons/{lesson}/gpu", exist_ok=True)
        return [[self.portable(word, nvcc, toolkit) for word in made[step]] for step in ("compile", "link")]

    def portable(self, word, nvcc, toolkit):
        for path, name in ((nvcc, "{nvcc}"), (f"{toolkit}/bin/..", "{toolkit}"), (toolkit, "{toolkit}"),
                           (self.build, "{build}"), (self.root, "{source}"), ("/usr/include/eigen3", "{source}/eigen3")):
            word = word.replace(path, name)
        return word

    def carry_sources(self, depfile):
        for path in open(depfile).read().replace("\\\n", " ").split():
            path = os.path.realpath(path)
            eigen = path.find("/eigen3/")
            if path.startswith(self.root + "/") and os.path.isfile(path):
                self.copy(path, f"rebuild/source/{os.path.relpath(path, self.root)}", strip=False)
            elif eigen >= 0:
                self.copy(path, f"rebuild/source{path[eigen:]}", strip=False)

    def benchmark(self):
        for name in sorted(os.listdir(f"{self.build}/lessons/bench")):
            if re.search(rf"\.{self.impl}\.bench(\.gpu)?\.so$", name):
                lesson = name.split(".")[0]
                if os.path.exists(f"{self.build}/lessons/bench/{lesson}.{self.impl}.bench.gpu.so"):
                    self.copy(f"lessons/bench/{name}")
        self.copy(f"{self.root}/common/bench/torch_peer.py", "bin/torch_peer.py", strip=False)

    def counts(self, contracts):
        """What the simulator counts in each test that is tagged [ncu], launch by launch."""
        found = []
        for contract in contracts:
            folder = f"{self.build}/lessons/{contract['id']}"
            for compared in contract.pop("compared"):
                [result] = judged(f"{folder}/checker", f"{folder}/{self.plugin}.so", "--test", compared["test"])
                if result["verdict"] == "passed":  # a student's may not
                    found.append({"contract": contract["id"], "plugin": self.plugin, **compared,
                                  "launches": result["launches"]})
        return found

    def mistakes(self, contracts):
        """Each mistake, and whether its results alone make the test say what it says in the simulator. A race, say, may
        give right results on a GPU."""
        if self.impl != "solution":
            return []
        found = []
        for contract in contracts:
            folder = f"{self.root}/solutions/{contract['id']}/mistakes"
            for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                stem, ending = os.path.splitext(name)
                made = f"{self.build}/lessons/{contract['id']}/mistakes/{stem}.gpu.json"
                if ending == ".diff" and os.path.exists(made):  # see WORKBOOK_GPU_MISTAKES
                    header = mistake_header(open(f"{folder}/{name}").read())
                    found.append({"contract": contract["id"], "name": stem, "test": header["Caught by"],
                                  "told_as": header.get("Told as")})
                    for flavour in ("gpu", "sim"):
                        self.copy(f"lessons/{contract['id']}/mistakes/{stem}.{flavour}.so")

        def rehearse(mistake):
            folder = f"{self.build}/lessons/{mistake['contract']}"
            [test] = judged(f"{folder}/checker", f"{folder}/mistakes/{mistake['name']}.so", "--gpu", "--rehearse",
                            "--cpu-seconds", "20", "--test", mistake["test"])
            caught = test["verdict"] == "wrong"  # a GPU's memory ends elsewhere, so not every crash is one there
            by_simulator = test["evidence"].get("device", {}).get("faults", 0) > 0  # which a GPU does not tell
            return {**mistake, "expected": caught and not by_simulator and (mistake["told_as"] or "") in test["message"]}

        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return list(pool.map(rehearse, found))

    def make(self):
        for program in ("worker", "bench", "libworkbook.so", "libworkbook_sim.so"):
            self.copy(f"bin/{program}")
        self.libraries()
        contracts = self.contracts()
        self.benchmark()
        cache = open(f"{self.build}/CMakeCache.txt").read()
        nvcc = re.search(r"^WORKBOOK_NVCC:\w+=(.*)$", cache, re.M).group(1)
        commit = subprocess.run(["git", "-C", self.root, "describe", "--always", "--dirty"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True).stdout.strip()
        recipe = {"commit": commit or "unknown", "impl": self.impl,
                  "architecture": re.search(r"^WORKBOOK_GPU_ARCHITECTURE:\w+=(.*)$", cache, re.M).group(1),
                  "cuda": re.search(r"release (\d+\.\d+)", said([nvcc, "--version"])).group(1),
                  "counts": self.counts(contracts), "mistakes": self.mistakes(contracts), "contracts": contracts}
        with open(f"{self.folder}/pack.json", "w") as file:
            json.dump(recipe, file, indent=1)
        for script in ("run.py", "phases.py", "tools.py"):
            shutil.copy(f"{self.root}/common/gpu/{script}", self.folder)


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("root", "build", "output", "impl"):
        parser.add_argument(name)
    parser.add_argument("--no-archive", action="store_true")
    options = parser.parse_args()
    new, old = options.output + ".new", options.output + ".old"
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    Pack(options.root, options.build, f"{new}/pack", options.impl).make()
    if options.no_archive:
        finished = f"{new}/pack"
    else:
        finished = new
        with tarfile.open(f"{new}/pack.tar.xz", "w:xz", preset=6) as archive:
            archive.add(f"{new}/pack", "pack")
        shutil.move(f"{new}/pack/run.py", new)
        shutil.rmtree(f"{new}/pack")
    if os.path.exists(options.output):
        os.rename(options.output, old)
    os.rename(finished, options.output)
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
