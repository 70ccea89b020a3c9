"""A page opened in headless Chromium over its debugging pipe: console, requests, measures, pictures; no extra library.

Lives here: the few protocol calls the page tests need. Not here: any test.
"""

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
PATIENCE_S = 40.0
# Chromium hears on descriptor 3 and speaks on 4: put the pipes there, whatever their numbers, and become Chromium.
ON_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]]
for place, end in zip((3, 4), ends):
    os.dup2(end, place)
    os.close(end)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass
class Tab:
    """One tab; `errors` and `requests` fill while it is used."""

    to: int
    back: int
    session: str = ""
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _buffer: bytes = b""
    _count: int = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._next()
            if heard.get("id") == self._count:
                assert "error" not in heard, heard["error"]
                return heard["result"]

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self.back], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"Chromium said nothing for {PATIENCE_S:.0f} s"
            more = os.read(self.back, 1 << 20)
            assert more, "Chromium ended"
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\0", 1)
        heard = json.loads(line)
        self._note(heard.get("method", ""), heard.get("params", {}))
        return heard

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"].get("text")))
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.errors.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression is."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def open(self, path: Path, *, width: int, height: int = 900) -> None:
        """Open a file at a width and wait until its figures are drawn or given up."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Page.navigate", url=path.as_uri())
        until = time.monotonic() + PATIENCE_S
        while self.ask("document.documentElement.dataset.figures") is None:
            assert time.monotonic() < until, f"{path.name}: the figures were neither drawn nor given up"
            time.sleep(0.1)

    def picture(self, path: Path) -> None:
        """Save a picture of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def printed(self, path: Path) -> None:
        """Save the page as it prints."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"]))


@contextmanager
def chromium_tab(program: str, profile: Path) -> Iterator[Tab]:
    """Yield one tab of a fresh headless Chromium, ended afterwards."""
    heard_by_it, to = os.pipe()
    back, said_by_it = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_3_AND_4, str(heard_by_it), str(said_by_it), program, *QUIET, f"--user-data-dir={profile}"],
        pass_fds=(heard_by_it, said_by_it),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(heard_by_it)
    os.close(said_by_it)
    tab = Tab(to, back)
    try:
        target = tab.call("Target.createTarget", url="about:blank")["targetId"]
        tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        yield tab
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(to)
        os.close(back)
