#!/usr/bin/env python3
"""What is made of the words of other programs."""

import io
import os
import random
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import tools  # noqa: E402

COLUMNS = ["ID", "Kernel Name", "Block Size", "Grid Size", tools.LOADS, tools.STORES, tools.SHARED_LOADS, tools.SHARED_STORES]


def csv_text(rows):
    return "\n".join(",".join(f'"{value}"' for value in row) for row in rows) + "\n"


def launch(loads):
    return {"kernel": "f", "grid": [2, 1, 1], "block": [64, 1, 1], "loads": {"sectors": loads},
            "stores": {"sectors": 1}, "shared_loads": {"wavefronts": 2}, "shared_stores": {"wavefronts": 3}}


def row(number, loads, block="(64, 1, 1)"):
    return [number, "void f<(int)2>(float *, int)", block, "(2, 1, 1)", loads, "1", "2", "3"]


NCU = "==PROF== Connected to process 7\n" + csv_text([COLUMNS, ["", "", "", "", "sector"], row(0, "9"), row(1, "1,024")])


class Counts(unittest.TestCase):
    def test_rows_of_ncu_follow_its_messages_and_units(self):
        rows = tools.parse_ncu(NCU)
        self.assertEqual([entry["ID"] for entry in rows], ["0", "1"])
        self.assertEqual(tools.number(rows[1][tools.LOADS]), 1024)

    def test_kernels_of_the_driver_are_passed_over(self):
        rows = tools.parse_ncu(csv_text([COLUMNS, row(0, "7", "(1024, 1, 1)"), row(1, "1024"), row(2, "9")]))
        compared, problem, at = tools.compare_launches([launch(1024), launch(8)], rows)
        self.assertEqual(at, 3)
        self.assertIsNone(problem)
        self.assertEqual(compared[0]["simulated"], compared[0]["measured"])
        self.assertNotEqual(compared[1]["simulated"], compared[1]["measured"])

    def test_a_gpu_may_need_fewer_shared_loads_where_nvcc_merges_them_and_never_more(self):
        for shared, merged, differs in ((5, False, True), (5, True, False), (6, True, False), (7, True, True)):
            columns = [*COLUMNS[:-2], tools.SHARED_LOADS, tools.SHARED_STORES]
            rows = tools.parse_ncu(csv_text([columns, [*row(0, "1")[:-2], str(shared), "0"]]))
            expected = {**launch(1), "shared_loads": {"wavefronts": 6}}
            [compared], _, _ = tools.compare_launches([expected], rows, merged=merged)
            self.assertEqual(compared["differs"][2], differs)

    def test_launches_that_are_missing_or_others_are_told(self):
        rows = tools.parse_ncu(NCU)
        compared, problem, at = tools.compare_launches([launch(1)] * 3, rows)
        self.assertEqual((len(compared), at), (2, 0))  # what was measured is kept, and the next test starts over
        self.assertIn("launch 3 of 3", problem)
        others = tools.parse_ncu(csv_text([COLUMNS, row(0, "1", "(32, 1, 1)")]))
        self.assertIn("was not seen", tools.compare_launches([launch(1)], others)[1])

    def test_a_metric_that_is_not_there_is_no_number(self):
        text = csv_text([COLUMNS[:5], row(0, "n/a")[:5]])
        compared, _, _ = tools.compare_launches([launch(1)], tools.parse_ncu(text))
        self.assertEqual(compared[0]["measured"], [None] * 4)

    def test_no_text_of_ncu_is_a_fault(self):
        chance = random.Random(1)
        for _ in range(5000):
            text = list(NCU)
            for _ in range(chance.randrange(1, 20)):
                place = chance.randrange(len(text))
                text[place:place + chance.randrange(3)] = chance.choice(["", '"', ",", "\n", "x", "\0", "7"])
            text = "".join(text)[:chance.randrange(len(text) + 1)]
            tools.compare_launches([launch(1)], tools.parse_ncu(text))


class Processes(unittest.TestCase):
    def test_nothing_that_is_left_behind_holds_anybody_up(self):
        commands = tools.Commands(io.StringIO(), dict(os.environ))
        # A grandchild in a group of its own keeps the output open, as a peer of the benchmark does.
        leaves = "import os, subprocess; print(subprocess.Popen(['sleep', '600'], preexec_fn=os.setpgrp).pid)"
        ended = commands.run([sys.executable, "-c", leaves], 100)
        self.assertEqual(ended["rc"], 0)
        limit = time.monotonic() + 10
        while self.runs(int(ended["output"])) and time.monotonic() < limit:
            os.sched_yield()  # it was killed, and may take a moment
        self.assertFalse(self.runs(int(ended["output"])))

    def test_what_does_not_end_is_ended_and_told(self):
        ended = tools.Commands(io.StringIO(), dict(os.environ)).run(["sleep", "600"], 0.01)
        self.assertEqual(ended["rc"], -9)
        self.assertIn("did not end", ended["problem"])

    def test_a_program_that_is_not_there_is_told(self):
        self.assertIn("cannot run", tools.Commands(io.StringIO(), {}).run(["/no/such/program"], 9)["problem"])

    def test_the_toolkit_is_where_nvcc_says_and_not_where_a_script_of_its_name_is(self):
        with tempfile.TemporaryDirectory() as folder:
            nvcc = f"{folder}/bin/nvcc"
            os.mkdir(f"{folder}/bin")
            for script, toolkit in (("#!/bin/sh\necho '#$ TOP=/opt/cuda/bin/..' >&2\n", "/opt/cuda"),
                                    ("#!/bin/sh\nexit 1\n", os.path.realpath(folder)),
                                    ("#!/no/such/shell\n", os.path.realpath(folder))):
                with open(nvcc, "w") as file:
                    file.write(script)
                os.chmod(nvcc, 0o755)
                self.assertEqual(tools.toolkit_of(nvcc), toolkit)

    @staticmethod
    def runs(pid):
        try:
            return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False


class Documents(unittest.TestCase):
    def test_runs_become_one_document(self):
        documents = [{"machine": {"peak": 1}, "cases": [{"workload": "a"}], "capabilities": [1]},
                     {"machine": {"peak": 2}, "cases": [{"workload": "a"}, {"workload": "b"}], "capabilities": [1, 2]}]
        whole = tools.merged(documents)
        self.assertEqual(len(whole["cases"]), 3)
        self.assertEqual(whole["capabilities"], [1, 2])
        self.assertEqual(whole["machine"], {"peak": 1})


if __name__ == "__main__":
    unittest.main()
