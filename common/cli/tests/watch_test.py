#!/usr/bin/env python3
"""Saves files in every way and reads what `./workbook watch` says of them, with and without a terminal.
    watch_test.py REPOSITORY COMMAND_LINE_PROGRAM
"""

import os
import shutil
import signal
import sys
import termios
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from watch_tree import (KEYS, PRISTINE, RIGHT, STUB, TREE, WRONG, Lines, Terminal, content, delete_and_create,  # noqa: E402
                        held, is_compiled, rename_over, source, until, write_in_place)


class WithoutTerminal(unittest.TestCase):
    def setUp(self):
        write_in_place(PRISTINE)
        self.watch = Lines()
        self.expect(r"^01 adding: not started · 0 of 6 tests · 0 of 12 points · [\d.]+ s$")

    def tearDown(self):
        code, rest = self.watch.end()
        self.assertEqual((code, rest), (130, ""), "it ends, and has nothing more to say")

    def expect(self, pattern):
        self.assertRegex(self.watch.next(), pattern)

    def test_every_way_of_saving_gives_one_line(self):
        for save in write_in_place, rename_over, delete_and_create:
            with self.subTest(save.__name__):
                save(WRONG)
                self.expect(r'^01 adding: wrong · 5 of 6 tests · 10 of 12 points · first: "two and three" · ')
                save(RIGHT)
                self.expect(r"^01 adding: passed · 6 of 6 tests · 12 of 12 points · [\d.]+ s$")

    def test_a_save_of_the_same_content_gives_a_line(self):
        for _ in range(3):
            write_in_place(RIGHT)
            self.expect("passed")
        write_in_place(RIGHT.replace("\n", "\r\n"))  # as autocrlf does
        self.expect("passed")

    def test_the_file_of_a_link_is_looked_at_without_notice(self):
        elsewhere = f"{TREE}/elsewhere.cpp"
        shutil.copy(f"{TREE}/{STUB}", elsewhere)
        os.remove(f"{TREE}/{STUB}")
        os.symlink(elsewhere, f"{TREE}/{STUB}")
        self.expect("not started")
        until(self.watch.rests, "a program that only waits")
        write_in_place(RIGHT, "elsewhere.cpp")
        self.expect("passed")
        os.remove(f"{TREE}/{STUB}")
        write_in_place(WRONG)
        self.expect("wrong")

    def test_saves_in_a_burst_are_one(self):
        self.watch.process.send_signal(signal.SIGSTOP)
        for text in [WRONG, PRISTINE] * 5 + [RIGHT]:
            write_in_place(text)
        self.watch.process.send_signal(signal.SIGCONT)
        self.expect("passed")
        write_in_place(WRONG)  # the next line is about this one
        self.expect("wrong")

    def test_a_save_during_a_build_starts_over(self):
        for _ in range(2):
            write_in_place(held(WRONG))
            until(is_compiled, "a compiler that reads the file")
            write_in_place(RIGHT)
            self.expect("passed")

    def test_a_file_that_is_gone_is_named_and_may_come_back(self):
        os.remove(f"{TREE}/{STUB}")
        self.expect(rf"could not judge it · workbook: expected your file {STUB}, found none")
        write_in_place(RIGHT)
        self.expect("passed")

    def test_a_folder_that_is_made_anew_is_watched_again(self):
        for text, verdict in (RIGHT, "passed"), (WRONG, "wrong"):
            os.rename(f"{TREE}/lessons/01_adding", f"{TREE}/aside")
            shutil.copytree(f"{TREE}/aside", f"{TREE}/lessons/01_adding")
            shutil.rmtree(f"{TREE}/aside")
            write_in_place(text)
            until(lambda: verdict in self.watch.next(), verdict)

    def test_what_does_not_compile_is_told_in_a_line(self):
        write_in_place(source("return a + c;"))
        self.expect(rf"does not compile · {STUB}:4: error: 'c' was not declared")


