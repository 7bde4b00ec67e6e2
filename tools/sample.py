"""Make ``data/mitochondria.ome.tif``, the bundled sample, anew."""

from pathlib import Path

from helpers import images, phantoms

stack, _ = phantoms.mitochondria(seed=20, shape=(16, 192, 192))
path = images.write(Path(__file__).resolve().parents[1] / "data" / "mitochondria.ome.tif", stack.raw, stack.voxel_size, name="TOM20")
print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
