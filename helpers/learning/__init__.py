"""Networks that learn from curated results: train them, keep them, apply them. All that needs PyTorch is here and above, never below."""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        'helpers.learning needs PyTorch, which is not installed: pip install "cell-segmentation-notebooks[learning]"', name="torch"
    ) from error
