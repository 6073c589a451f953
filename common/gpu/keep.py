#!/usr/bin/env python3
"""Keeps what run.py found on a GPU, and writes the page that shows it.

    keep.py RESULTS     copies to docs/results/gpu/<date>-<card>/ and renders docs/results/gpu.md
    keep.py --render    renders the page from what is kept
    keep.py --check     fails if the page is not what the files say
"""

import argparse
import glob
import json
import os
import re
import shutil
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = ("facts", "solutions", "benchmark", "counts", "sanitizer", "mistakes")
NOTHING = """# Measured on a GPU

Nothing has been measured on a GPU yet. [How to do it](../on_a_gpu.md).
"""


def read(folder):
    """The JSON files of one run by name; None for one that is not there. @throws ValueError if one is no JSON"""
    found = {}
    for name in FILES:
        path = f"{folder}/{name}.json"
        try:
            with open(path) as file:
                found[name] = json.load(file)
        except FileNotFoundError:
            found[name] = None
        except ValueError as error:
            raise ValueError(f"expected JSON in {path}: {error}") from error
    return found


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def cell(value):
    """A value as text that a table can hold."""
    if value is None:
        return "–"
    return re.sub(r"\s+", " ", str(value)).replace("|", "\\|").strip()


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows] + [""]


def many(count, one, more=None):
    return f"{count} {one if count == 1 else more or one + 's'}"


def solutions(found):
    def verified(judged):
        if not judged:
            return None
        tests = judged["tests"]
        kinds = [sum(test["verified"] == kind for test in tests) for kind in ("all", "values", "nothing")]
        return f"{judged['verdict'] or 'no verdict'}: {kinds[0]}, {kinds[1]}, {kinds[2]} of {len(tests)}"

    lines = ["### The tests", "",
             "For each lesson: the verdict of its code, and how many of its tests were verified completely, verified except "
             "for the simulator's counts, and not verified.", ""]
    lines += table(("lesson", "in one process", "a process for each test"),
                   [(entry["id"], *(verified(entry.get(key)) for key in ("one_process", "process_per_test")))
                    for entry in found])
    for entry in found:
        if entry["rebuilt"]:
            lines += [f"`{entry['id']}` was compiled again on the machine.", ""]
        for key in ("one_process", "process_per_test"):
            if key not in entry:
                continue
            failed = [test for test in entry[key]["tests"] if test["verdict"] not in ("passed", "not_verifiable_here")]
            lines += [f"- `{entry['id']}`, {cell(test['name'])}: {cell(test['message'])[:400]}" for test in failed]
            if entry[key]["problem"]:
                lines += [f"- `{entry['id']}`: {cell(entry[key]['problem'])}"]
    return lines + [""]


def benchmark(found):
    def share(value):
        return None if value is None else f"{100 * value:.0f} %"

    rows = []
    for case in found["cases"]:
        measured = case["status"] == "measured"
        time = f"{1e3 * case['median_s']:.3f} ms{' ~' if case['noisy'] else ''}" if measured else case["status"]
        rows.append((case["workload"], case["layer"], case["backend"], case["dtype"], time,
                     f"{case['gflops']:.0f}" if measured else None, share(case.get("share_of_peak")),
                     share(case.get("share_of_roof")), case["problem"]))
    machine = found["machine"]
    peaks = ""
    if machine.get("peak_gflops") and machine.get("bandwidth_gbs"):
        peaks = (f" Measured ceilings: {machine['peak_gflops']:.0f} GFLOP/s of float32 multiply-adds, "
                 f"{machine['bandwidth_gbs']:.0f} GB/s of reading.")
    lines = ["### The benchmark", "", f"Each result was verified before it was timed.{peaks} The columns are explained in "
             "[the benchmark](../benchmark.md).", ""]
    lines += table(("workload", "layer", "backend", "type", "median", "GFLOP/s", "of peak", "of roof", ""), rows)
    return lines + [f"- {note}" for note in found.get("notes", [])] + [""]


def counts(found):
    lines = ["### Counts: the simulator's, and what Nsight Compute measured", ""]
    if found["problem"]:
        return lines + [f"{found['problem']}.", ""]
    lines += ["Sectors of global memory, and wavefronts of shared memory: simulated, measured. *Merged*: nvcc makes one load of "
              "several in the source, or keeps a value in a register, so a GPU may need fewer shared loads.", ""]
    rows = []
    for entry in found["compared"]:
        for launch in entry["launches"]:
            pairs = [f"{a}, {cell(b)}" + (" **≠**" if differs else "" if a == b else " *merged*")
                     for a, b, differs in zip(launch["simulated"], launch["measured"], launch["differs"])]
            rows.append((entry["contract"], f"`{launch['kernel']}`", *pairs))
        if entry["problem"]:
            rows.append((entry["contract"], entry["test"], entry["problem"], None, None, None))
    return lines + table(("lesson", "kernel", "loads", "stores", "shared loads", "shared stores"), rows)


def sanitizer(found):
    lines = ["### compute-sanitizer", ""]
    if found["problem"]:
        return lines + [f"{found['problem']}.", ""]
    return lines + table(("tool", "lesson", "tests", "verdict", "it says"),
                         [(run["tool"], run["contract"], run["tests"], run["verdict"], run["summary"] or run["problem"])
                          for run in found["runs"]])


