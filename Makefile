# Every target makes what it needs first. `make` alone lists them.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: help demo test lab latency sitting new tidy gallery agreement accuracy looks voxel-sizes thresholds real-images real-training the-loop example-model bench bench-learning bench-published freeze clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo:  ## segment the bundled sample and say where the results lie
	@$(PYTHON) tools/environment.py demo
	@$(RUN) tools/demo.py

test:  ## make the whole environment and run every test, all notebooks included
	@$(PYTHON) tools/environment.py all
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) tools/tidy.py --check notebooks
	@$(RUN) -m pytest -n auto --dist worksteal

lab:  ## open JupyterLab on the first notebook
	@$(PYTHON) tools/environment.py lab
	@$(RUN) -m jupyter lab --ServerApp.root_dir="$(CURDIR)" $$(test "$$(id -u)" = 0 && echo --allow-root) notebooks/00_start/01_first_segmentation.ipynb

new:  ## make a workflow for a structure of your own: make new NAME=my_structure FROM=tomm20 (VALUES=tuned.yaml)
	@$(PYTHON) tools/environment.py demo
	@$(RUN) tools/new.py "$(NAME)" "$(FROM)" $(if $(VALUES),--values "$(VALUES)") $(if $(VOXEL_SIZE),--voxel-size $(VOXEL_SIZE))

tidy:  ## clear outputs of notebooks, format the code
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/tidy.py notebooks
	@$(RUN) tools/lookup_table.py
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

gallery:  ## make the pictures of docs/gallery anew
	@$(PYTHON) tools/environment.py demo
	@$(RUN) tools/gallery.py

agreement:  ## compare all 46 workflows with the masks of the published program (../shared/reference)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/agreement.py

accuracy:  ## hold all 46 workflows and plain thresholds against the truth of their phantoms, write docs/accuracy.md (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/accuracy.py

voxel-sizes:  ## hold all 46 workflows at other voxel sizes against the tuned one and the truth, write docs/voxel_sizes.md (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/voxel_sizes.py

looks:  ## measure what the structures look like, for the suggestions of notebook 03 (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/looks.py

thresholds:  ## hold 20 workflows and the 22 thresholds of the paper's Fig. 7 against the truth, write docs/thresholds.md (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/thresholds.py

real-images:  ## walk the whole path of a user on five real stacks (../shared), write docs/real_images.md (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/real_images.py

example-model:  ## train the model that the package ships, on synthetic stacks, and write its card (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/example_model.py

latency:  ## measure in JupyterLab how long a change in a live panel takes until it is on screen (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/latency.py

sitting:  ## sort, merge and correct through the browser at a person's pace, and look that nothing is lost (6 minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/sitting.py

the-loop:  ## sort, train, merge, train again on synthetic fields, write docs/the_loop.md (up to 20 minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/the_loop.py --anew

real-training:  ## train on parts of three real images (../shared) and judge on the rest, write docs/real_training.md (half an hour)
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/real_training.py

bench:  ## measure the algorithms beside plain scikit-image / scipy (minutes)
	@$(PYTHON) tools/environment.py all
	@$(RUN) -m benchmarks.algorithms --size L
	@$(RUN) -m benchmarks.workflows --size L --first
	@$(RUN) -m benchmarks.metrics

bench-learning:  ## measure inference beside the published tiles and loop (half an hour)
	@$(PYTHON) tools/environment.py all
	@$(RUN) -m benchmarks.learning

bench-published:  ## measure all workflows beside the published program, in an environment of its own (gigabytes, half an hour)
	@$(PYTHON) tools/environment.py all
	@$(RUN) -m benchmarks.published --size S
	@$(RUN) -m benchmarks.published --size L

freeze:  ## write the versions of the environment into constraints.txt
	@$(PYTHON) tools/environment.py all
	@$(RUN) tools/freeze.py

clean:  ## remove the environment and everything that was made
	rm -rf .venv results build *.egg-info .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
