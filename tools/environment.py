"""Make the environment ``.venv``: ``python3 tools/environment.py demo|lab|all``.

Standard library only. Levels contain each other: ``demo`` runs the notebooks headless, ``lab`` adds JupyterLab and its panels,
``all`` adds file formats, 3D view, PyTorch and the test tools. What is there already is not installed again: a stamp in ``.venv``
holds the level and a hash of pyproject.toml and constraints.txt.

PyTorch: on Linux the package index carries builds with gigabytes of GPU libraries. PyTorch's own index of CPU builds is asked
first; ``TORCH=cuda`` takes the package index instead.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "environment.json"
LEVELS = {"demo": "", "lab": "[lab]", "all": "[all]"}
SIZES = {"demo": "about 1 GB", "lab": "about 1.3 GB", "all": "about 3.5 GB"}
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def main(level):
    if level not in LEVELS:
        stop(f"give one of {', '.join(LEVELS)}, got {level!r}.")
    if sys.version_info < (3, 11):
        stop(
            f"Python 3.11 or newer is needed, {sys.executable} is {platform.python_version()}: give another, for example PYTHON=python3.12 make {level}."
        )
    if is_current(level):
        return
    started = time.time()
    make_venv()
    if level == "all":
        install_torch()
    say(f"Installing the packages of level '{level}' ({SIZES[level]} on disk, a minute or two).")
    pip("install", "--editable", f".{LEVELS[level]}", "--constraint", "constraints.txt")
    silence_lab()
    if level != "demo":
        run([str(python()), "-c", "from helpers.views.volume import install_extension; install_extension()"])
    say("Compiling the fast loops once.")
    run([str(python()), "tools/warm_up.py"])
    STAMP.write_text(json.dumps({"level": level, "hash": wanted_hash(), "python": platform.python_version()}))
    say(f"The environment is ready in .venv ({time.time() - started:.0f} s). The next call takes no time.")


def is_current(level):
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    order = list(LEVELS)
    return stamp.get("hash") == wanted_hash() and order.index(stamp.get("level", "demo")) >= order.index(level) and python().exists()


def wanted_hash():
    content = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256(content + str(ROOT).encode()).hexdigest()


def silence_lab():
    """Keep JupyterLab from asking about news and updates when it is opened for the first time."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    notification = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "overrides.json").write_text(json.dumps({"@jupyterlab/apputils-extension:notification": notification}))


def make_venv():
    if python().exists() and subprocess.run([str(python()), "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return
    try:
        import ensurepip  # noqa: F401  the part that Debian and Ubuntu leave out
        import venv
    except ImportError:
        stop("this Python has no venv module: install it (Debian, Ubuntu: apt install python3-venv), then call again.")
    if VENV.exists():
        say("Replacing a .venv that does not work.")
        shutil.rmtree(VENV)
    say("Making .venv.")
    try:
        venv.create(VENV, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        stop(f"the environment could not be made in {VENV}: {error}. Is the disk full, or the folder read-only?")


def install_torch():
    pin = re.search(r"^torch==\S+", (ROOT / "constraints.txt").read_text(), re.M).group()
    check = f"from importlib.metadata import version; import sys; sys.exit(version('torch').split('+')[0] != {pin.split('==')[1]!r})"
    if subprocess.run([str(python()), "-c", check], capture_output=True).returncode == 0:
        return
    cuda = os.environ.get("TORCH", "cpu") == "cuda"
    if sys.platform == "linux" and not cuda:
        if reachable(CPU_INDEX + "/torch/"):
            say("Installing PyTorch for the processor (200 MB; TORCH=cuda for a graphics card).")
            return pip("install", pin, "--index-url", CPU_INDEX)
        say("PyTorch's index of CPU builds did not answer in 5 s: asking the package index.")
        if brings_gpu_libraries(pin):
            stop(
                "the package index has PyTorch only with 3 GB of GPU libraries: call again when the CPU index can be reached, or with TORCH=cuda."
            )
    say("Installing PyTorch" + (" with its GPU libraries (3 GB)." if cuda else "."))
    pip("install", pin)


def reachable(address):
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def brings_gpu_libraries(pin):
    plan = subprocess.run(
        [str(python()), "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", pin], capture_output=True, text=True
    )
    return plan.returncode == 0 and any(name in plan.stdout for name in ('"nvidia-', '"nvidia_', '"triton"'))


def pip(*arguments):
    """Run pip; show one line that counts what arrives, and all of its output if it fails."""
    command = [str(python()), "-m", "pip", *arguments, "--progress-bar", "off", "--disable-pip-version-check"]
    lines, count = [], 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            lines.append(line)
            count += line.startswith("Collecting")
            if line.startswith("Collecting") and (count % 20 == 0 or sys.stdout.isatty()):
                say(f"  {count} packages looked up", end="\r" if sys.stdout.isatty() else "\n")
            if line.startswith("Installing collected packages"):
                say(f"  unpacking {line.count(',') + 1} packages           ")
    if process.returncode:
        sys.stdout.write("".join(lines[-40:]))
        stop("pip could not install the packages (its last lines are above): is the network there, is the disk full?")


def run(command):
    if subprocess.run(command, cwd=ROOT).returncode:
        stop(f"{' '.join(command)} failed.")


def python():
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def say(text, end="\n"):
    print(text, end=end, flush=True)


def stop(text):
    sys.exit("Stopped: " + text)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
