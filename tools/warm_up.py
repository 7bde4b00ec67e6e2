"""Compile the kernels of every workflow once, so that the first notebook does not wait for it."""

import time

from helpers import classic, phantoms
from helpers.metrics import match
from helpers.workflows import WORKFLOWS

started = time.process_time()
stack, truth = phantoms.mitochondria(shape=(8, 64, 64))
for workflow in WORKFLOWS.values():
    workflow(stack.raw)
labels = classic.components(truth)
match(labels, labels)
print(f"  compiled for {len(WORKFLOWS)} workflows and the metrics in {time.process_time() - started:.0f} CPU seconds")
