"""Prints what the problem matchers of a task find in the output that is given: file:line: severity: message.

    problems_of_task.py TASKS_JSON LABEL <OUTPUT
"""

import json
import re
import sys


def problems(matcher, lines):
    patterns = matcher["pattern"]
    patterns = patterns if isinstance(patterns, list) else [patterns]
    for first in range(len(lines) - len(patterns) + 1):
        found = {"severity": matcher.get("severity", "error")}
        for pattern, line in zip(patterns, lines[first:]):
            match = re.search(pattern["regexp"], line)
            if match is None:
                break
            found.update({part: match[group] for part, group in pattern.items() if part != "regexp"})
        else:
            yield "{file}:{line}: {severity}: {message}".format(**found)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        tasks = {task["label"]: task for task in json.load(file)["tasks"]}
    lines = sys.stdin.read().splitlines()
    for matcher in tasks[sys.argv[2]]["problemMatcher"]:
        for problem in problems(matcher, lines):
            print(problem)


main()