def mistakes(found):
    expected = [mistake for mistake in found if mistake["expected"]]
    missed = [mistake for mistake in expected if not mistake["as_told"]]
    others = [mistake for mistake in found if not mistake["expected"]]
    caught = [mistake for mistake in others if mistake["caught"]]
    lines = ["### The mistakes", "",
             f"{many(len(expected), 'mistake')} should be caught by their results alone, in the words of the simulator; "
             f"{len(expected) - len(missed)} were. Of the {len(others)} others, which the simulator finds by races, accesses "
             f"out of bounds or counts, the tests on the GPU caught {len(caught)}.", ""]
    return lines + table(("not told as in the simulator", "the simulator says", "on the GPU"),
                         [(f"{m['contract']}/{m['name']}", m["told_as"], m["verdict"] or m["problem"]) for m in missed]
                         ) if missed else lines


def section(name, run):
    facts = run["facts"]
    gpu = facts["gpu"]
    context = facts.get("context") or {}
    again = re.fullmatch(rf"{facts['date']}-{slug(gpu['name'])}-(\d+)", name)
    lines = [f"## {gpu['name']}, {facts['date']}{', run ' + again.group(1) if again else ''}", "",
             f"Driver {gpu['driver_version']}, {gpu['memory.total']}, compute capability {gpu['compute_cap']}, at most "
             f"{gpu['clocks.max.sm']}, {gpu['power.limit']}; host {facts.get('processor', 'unknown')} with "
             f"{facts.get('cores', '?')} cores. CUDA {facts['cuda']}, compiled for {facts['architecture']}, commit "
             f"`{facts['commit']}`, {'the solutions' if facts['impl'] == 'solution' else 'a student’s lessons'}. cuBLAS: "
             f"{facts.get('cublas')}. One process with a context: {context.get('seconds')} s, "
             f"{context.get('address_space')} of addresses, {context.get('memory')} of memory. "
             f"The files: `docs/results/gpu/{name}/`.", ""]
    for part, show in (("solutions", solutions), ("benchmark", benchmark), ("counts", counts), ("sanitizer", sanitizer),
                       ("mistakes", mistakes)):
        if run[part] is None:
            lines += [f"There is no {part}.json of this run.", ""]
        else:
            lines += show(run[part])
    return lines


def page(root):
    """docs/results/gpu.md: the newest run first."""
    folders = sorted((path[:-1] for path in glob.glob(f"{root}/docs/results/gpu/*/")), reverse=True)
    if not folders:
        return NOTHING
    lines = ["# Measured on a GPU", "", "Written by `./workbook gpu keep`, from what [`./workbook gpu`](../on_a_gpu.md) found.", ""]
    for folder in folders:
        lines += section(os.path.basename(folder), read(folder))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def without_hidden_tests(run):
    """A run that may be published: hidden tests keep their place in place of their names and messages."""
    names = {}
    for lesson in run["solutions"] or []:
        for judged in (lesson[key] for key in ("one_process", "process_per_test") if key in lesson):
            for number, test in enumerate(judged["tests"], 1):
                if test["group"] == "hidden":
                    names[test["name"]] = f"hidden test {number}"
                    test.update(name=names[test["name"]], message="")
    for mistake in run["mistakes"] or []:
        if mistake["test"] in names:
            mistake.update(test=names[mistake["test"]], told_as=None, message="")
    return run


def write_atomically(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


def in_lines(content):
    """JSON with a line for each element of a list: short, and yet a diff shows what changed."""
    def line(value):
        return json.dumps(value, ensure_ascii=False)

    def lines(values):
        return "[\n" + ",\n".join(map(line, values)) + "\n]"

    if isinstance(content, list):
        return lines(content) + "\n"
    parts = (f"{line(key)}: {lines(value) if isinstance(value, list) and value else line(value)}"
             for key, value in content.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def keep(results, root):
    run = without_hidden_tests(read(results))
    facts = run["facts"]
    if not facts:
        sys.exit(f"gpu keep: expected a folder that run.py has written, found no facts.json in {results}")
    if facts["rehearsal"] or not facts["gpu"]:
        why = "it was a rehearsal" if facts["rehearsal"] else "there was no GPU"
        sys.exit(f"gpu keep: nothing of {results} is kept: {why}")
    name = f"{facts['date']}-{slug(facts['gpu']['name'])}"
    taken = f"{root}/docs/results/gpu/{name}"
    number = 1
    while os.path.exists(taken if number == 1 else f"{taken}-{number}"):
        number += 1
    folder = taken if number == 1 else f"{taken}-{number}"
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    shutil.rmtree(folder + ".new", ignore_errors=True)
    os.makedirs(folder + ".new")
    for file in FILES:
        if run[file] is not None:
            with open(f"{folder}.new/{file}.json", "w") as kept:
                kept.write(in_lines(run[file]))
    os.rename(folder + ".new", folder)
    write_atomically(f"{root}/docs/results/gpu.md", page(root))
    print(f"Kept in {os.path.relpath(folder)}; docs/results/gpu.md is written anew. `./workbook docs` draws the report.")


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("results", nargs="?")
    parser.add_argument("--root", default=ROOT)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--render", action="store_true")
    what.add_argument("--check", action="store_true")
    options = parser.parse_args()
    written = f"{options.root}/docs/results/gpu.md"
    try:
        if options.render:
            write_atomically(written, page(options.root))
        elif options.check:
            if open(written).read() != page(options.root):
                sys.exit("docs/results/gpu.md is not what the files in docs/results/gpu say; run common/gpu/keep.py --render")
        elif options.results:
            keep(options.results, options.root)
        else:
            parser.error("expected RESULTS, or --render, or --check")
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f"gpu keep: expected files that run.py has written; {type(error).__name__}: {error}")
    except OSError as error:
        sys.exit(f"gpu keep: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
