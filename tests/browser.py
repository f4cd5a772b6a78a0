"""A real Chromium, driven through its own pipe: no driver to install and no port that is open."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"),
    *("--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars"),
)
_SECONDS = 60


def installable() -> bool:
    """Whether ``make test`` installs a browser here, so that a missing one is a failure."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def executable() -> str:
    """Return the browser; skip the test where there is none and none can be installed."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if installable():
        pytest.fail("no browser, although this may install one: run tools/browser.sh, as make test does")
    pytest.skip(f"no browser, and this is not root with apt: install one of {', '.join(NAMES)}, or name it in CHROMIUM")


class Browser:
    """One browser with one page."""

    def __init__(self, directory: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # Chromium reads from descriptor 3 and writes to 4, whatever they are called here.
        command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        arguments = [executable(), *FLAGS, f"--user-data-dir={directory / 'profile'}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", str(theirs_in), str(theirs_out), *arguments],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._read, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        os.close(self._out)
        os.close(self._in)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": params, **session}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            part = os.read(self._in, 1 << 20)
            assert part, f"the browser ended with {self._process.wait(10)}"
            self._read += part
        one, self._read = self._read.split(b"\0", 1)
        found: dict[str, Any] = json.loads(one)
        return found

    def open(self, file: Path, fragment: str = "", *, width: int = 1280, height: int = 900, media: str = "") -> None:
        """Show a file in a window of a size; a narrow one is that of a phone.

        :param media: ``dark``, ``print``, or a bright screen.
        """
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": "dark" if media == "dark" else "light"}]
        self.call("Emulation.setEmulatedMedia", media="print" if media == "print" else "", features=features)
        self.events.clear()
        # Another fragment of the same file would load nothing.
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{file.as_uri()}{fragment}")
        end = time.monotonic() + _SECONDS
        while self.value("document.readyState") != "complete" or self.value("location.protocol") != "file:":
            assert time.monotonic() < end, "the page does not load"
            time.sleep(0.02)

    def value(self, script: str) -> Any:
        """Return what a script evaluates to in the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            text = {"Enter": "\r", " ": " "}.get(key, "")
            code = {" ": "Space"}.get(key, key)
            number = {"Enter": 13, " ": 32, "Tab": 9, "Escape": 27, "End": 35, "Home": 36}
            number |= {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
            more: dict[str, Any] = {"key": key, "code": code, "windowsVirtualKeyCode": number[key]}
            self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **more)
            self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def click(self, selector: str) -> None:
        """Click what is there at the middle of an element, as a pointer does."""
        script = f"""(() => {{
            const one = document.querySelector({json.dumps(selector)});
            one.scrollIntoView({{ block: "center", inline: "center" }});
            const box = one.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = self.value(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """Keep what the window shows, or the whole page."""
        done = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(done["data"]))

    def printed(self) -> bytes:
        """Return the page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])
