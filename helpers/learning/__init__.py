"""Networks that learn from curated results: train them, keep them, apply them. All that needs PyTorch is here and above, never below."""

try:
    import torch
except ImportError as error:
    raise ImportError(
        'helpers.learning needs PyTorch, which is not installed: pip install "cell-segmentation-notebooks[learning]"', name="torch"
    ) from error

if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 6):  # earlier ones run code that a file of weights may hold
    raise ImportError(f'helpers.learning needs PyTorch 2.6 or newer, found {torch.__version__}: pip install -U "torch>=2.6"', name="torch")
