"""Environments of their own for programs that this project is compared with: made once, in .peers, never a dependency."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / ".peers"
ENVIRONMENTS = {
    # The Allen Cell and Structure Segmenter of the package index. Its viewer (napari, Qt) is not needed to segment, and the newest
    # libraries are too new for it: objects of exactly the smallest size are dropped from scikit-image 0.26 on, for example.
    "published": [
        ["--no-deps", "aicssegmentation==0.5.3"],
        ["numpy==1.26.4", "scipy==1.11.4", "scikit-image==0.20.0", "itk==5.4.*", "pandas<3", "aicsimageio==4.14.0", "numcodecs<0.16"],
    ],
    # stardist and cellpose, for their functions that match objects: without TensorFlow, and with a torch without CUDA.
    "matching": [
        ["numpy==2.4.6", "scipy==1.17.1", "numba==0.68.1", "scikit-image==0.26.0", "matplotlib", "six", "tqdm", "natsort", "roifile"],
        ["--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch==2.13.0"],
        ["--no-deps", "stardist==0.9.2", "csbdeep==0.8.2", "cellpose==3.1.1.3", "fastremap", "fill_voids", "opencv-python-headless"],
    ],
}


def python(name: str) -> str:
    """Return the Python of a peer's environment; made now if it is missing or was made from another list."""
    folder = FOLDER / name
    program = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / "made_from.txt"
    wanted = hashlib.sha256(repr(ENVIRONMENTS[name]).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Making the environment of {name} in {folder} (minutes, gigabytes).", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        for packages in ENVIRONMENTS[name]:
            subprocess.run([program, "-m", "pip", "install", "--quiet", *packages], check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return str(program)