class OnTerminal(unittest.TestCase):
    def setUp(self):
        write_in_place(PRISTINE)
        shutil.rmtree(f"{TREE}/.workbook/backups", ignore_errors=True)
        if os.path.exists(f"{TREE}/.workbook/hints.json"):
            os.remove(f"{TREE}/.workbook/hints.json")
        self.terminals = []

    def tearDown(self):
        for terminal in self.terminals:
            terminal.close()
            self.assertEqual(terminal.screen.outside, [], "nothing is written beyond the screen")

    def start(self, *arguments, **more):
        self.terminals.append(Terminal(*arguments, **more))
        return self.terminals[-1]

    def assertGivenBack(self, terminal):
        self.assertEqual(terminal.screen.modes & {1049}, set(), "the other screen is left")
        self.assertEqual(terminal.screen.modes & {25, 7}, {25, 7}, "the cursor is shown, long lines go on")
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_the_screen_has_lesson_board_failure_and_keys(self):
        write_in_place(source("return a + b;", ["adds nothing wrong", "carries timed_out", "carries nothing wrong"]))
        terminal = self.start()
        terminal.expect(r"^01 adding · Adding +timed out · [\d.]+ s$")
        lines = terminal.text().splitlines()
        self.assertEqual(len(lines), 24)
        self.assertRegex(lines[2], r"^> TODO\(1\) add    ✓✗    1 of 2$")  # basic before advanced
        self.assertRegex(lines[3], r"^  TODO\(2\) carry  ✗✗✓   1 of 3$")
        self.assertRegex(lines[4], r"^  TODO\(3\) round  ✓     1 of 1$")
        self.assertRegex(lines[5], r"^── failure 1 of 3 · add ─+ 3 of 6 tests · 6 of 12 points ──$")
        self.assertEqual(lines[6], "  ✗ adds nothing   wrong")
        self.assertEqual(lines[7], "  line 1 of what adds nothing says")
        self.assertRegex(lines[22], r"^  … \d+ more lines \(↓, PgDn\)$")
        self.assertEqual(lines[23], KEYS)
        self.assertEqual(terminal.screen.modes & {1049, 25, 7}, {1049})
        for failure in "2 of 3 · carry", "3 of 3 · carry", "1 of 3 · add":
            terminal.press("n")
            terminal.expect(rf"failure {failure}")
        terminal.press("\033[6~")
        terminal.expect(r"^  line 10 of what adds nothing says")
        terminal.press("\033[F")
        terminal.expect(r"^  line 30 of what adds nothing says", r"the end")
        terminal.press("\033[A\033OA\033[H")
        terminal.expect(r"^  line 1 of what adds nothing says")
        runs = f"{TREE}/build/lessons/01_adding/checker.runs"
        before = len(content(runs))
        terminal.press("a")
        until(lambda: terminal.read() or len(content(runs)) > before, "a run more", terminal.text)
        terminal.expect(r"^01 adding · Adding +timed out")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)
        self.assertGivenBack(terminal)

    def test_a_resize_is_followed(self):
        terminal = self.start()
        terminal.expect("not started · ", r"^  TODO\(1\) add is not started", f"^  edit  {STUB}$")
        for rows, columns in (40, 100), (10, 40), (3, 12), (1, 1), (24, 80):
            terminal.resize(rows, columns)
            keys = KEYS if columns >= len(KEYS) else KEYS[:columns - 1] + "…"
            until(lambda: terminal.read() or terminal.screen.text().splitlines()[-1:] == [keys], keys, terminal.screen.text)
            if columns >= 80:
                terminal.expect(rf"^── what to do next ─.{{{columns - 20}}}$")

    def test_a_save_is_followed_and_the_failure_stays_meanwhile(self):
        write_in_place(WRONG)
        terminal = self.start()
        terminal.expect("^── failure 1 of 1 · add ", "wrong · ")
        write_in_place(held(WRONG))
        terminal.expect("^── before: failure 1 of 1 · add ", "building", r"^> TODO\(1\) add")
        terminal.press("h")
        terminal.expect(r"TODO\(1\) add · hint 1 of 3", "building")
        terminal.press("\033")
        write_in_place(source("return a + c;"))
        terminal.expect("^── does not compile ", f"^  {STUB}:4: error: 'c' was not")
        write_in_place(RIGHT)
        terminal.expect("^  ✓ All 6 tests pass. 12 of 12 points.$", r"^  Next: lesson 02, Adding \(1 minute\). Press N.", "^  rounds$", "workspace 6 KiB")
        terminal.press("N")
        terminal.expect("^02 adding_more · Adding +not started")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_hints_come_one_by_one(self):
        write_in_place(source("return a + b;", ["carries wrong"]))
        terminal = self.start()
        terminal.expect("failure 1 of 1 · carry")
        terminal.press("h")
        terminal.expect(r"TODO\(2\) carry · hint 1 of 3", "Concept 2.")
        self.assertNotIn("Invariant 2", terminal.text())
        terminal.press("h")
        terminal.expect("Concept 2.", "Invariant 2.")
        terminal.press("hh")
        terminal.expect("Code 2.", "no more hints")
        terminal.press("\033")
        terminal.expect("failure 1 of 1 · carry")

    def test_changes_are_shown_and_undone(self):
        write_in_place(WRONG)
        terminal = self.start()
        terminal.expect("failure 1 of 1")
        terminal.press("d")
        terminal.expect("^── what you changed ", r"^  \+  return a - b;")
        write_in_place(WRONG.replace("-", "-\t2 *"))
        terminal.expect(r"^  \+  return a - 2 \* b;", "wrong · ")
        terminal.press("r")
        terminal.expect(r"first form back\? .* y yes  n no\Z")
        terminal.press("n")
        terminal.expect(r" q quit\Z")
        self.assertIn("return", content(STUB))
        terminal.press("ry")
        terminal.expect("not started · ", r"kept in\s+.workbook/backups/01_adding/\S+-adding.cpp")
        self.assertEqual(content(STUB), PRISTINE)
        kept = os.listdir(f"{TREE}/.workbook/backups/01_adding")
        self.assertEqual([content(f".workbook/backups/01_adding/{name}") for name in kept],
                         [WRONG.replace("-", "-\t2 *")])

    def test_what_a_program_prints_does_not_reach_the_terminal_as_it_is(self):
        hostile = "\033[2J\033]0;title\007 \t wörld 表表 " + "x" * 300 + "\x9b31m\x7f"
        write_in_place(source("return a - b;", says=hostile))
        terminal = self.start()
        terminal.expect("your program printed", r"\?\[2J\?\]0;title\?", "wörld")
        self.assertEqual(terminal.screen.strange, [])

    def test_the_terminal_is_as_it_was_after_every_end(self):
        for end, code in ("key", 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130), (signal.SIGSEGV, -11), (signal.SIGABRT, -6):
            with self.subTest(end=end):
                terminal = self.start()
                terminal.expect("not started · ")
                self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)
                if end == "key":
                    terminal.press("\x03")
                else:
                    terminal.process.send_signal(end)
                self.assertEqual(terminal.end(), code)
                self.assertGivenBack(terminal)

    def test_ctrl_z_gives_the_terminal_to_the_shell_until_fg(self):
        terminal = self.start(("bash", "--norc", "--noediting", "-i"), PS1="ready> ")
        terminal.expect("ready>")
        terminal.before = termios.tcgetattr(terminal.slave)
        terminal.press("./workbook watch 01\n")
        terminal.expect("not started · ")
        for _ in range(2):
            terminal.press("\x1a")
            terminal.expect("Stopped", "ready>")
            self.assertGivenBack(terminal)
            terminal.press("fg\n")
            terminal.expect(r"\A01 adding", r" q quit\Z")
            self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)
        terminal.press("q")
        terminal.expect("ready>")
        terminal.press("exit\n")
        terminal.end()

    def test_a_program_that_was_stopped_from_outside_takes_the_terminal_again(self):
        terminal = self.start()
        terminal.expect("not started · ")
        terminal.process.send_signal(signal.SIGSTOP)
        os.waitpid(terminal.process.pid, os.WUNTRACED)
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)  # as a shell does
        terminal.screen.resize(24, 80)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.expect(r"\A01 adding", r" q quit\Z")
        self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_a_terminal_that_knows_no_more_than_lines_gets_lines(self):
        terminal = self.start(TERM="dumb")
        terminal.expect("^01 adding: not started · 0 of 6 tests")
        self.assertNotIn(1049, terminal.screen.ever)

    def test_a_screen_without_colours_is_a_screen(self):
        terminal = self.start(NO_COLOR="1")
        terminal.expect(r"\A01 adding", r" q quit\Z")
        self.assertIn(1049, terminal.screen.ever)



if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
