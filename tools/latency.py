"""Measure in a real browser how long a change takes from the key to the new pixels, and what a large stack costs in memory.

Opens JupyterLab headless, moves a slider, and writes where the time goes: to the kernel, in it, back and onto the screen. ``make latency``
"""

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from in_jupyterlab import SHUT_DOWN, Notebook, chromium_path, fresh_page, running_chromium, running_lab, write_notebook

from helpers import phantoms

CROP, WHOLE, TWO_CHANNELS = (32, 256, 256), (64, 512, 512), (64, 624, 924)
KNOBS = {"tomm20": ("smoothing_sigma", "filament_cutoffs"), "slc25a17": ("smoothing_sigma", "spot_cutoffs"), "lmnb1_interphase": ("smoothing_sigma", "hole_minimum")}  # fmt: skip
"""An early and a late one of each workflow: after a late one less has to be computed again."""

START = """
import time
from helpers import phantoms, views
stack, truth = phantoms.FOR_WORKFLOW["{workflow}"](shape={shape})
panel = views.tune("{workflow}", stack)
"""
OPEN = """
import time
from helpers import images, views
begun = time.time()
stack = images.read("two.ome.tif", channel=0)
panel = views.tune("tomm20", stack)
opened = time.time() - begun
"""
# The kernel's and the browser's clock are one: both run on this machine.
STAMPS = """
stamps = []
def stamped(call, before, after):
    def run(*given, **named):
        stamps.append((before, 1000 * time.time()))
        try: return call(*given, **named)
        finally: stamps.append((after, 1000 * time.time()))
    return run
def marked(show, counted=[0]):  # equal pictures are not sent a second time: one pixel makes each another
    def run(image, shape=None):
        counted[0] += 1
        image[0, 0] = counted[0] % 256
        show(image, shape)
    return run
panel._turned = stamped(panel._turned, "arrived", "done")
panel.viewer.canvas.show = stamped(marked(panel.viewer.canvas.show), "computed", "sent")
"""
WATCH = """(canvas) => { window.stamps = [];
  const stamp = (what, time) => window.stamps.push([what, performance.timeOrigin + (time || performance.now())]);
  document.addEventListener('keydown', (event) => stamp('key', event.timeStamp), true);
  const made = window.createImageBitmap; window.createImageBitmap = (blob) => { stamp('received'); return made.call(window, blob); };
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => stamp('shown'))))
  .observe(canvas, { attributes: true, attributeFilter: ['data-shown'] }); }"""


def stepped(nb: Notebook, times: int) -> list[float]:
    """Go up and down by one plane; return the milliseconds from the key to the picture."""
    nb.canvas.focus()
    waits = []
    for count in range(times):
        nb.page.evaluate("window.stamps.length = 0")
        nb.page.keyboard.press("k" if count % 2 else "j")
        nb.page.wait_for_function("() => window.stamps.some((stamp) => stamp[0] === 'shown')")
        stamps = nb.page.evaluate("window.stamps")
        waits.append(next(time for name, time in stamps if name == "shown") - stamps[0][1])
    return waits


def moved(nb: Notebook, knob: str, times: int, pictures: int) -> list[dict[str, float]]:
    """Move a slider one step at a time, half of them up and then down again; return the milliseconds of each way for each step."""
    handle = nb.slider(knob)
    rows = []
    for count in range(times + 1):
        nb.page.evaluate("window.stamps.length = 0")
        nb.ask("stamps.clear()")
        handle.press("ArrowRight" if 2 * count < times else "ArrowLeft")
        nb.page.wait_for_function("(wanted) => window.stamps.filter((stamp) => stamp[0] === 'shown').length >= wanted", arg=pictures)
        if count:  # the first one warms up
            rows.append(parts(nb.page.evaluate("window.stamps"), json.loads(nb.ask("__import__('json').dumps(stamps)").strip("'"))))
    return rows


def parts(browser: list[list[Any]], kernel: list[list[Any]]) -> dict[str, float]:
    """Return the milliseconds of the way there, of the kernel's work, of the way back, of decoding and painting, and of all."""
    first = {name: time for name, time in reversed(browser + kernel)}
    shown = [time for name, time in browser if name == "shown"]
    return {
        "to the kernel": first["arrived"] - first["key"],
        "compute": first["computed"] - first["arrived"],
        "pack": first["sent"] - first["computed"],
        "way back": first["received"] - first["sent"],
        "on screen": shown[0] - first["received"],
        "first picture": shown[0] - first["key"],
        "last picture": shown[-1] - first["key"],
    }


