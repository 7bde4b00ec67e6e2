"""Write the versions of the environment into constraints.txt, without build tags and without this project itself."""

import subprocess
import sys
from pathlib import Path

OWN = {"pip", "setuptools", "cell-segmentation-notebooks"}
HEAD = """# Versions that were installed and tested together. pyproject.toml says what is needed; this file says which release of it.
# Regenerate with: make freeze
"""

listed = subprocess.run([sys.executable, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True).stdout
lines = [line.split("+")[0] for line in listed.splitlines() if "==" in line and line.split("==")[0] not in OWN]
Path(__file__).resolve().parents[1].joinpath("constraints.txt").write_text(HEAD + "\n".join(lines) + "\n")
print(f"constraints.txt: {len(lines)} packages")
