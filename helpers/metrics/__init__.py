"""How right a segmentation is: truth against found."""

from helpers.metrics.overlap import Overlap, overlap

__all__ = ["Overlap", "overlap"]