def memory(browser: Any, nb: Notebook) -> tuple[float, float, float]:
    """Return the kernel's memory now and at most, and that of the page with its canvas, in MB."""
    status = nb.ask("open('/proc/self/status').read()").replace("\\t", " ")
    now, most = (int(status.split(f"{name}:")[1].split()[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [Path(f"/proc/{process['id']}/status").read_text() for process in processes if process["type"] == "renderer"]
    return now, most, max(int(page.split("VmRSS:")[1].split()[0]) / 1000 for page in pages)


def summary(title: str, rows: list[dict[str, float]]) -> str:
    """Return one row of the table: median, 90 % and the parts of the median."""
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    high = {name: sorted(row[name] for row in rows)[int(0.9 * (len(rows) - 1) + 0.5)] for name in rows[0]}
    ways = " | ".join(f"{middle[name]:.0f}" for name in ("to the kernel", "compute", "pack", "way back", "on screen"))
    return f"| {title} | {middle['first picture']:.0f} | {high['first picture']:.0f} | {middle['last picture']:.0f} | {high['last picture']:.0f} | {ways} |"


def opened(lab: dict, page: Any, name: str, *cells: str) -> Notebook:
    write_notebook(lab["root"], f"{name}.ipynb", *cells)
    nb = Notebook(page, lab, f"{name}.ipynb").open().run_all()
    nb.settled(nb.canvas)
    nb.canvas.evaluate(WATCH)
    return nb


def write_two_channels(path: Path) -> None:
    """Write a large file of two channels; not in the kernel, whose memory is looked at."""
    z, y, x = TWO_CHANNELS
    stack, _ = phantoms.mitochondria(shape=(z, y // 4, x // 4))
    raw = np.tile(stack.raw, (1, 4, 4))
    sizes = {f"PhysicalSize{axis}": size for axis, size in zip("ZYX", stack.voxel_size)} | {
        f"PhysicalSize{axis}Unit": "um" for axis in "ZYX"
    }
    tifffile.imwrite(path, np.stack([raw, raw[:, ::-1]]), metadata={"axes": "CZYX", **sizes})


def of_workflow(lab: dict, browser: Any, workflow: str, shape: tuple[int, int, int], steps: int) -> Iterator[str]:
    """Measure an early and a late slider of a workflow on a phantom."""
    with fresh_page(browser) as page:
        nb = opened(lab, page, f"{workflow}_{shape[0]}", START.format(workflow=workflow, shape=shape), STAMPS + "panel")
        for knob in KNOBS[workflow]:
            rows = moved(nb, knob, steps, 1 if shape == CROP else 2)
            yield summary(f"{' x '.join(map(str, shape))}, {workflow}, {knob}", rows)
        page.evaluate(SHUT_DOWN)


def of_large(lab: dict, browser: Any, steps: int) -> Iterator[str]:
    """Open one channel of a large file with two, change the plane and a slider, and look at the memory."""
    write_two_channels(lab["root"] / "two.ome.tif")
    with fresh_page(browser) as page:
        nb = opened(lab, page, "large", OPEN, STAMPS + "panel")
        waits = sorted(stepped(nb, 2 * steps))
        rows = moved(nb, "filament_cutoffs", steps, 2)
        now, most, tab = memory(browser, nb)
        yield summary(f"{' x '.join(map(str, TWO_CHANNELS))} of two channels, tomm20, filament_cutoffs", rows)
        yield (
            f"\n{' x '.join(map(str, TWO_CHANNELS))}, two channels in the file: read and segmented in {float(nb.ask('opened')):.1f} s; another plane "
            f"after {statistics.median(waits):.0f} ms (90 %: {waits[int(0.9 * len(waits))]:.0f} ms); kernel {now:.0f} MB, at most {most:.0f} MB; "
            f"page {tab:.0f} MB."
        )
        page.evaluate(SHUT_DOWN)


def main() -> None:
    choices = argparse.ArgumentParser(description=__doc__)
    choices.add_argument("--steps", type=int, default=12, help="changes of each slider")
    choices.add_argument("--only", default="", help="one workflow, or large")
    choice = choices.parse_args()
    print(
        f"{os.cpu_count()} cores. Milliseconds, medians and the value that 90 % do not exceed; the last five columns are parts of the first picture.\n\n"
        "| stack, workflow, slider | first picture | 90 % | whole stack | 90 % | to the kernel | compute | pack | way back | on screen |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    few = max(3, choice.steps // 4)
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, running_chromium(chromium_path()) as browser:
        for workflow in KNOBS:
            for shape in (CROP, WHOLE):
                if choice.only in ("", workflow):
                    for line in of_workflow(lab, browser, workflow, shape, choice.steps if shape == CROP else few):
                        print(line, flush=True)
        if choice.only in ("", "large"):
            for line in of_large(lab, browser, few):
                print(line, flush=True)


if __name__ == "__main__":
    main()
