"""Compile the kernels of every workflow once, so that the first notebook does not wait for it."""

import time

from helpers import phantoms
from helpers.workflows import WORKFLOWS

started = time.process_time()
stack, _ = phantoms.mitochondria(shape=(8, 64, 64))
for workflow in WORKFLOWS.values():
    workflow(stack.raw)
print(f"  compiled for {len(WORKFLOWS)} workflows in {time.process_time() - started:.0f} CPU seconds")
