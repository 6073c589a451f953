#!/usr/bin/env python3
"""A class of forty with the oddities of platforms, archives, clocks and editors, graded at rest and on a busy machine.

    odd_class.py REPOSITORY BUILD_FOLDER [FOLDER_TO_KEEP]

Both times the results have to be the same bytes, and every student has to have the points that are written here."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

REPOSITORY, BUILD = sys.argv[1:3]
LESSON = "01_stable_softmax"
FILE = "stable_softmax.cpp"

# What the lesson's tests are worth: all of them, a day late, and without those of the function that some break.
TESTS = json.loads(subprocess.check_output([f"{BUILD}/lessons/{LESSON}/checker", "--list"]))
ALL = sum(test["points"] for test in TESTS)
LATE = round(ALL * 0.9, 2)
NO_SOFTMAX = sum(test["points"] for test in TESTS if test["function"] != "softmax")


def read(path):
    with open(f"{REPOSITORY}/{path}") as file:
        return file.read()


SOLUTION = read(f"solutions/{LESSON}/{FILE}")
OPENING = "Tensor stable_softmax::softmax(const Tensor& logits) {\n"
assert OPENING in SOLUTION


def softmax_with(statement, header="ctime"):
    return f"#include <{header}>\n" + SOLUTION.replace(OPENING, OPENING + statement + "\n")


LOOPS = softmax_with("for (volatile bool on = true; on;) {}")
SLEEPS = softmax_with("std::this_thread::sleep_for(std::chrono::hours(1));", "thread")
SLOW = softmax_with("static std::clock_t start = std::clock(); while (std::clock() - start < 2 * CLOCKS_PER_SEC) {}")
PRINTS = softmax_with('for (int i = 0; i < 100000; ++i) std::puts("here");', "cstdio")
BROKEN = SOLUTION.replace("Tensor weights(logits.shape());", "Tensor weights(logits.shape())", 1)
STUB = read(f"lessons/{LESSON}/{FILE}")


def zipped(files, encoding=None):
    """A zip's bytes. With an encoding, names are written in it, without the flag that says UTF-8."""

    class Info(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):
            return self.filename.encode(encoding), self.flag_bits & ~0x800

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = (Info if encoding else zipfile.ZipInfo)(name, (2026, 3, 1, 10, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def tarred(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            data = data.encode() if isinstance(data, str) else data
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


def loose(source, name=FILE):
    return {name: source}


SUBMISSION = zipped({f"lessons/{LESSON}/{FILE}": SOLUTION})
GRADESCOPE = """---
submission_101:
  :submitters:
  - :name: Ada Pair
    :sid: '00171'
    :email: ada@example.org
  - :name: Bob Pair
    :sid: '00172'
    :email: bob@example.org
  :created_at: 2026-03-01 09:00:00 +0000
"""

# What the class handed in: names in the class's folder, with their content.
CLASS = {
    # Names
    f"Björn/{FILE}": SOLUTION,
    "李雷.zip": SUBMISSION,
    "Zoë.tar.gz": tarred({f"Übung/{FILE}": SOLUTION}),
    "ute.zip": zipped({f"Übung 1/{FILE}": SOLUTION, "Übung 1/läuft.txt": "ja"}),
    "noel.zip": zipped({f"été/{FILE}": SOLUTION}, "cp437"),
    "taro.zip": zipped({f"課題/{FILE}": SOLUTION}, "shift_jis"),
    "jane@example.org.zip": SUBMISSION,
    "0012345.zip": SUBMISSION,
    "=1+1.zip": SUBMISSION,
    "O'Brien, Pat.zip": SUBMISSION,
    "-dash.zip": SUBMISSION,
    # Platforms
    "doejane_LATE_501_9001_submission.zip": SUBMISSION,
    f"roejohn_502_9002_{FILE}": STUB,
    f"roejohn_502_9003_{FILE.replace('.cpp', '-1.cpp')}": SOLUTION,
    f"Jim Moodle_7001_assignsubmission_file_/{FILE}": SOLUTION,
    f"Essay_1_j_smith_attempt_2026-03-01-23-30-00_{FILE}": SOLUTION,
    "Essay_1_j_smith_attempt_2026-03-01-23-30-00.txt": "Name: J Smith",
    f"Essay_1_m_smith_attempt_2026-03-01-22-30-00_{FILE}": BROKEN,
    f"4711-99 - Kim Bright - Mar 1, 2026 1130 PM/{FILE}": SOLUTION,
    f"submission_101/{FILE}": SOLUTION,
    "submission_metadata.yml": GRADESCOPE,
    # Archives and editors
    "empty.zip": b"",
    "truncated.zip": SUBMISSION[: len(SUBMISSION) // 2],
    "built.zip": zipped({f"attention/build/keep/{FILE}": SOLUTION}),
    f"bom/{FILE}": "\ufeff" + SOLUTION,
    f"utf16/{FILE}": SOLUTION.encode("utf-16"),
    f"crlf/{FILE}": SOLUTION.replace("\n", "\r\n"),
    "rar.rar": b"Rar!\x1a\x07\x01\x00",
    "twice.zip": SUBMISSION,
    "twice (1).zip": zipped({FILE: STUB}),
    f"case/{FILE.title()}": SOLUTION,
    "deep.zip": zipped({f"a/b/c/lessons/{LESSON}/{FILE}": SOLUTION, "__MACOSX/a/._b": b"\0\5\x16\7"}),
    # What programs do
    f"loops/{FILE}": LOOPS,
    f"sleeps/{FILE}": SLEEPS,
    f"slow/{FILE}": SLOW,
    f"prints/{FILE}": PRINTS,
    f"broken/{FILE}": BROKEN,
    f"stub/{FILE}": STUB,
    f"plain/{FILE}": SOLUTION,
    "nothing/readme.txt": "I was ill.",
}

# By the name that the class gets. None: refused, so no score.
EXPECTED = {
    "0012345": ALL,
    "Ada_Pair_00171": ALL,
    "Bj__rn-e0beee96": ALL,
    "Bob_Pair_00172": ALL,
    "Jim_Moodle_7001": ALL,
    "Kim_Bright_4711": LATE,
    "O_Brien__Pat-4855edd9": ALL,
    "Zo__-c6a12698": ALL,
    "_1_1-bac90eef": ALL,
    "______-3a47328a": ALL,
    "_dash-b693fbbf": ALL,
    "bom": ALL,
    "broken": 0,
    "built": None,
    "case": None,
    "crlf": ALL,
    "deep": ALL,
    "doejane_501": ALL,
    "empty": None,
    "j_smith": LATE,
    "jane_example.org-13d855ce": ALL,
    "loops": NO_SOFTMAX,
    "m_smith": 0,
    "noel": ALL,
    "nothing": None,
    "plain": ALL,
    "prints": ALL,
    "rar.rar": None,
    "roejohn_502": ALL,
    "sleeps": NO_SOFTMAX,
    "slow": ALL,
    "stub": 0,
    "taro": ALL,
    "truncated": None,
    "twice": ALL,
    "twice__1_-bce50a85": 0,
    "ute": ALL,
    "utf16": ALL,
}

POLICY = {
    "time_zone": "Europe/Berlin",
    "lessons": {LESSON: {"due": "2026-03-01 22:30"}},
    "late": {"percent_per_day": 10, "days": 5},
    "extensions": {"jane@example.org": {"days": 1}},
}


def write_class(folder):
    for name, data in CLASS.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)


class BusyMachine:
    """Four processes for each processor that compute and do nothing else."""

    def __enter__(self):
        shell = ["sh", "-c", "while :; do :; done"]
        self.processes = [subprocess.Popen(shell) for _ in range(4 * os.cpu_count())]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def grade(out):
    environment = {
        "PATH": os.environ["PATH"],
        "WORKBOOK_ROOT": REPOSITORY,
        "WORKBOOK_BUILD_DIR": BUILD,
        "WORKBOOK_COMMAND": "./workbook",
    }
    command = [f"{BUILD}/bin/grading", "grade", "class", "-o", out, "-j", "2", "--policy", "policy.json"]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with open(out + ".log", "w") as log:
        log.write(run.stdout)
    return run


def scores(out):
    with open(f"{out}/grades.csv", newline="", encoding="utf-8") as file:
        return {row["student"]: float(row["score"]) if row["score"] else None for row in csv.DictReader(file)}


def main():
    folder = sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    write_class("class")
    with open("policy.json", "w") as file:
        json.dump(POLICY, file)
    failures = []
    at_rest = grade("at_rest")
    if at_rest.returncode != 0:
        failures.append(at_rest.stdout[-3000:])
    os.makedirs("busy/cache")
    shutil.copy("at_rest/cache/seed", "busy/cache/seed")
    with BusyMachine():
        if grade("busy").returncode != 0:
            failures.append("graded on a busy machine with another exit code")
    same = ["diff", "-r", "--exclude=cache", "--exclude=timing.svg", "at_rest", "busy"]
    different = subprocess.run(same, stdout=subprocess.PIPE, text=True)
    if different.returncode != 0:
        failures.append("on a busy machine the results are others:\n" + different.stdout[:3000])
    found = scores("at_rest")
    for student in sorted(EXPECTED.keys() | found.keys()):
        expected, got = EXPECTED.get(student, "no such student"), found.get(student, "no such student")
        if expected != got:
            failures.append(f"{student}: expected {expected} points, found {got}")
    if len(sys.argv) <= 3:
        shutil.rmtree(folder)
    for failure in failures:
        print("FAIL", failure)
    print(f"{len(found)} students, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
