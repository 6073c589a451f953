"""A browser without a window, driven through Chromium's debugging pipe: no module beyond Python's own."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

DEADLINE = 120  # generous: machines are shared; nothing waits longer than it must


def is_there():
    return shutil.which("chromium") is not None


class Browser:
    """One page of a browser. What the page writes to its console, and what it throws, is in `console`."""

    def __init__(self, width=1400, height=1000):
        self.profile = tempfile.mkdtemp()
        their_in, self.out = os.pipe()
        self.into, their_out = os.pipe()
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root its sandbox; the pages are our own

        def descriptors():  # Chromium reads 3 and writes 4
            os.dup2(os.dup2(their_in, 20), 3)
            os.dup2(os.dup2(their_out, 21), 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", *sandbox, "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=descriptors)
        os.close(their_in)
        os.close(their_out)
        self.pending, self.number, self.console, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log":
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE)
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        """The next message of the browser. @raises AssertionError if none comes"""
        end = time.monotonic() + DEADLINE
        while b"\0" not in self.pending:
            if not select.select([self.into], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the browser says nothing")
            got = os.read(self.into, 1 << 16)
            if not got:
                raise AssertionError("the browser has ended")
            self.pending += got
        one, _, self.pending = self.pending.partition(b"\0")
        return json.loads(one)

    def call(self, method, **parameters):
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.out, json.dumps(call).encode() + b"\0")
        while True:
            said = self.message()
            if said.get("id") == self.number:
                if "error" in said:
                    raise AssertionError(f"{method}: {said['error']}")
                return said["result"]
            self.note(said)

    def note(self, said):
        if said.get("method") == "Runtime.consoleAPICalled":
            self.console.append(" ".join(str(one.get("value", "")) for one in said["params"]["args"]))
        elif said.get("method") == "Runtime.exceptionThrown":
            details = said["params"]["exceptionDetails"]
            self.console.append(details.get("exception", {}).get("description", details["text"]))
        elif said.get("method") == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
            entry = said["params"]["entry"]
            self.console.append(f"{entry['text']} {entry.get('url', '')}")

    def open(self, address):
        self.call("Page.navigate", url=address)

    def value(self, expression):
        """What a JavaScript expression is in the page; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def until(self, expression, what=""):
        """Waits for a JavaScript expression to come true. @returns its value"""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                value = self.value(f"!!({expression})")
            except AssertionError as error:  # the page is on its way to another
                value, what = None, what or str(error)
            if value:
                return value
            if time.monotonic() > end:
                text = self.value("document.body.innerText")
                raise AssertionError(f"expected {what or expression}, waited in vain\n{text}\n{self.console}")

    def press(self, key, code, text="", shift=False):
        """A key, as the keyboard sends it; `code` is its number in Windows."""
        for kind in "keyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      text=text if kind == "keyDown" else "", modifiers=8 if shift else 0)

    def resize(self, width, height=1000):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def prefer(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path):
        shot = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
