"""Everything below learning works without PyTorch; learning says in one sentence what to install."""

import subprocess
import sys

CODE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
sys.meta_path.insert(0, Absent())
import helpers, helpers.images, helpers.classic, helpers.workflows, helpers.metrics
assert "torch" not in sys.modules
try:
    from helpers.learning import training
except ImportError as error:
    print(error)
"""


def test_a_missing_torch_is_said_in_one_sentence():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == (
        'helpers.learning needs PyTorch, which is not installed: pip install "cell-segmentation-notebooks[learning]"'
    )
