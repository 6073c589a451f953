"""A terminal's screen, as far as the workbook writes to one."""

import re

SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([@-~])|\x1b[()][0-9A-B]|\x1b([=>78])")


class Screen:
    """`outside`: what was written beyond the screen. `strange`: sequences that nobody should send. `modes`: those that are
    on, of the private ones; `ever`: those that were on."""

    def __init__(self, rows, columns):
        self.modes, self.ever = {7, 25}, set()
        self.outside, self.strange = [], []
        self.pending = b""
        self.resize(rows, columns)

    def resize(self, rows, columns):
        self.rows, self.columns, self.row, self.column = rows, columns, 0, 0
        self.cells = [[" "] * columns for _ in range(rows)]

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def feed(self, data):
        self.pending += data
        try:
            text, self.pending = self.pending.decode(), b""
        except UnicodeDecodeError as error:
            if len(self.pending) - error.start > 3:
                self.strange.append(self.pending)
            text, self.pending = self.pending[: error.start].decode(), self.pending[error.start:]
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = SEQUENCE.match(text, at)
                if found is None:
                    if len(text) - at < 16:  # the rest is to come
                        self.pending = text[at:].encode() + self.pending
                        return
                    self.strange.append(text[at:at + 16])
                    at += 1
                    continue
                self.obey(found.group(1) or "", found.group(2) or "")
                at = found.end()
                continue
            self.put(text[at])
            at += 1

    def obey(self, numbers, command):
        if command in "hl" and numbers.startswith("?"):
            for mode in map(int, numbers[1:].split(";")):
                (self.modes.add if command == "h" else self.modes.discard)(mode)
                if command == "h":
                    self.ever.add(mode)
                if mode == 1049:
                    self.resize(self.rows, self.columns)
        elif command == "H":
            row, column = (list(map(int, numbers.split(";"))) + [1, 1])[:2] if numbers else (1, 1)
            self.row, self.column = row - 1, column - 1
        elif command == "J":
            self.cells = [[" "] * self.columns for _ in range(self.rows)]
        elif command == "K":
            if self.row < self.rows:
                self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        elif command not in ("m", ""):
            self.strange.append(numbers + command)

    def put(self, character):
        if character == "\n":
            self.row += 1
            if self.row >= self.rows and 1049 not in self.modes:
                self.cells = self.cells[1:] + [[" "] * self.columns]
                self.row = self.rows - 1
        elif character == "\r":
            self.column = 0
        elif character < " ":
            if character not in "\a\b":
                self.strange.append(character)
        else:
            if self.row < self.rows and self.column < self.columns:
                self.cells[self.row][self.column] = character
            elif 1049 in self.modes:
                self.outside.append((self.row, self.column, character))
            self.column += 1
