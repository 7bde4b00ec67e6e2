"""Drive notebooks in a really running JupyterLab with the system's Chromium, offline: for tests, and to measure.

Rule of this file: wait for a condition, never for a time. What JupyterLab knows (kernel idle, cells finished) is asked from its own
application object; only pictures are polled.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
# A regular expression is tested in the browser's driver. A Python function would let every kernel message wait for the test.
OUTSIDE = re.compile(r"^(?!(?:https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:)")

READY = """async (path) => {
  const app = window.jupyterapp; if (!app || !app.shell) return false;
  await app.restored;
  const panel = [...app.shell.widgets('main')].find((widget) => widget.context && widget.context.path === path);
  if (!panel) return false;
  await panel.context.ready; await panel.revealed; await panel.sessionContext.ready;
  window.notebook = panel;
  const kernel = panel.sessionContext.session && panel.sessionContext.session.kernel;
  return !!kernel && kernel.status === 'idle' && kernel.connectionStatus === 'connected';
}"""
RUN_ALL = """async () => {
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
  return [...window.notebook.content.model.cells].filter((cell) => cell.type === 'code').map((cell) => ({ count: cell.executionCount,
    errors: cell.sharedModel.outputs.filter((output) => output.output_type === 'error').map((output) => output.traceback.join('\\n')) }));
}"""
ASK = """async (code) => {
  const future = window.notebook.sessionContext.session.kernel.requestExecute(
    { code: '', store_history: false, user_expressions: { answer: code } });
  const reply = (await future.done).content.user_expressions.answer;
  return reply.status === 'ok' ? { value: reply.data['text/plain'] } : { error: reply.ename + ': ' + reply.evalue };
}"""
CELLS = """() => { const content = window.notebook.content; return { active: content.activeCellIndex, mode: content.mode,
  cells: content.widgets.map((cell) => [cell.model.type, cell.model.sharedModel.getSource(), cell.outputArea ? cell.outputArea.model.length : 0]) }; }"""


@contextlib.contextmanager
def running_lab(top: Path) -> Iterator[dict]:
    """Start JupyterLab on a free port and give its address, its token and its folder; all of Jupyter's folders lie in ``top``."""
    root = top / "notebooks"
    root.mkdir()
    news = top / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    token = os.urandom(16).hex()
    folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    environment = dict(
        os.environ,
        JUPYTER_TOKEN=token,
        JUPYTERLAB_SETTINGS_DIR=str(top / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(top / "workspaces"),
        IPYTHONDIR=str(top / "ipython"),
        PYTHONPATH=str(ROOT),
        # The kernel is outside the browser's guard: a dead proxy lets a download fail at once.
        http_proxy="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
        no_proxy="127.0.0.1,localhost",
        **{f"JUPYTER_{name}_DIR": str(top / folder) for name, folder in folders.items()},
    )
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    with open(top / "server.log", "wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield {"address": _address(process, top), "token": token, "root": root}
        finally:
            process.terminate()  # it ends its kernels first
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process, top: Path) -> str:
    """Return the address that the server has written down: it picks a free port itself."""
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        for file in (top / "runtime").glob("jpserver-*.json"):
            try:
                return json.loads(file.read_text())["url"]
            except ValueError:  # half written
                pass
        time.sleep(0.05)
    raise RuntimeError("JupyterLab did not start:\n" + (top / "server.log").read_text()[-3000:])


@contextlib.contextmanager
def fresh_page(chromium: Any, width: int = 1300, height: int = 1100) -> Iterator[Any]:
    """Open a page that keeps ``page.blocked``, requests to the outside, which do not leave this machine, and ``page.errors``, uncaught ones."""
    context = chromium.new_context(viewport={"width": width, "height": height}, service_workers="block")
    blocked, errors = [], []
    context.route(OUTSIDE, lambda route: (blocked.append(route.request.url), route.abort()))
    context.route_web_socket(OUTSIDE, lambda socket: (blocked.append(socket.url), socket.close()))
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.blocked, page.errors = blocked, errors
    yield page
    context.close()


@contextlib.contextmanager
def running_chromium(path: str) -> Iterator[Any]:
    """Start the system's browser."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])  # which root and containers need
        yield browser
        browser.close()


def chromium_path() -> str | None:
    """Return where the system's Chromium is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Notebook:
    """One notebook in one page, as a user meets it."""

    def __init__(self, page, lab: dict, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name

    def script(self, function: str, argument=None, timeout: float = 120):
        """Call a JavaScript function. ``page.evaluate`` has no time limit of its own."""
        limit = f"new Promise((_, no) => setTimeout(() => no(new Error('no answer in {timeout} s')), {timeout * 1000}))"
        return self.page.evaluate(f"(argument) => Promise.race([({function})(argument), {limit}])", argument)

    def wait(self, check, what: str = "condition", timeout: float = 60, every: int = 60):
        """Return what ``check()`` returns once it is true. The page's own waiting lets its handlers run meanwhile."""
        end = time.monotonic() + timeout
        while not (value := check()):
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {timeout} s")
            self.page.wait_for_timeout(every)
        return value

    def open(self) -> "Notebook":
        space = re.sub(r"\W", "-", self.name)  # a workspace of its own: pages that share one restore each other's tabs
        self.page.goto(f"{self.lab['address']}lab/workspaces/{space}/tree/{self.name}?token={self.lab['token']}")
        return self.ready()

    def ready(self) -> "Notebook":
        self.wait(lambda: self.script(READY, self.name), "notebook open and kernel idle")
        return self

    def reload(self) -> "Notebook":
        self.page.reload()
        return self.ready()

    def restart(self) -> "Notebook":
        self.script("() => window.notebook.sessionContext.restartKernel().then(() => 0)")
        return self.ready()

    def run_all(self) -> "Notebook":
        """Run all cells; what the browser draws may come later."""
        cells = self.script(RUN_ALL)
        errors = [error for cell in cells for error in cell["errors"]]
        assert not errors, re.sub(r"\x1b\[[0-9;]*m", "", errors[0])
        assert all(cell["count"] for cell in cells), "a cell did not run"
        return self

    def ask(self, expression: str) -> str:
        """Return the repr of an expression in the kernel, after all widget messages sent before."""
        answer = self.script(ASK, expression)
        assert "value" in answer, answer["error"]
        return answer["value"]

    def wait_for(self, expression: str, value: str) -> None:
        """Wait until an expression in the kernel has this repr."""
        self.wait(lambda: self.ask(expression) == value, f"{expression} == {value}", 20)

    def cells(self) -> dict:
        """Return all that a stray shortcut could change."""
        return self.script(CELLS)

    def slider(self, description: str):
        """Return the handle of a slider, the part that takes the keyboard."""
        row = self.page.locator(".widget-slider", has=self.page.get_by_text(description, exact=True))
        return row.locator(".ui-slider-handle").first

    def button(self, text: str):
        return self.page.get_by_role("button", name=text, exact=True)

    @property
    def canvas(self):
        """The drawing area."""
        return self.page.locator("canvas.helpers-canvas").first

    def pictures(self) -> int:
        """Return how many pictures the drawing area has shown."""
        return int(self.canvas.get_attribute("data-shown") or 0)

    def pixels(self, locator) -> np.ndarray:
        """Return what the user sees of an element, (H, W, 3)."""
        return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)

    def settled(self, locator, unlike=None, timeout: float = 180) -> np.ndarray:
        """Return the picture once two in a row are equal, it is not blank, and it differs from ``unlike``."""
        seen: list[np.ndarray] = []

        def check() -> bool:
            seen.append(self.pixels(locator))
            if len(seen) < 2 or seen[-1].shape != seen[-2].shape or (seen[-1] != seen[-2]).any() or blank(seen[-1]):
                return False
            return unlike is None or changed(seen[-1], unlike) > 0.001

        self.wait(check, "a settled picture", timeout, 200)
        return seen[-1]

    def at(self, locator, *points: tuple[float, float]) -> list[tuple[float, float]]:
        """Return page coordinates of points given as fractions (across, down) of an element."""
        locator.scroll_into_view_if_needed()
        box = locator.bounding_box()
        return [(box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in points]

    def click(self, locator, *points: tuple[float, float]) -> None:
        for x, y in self.at(locator, *points):
            self.page.mouse.click(x, y)

    def drag(self, locator, *points: tuple[float, float], steps: int = 8) -> None:
        """Press at the first point, move through the others, let go at the last."""
        (x, y), *rest = self.at(locator, *points)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for x, y in rest:
            self.page.mouse.move(x, y, steps=steps)
        self.page.mouse.up()


def changed(first: np.ndarray, second: np.ndarray) -> float:
    """Return the fraction of pixels that differ visibly."""
    return float((abs(first - second).max(axis=2) > 20).mean())


def blank(picture: np.ndarray) -> bool:
    """Return whether hardly anything differs from the median colour, the rim left out."""
    high, wide = picture.shape[:2]
    inner = picture[high // 10 : high - high // 10, wide // 10 : wide - wide // 10]
    return changed(inner, np.broadcast_to(np.median(inner, axis=(0, 1)), inner.shape)) < 0.01


def write_notebook(folder: Path, name: str, *sources: str, path: Path | None = None) -> None:
    """Write a notebook of these cells, or a copy of one, that asks for no kernel."""
    cells = [{"cell_type": "code", "id": f"cell{n}", "metadata": {}, "source": s.strip("\n"), "outputs": [], "execution_count": None} for n, s in enumerate(sources)]  # fmt: skip
    content = json.loads(path.read_text(encoding="utf-8")) if path else {"cells": cells, "nbformat": 4, "nbformat_minor": 5}
    # Without a kernel's name JupyterLab asks for one.
    content["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


SHUT_DOWN = "() => window.jupyterapp && window.jupyterapp.serviceManager.sessions.shutdownAll()"  # closing a page leaves its kernel running
