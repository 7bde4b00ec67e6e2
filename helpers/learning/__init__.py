"""Networks that learn from curated results: train them, keep them, apply them. All that needs PyTorch is here and above, never below.

examples = learning.read_examples(learning.pairs_in_folder("truths"))
split = learning.hold_out(examples)
settings = learning.suggest_settings(examples, learning.chosen_device())
trained = learning.train(*split, "models", settings, name="lamin")
learning.apply_to_file(trained.path, "new.ome.tif", "results")
"""

try:
    import torch
except ImportError as error:
    raise ImportError(
        'helpers.learning needs PyTorch, which is not installed: pip install "cell-segmentation-notebooks[learning]"', name="torch"
    ) from error

if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 6):  # earlier ones run code that a file of weights may hold
    raise ImportError(f'helpers.learning needs PyTorch 2.6 or newer, found {torch.__version__}: pip install -U "torch>=2.6"', name="torch")

from helpers.learning.applying import Applied, Choice, apply, choose_cutoff
from helpers.learning.architecture import Architecture
from helpers.learning.bioimageio import check_bioimageio, read_bioimageio, write_bioimageio
from helpers.learning.checkpoints import Model, read_model, write_model
from helpers.learning.combining import agreement, majority, mean_probability
from helpers.learning.curated import Curated, from_merging, from_sorting, read_iterations, take_all, truth_of
from helpers.learning.devices import chosen_device
from helpers.learning.files import EXAMPLE_MODEL, apply_to_file, apply_to_files
from helpers.learning.inference import probability
from helpers.learning.networks import Network, net_basic, net_zoom
from helpers.learning.normalization import DEFAULT, normalize
from helpers.learning.published import import_published
from helpers.learning.settings import PRESETS, Settings, suggest_settings
from helpers.learning.targets import Example, at_voxel_size, example, pairs_in_folder, pairs_in_table, read_examples, write_example
from helpers.learning.training import Progress, Trained, train
from helpers.learning.validation import Split, best_cutoff, cutoff_table, hold_out

__all__ = [
    "DEFAULT",
    "EXAMPLE_MODEL",
    "PRESETS",
    "Applied",
    "Architecture",
    "Choice",
    "Curated",
    "Example",
    "Model",
    "Network",
    "Progress",
    "Settings",
    "Split",
    "Trained",
    "agreement",
    "apply",
    "apply_to_file",
    "apply_to_files",
    "at_voxel_size",
    "best_cutoff",
    "check_bioimageio",
    "choose_cutoff",
    "chosen_device",
    "cutoff_table",
    "example",
    "from_merging",
    "from_sorting",
    "hold_out",
    "import_published",
    "majority",
    "mean_probability",
    "net_basic",
    "net_zoom",
    "normalize",
    "pairs_in_folder",
    "pairs_in_table",
    "probability",
    "read_bioimageio",
    "read_examples",
    "read_iterations",
    "read_model",
    "suggest_settings",
    "take_all",
    "train",
    "truth_of",
    "write_bioimageio",
    "write_example",
    "write_model",
]
