"""Every notebook runs headless from top to bottom; what it leaves and how near it comes to the truth is looked at."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
import tifffile
from papermill.exceptions import PapermillExecutionError
from PIL import Image

from helpers import images, phantoms
from helpers.metrics import overlap
from helpers.workflows import PUBLISHED, WORKFLOWS

ROOT = Path(__file__).resolve().parents[2]
START = ROOT / "notebooks" / "00_start"
LOOKUP_TABLE = ROOT / "notebooks" / "10_lookup_table"


def run(path: Path, tmp_path: Path, **parameters) -> list[dict]:
    executed = tmp_path / "executed.ipynb"
    values = {"output_folder": str(tmp_path / "out"), **parameters}
    papermill.execute_notebook(str(path), str(executed), values, progress_bar=False, cwd=str(tmp_path))
    return json.loads(executed.read_text())["cells"]


def text_of(cells: list[dict]) -> str:
    return json.dumps([cell.get("outputs", []) for cell in cells])


def pictures_of(cells: list[dict]) -> int:
    return sum("image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", []))


def dice_of(cells: list[dict]) -> float:
    return float(re.search(r"Dice with the truth \(1 = identical\)\s+([0-9.]+)", text_of(cells)).group(1))


@pytest.mark.parametrize("name", sorted(path.stem for path in LOOKUP_TABLE.glob("*.ipynb")))
def test_lookup_table_notebook(name, tmp_path):
    cells = run(LOOKUP_TABLE / f"{name}.ipynb", tmp_path)
    assert pictures_of(cells) >= 6
    if name in PUBLISHED:  # of another, its own test says how near it comes
        assert dice_of(cells) >= 0.8
    (record_path,) = (tmp_path / "out").glob(f"*_{name}_record.json")
    record = json.loads(record_path.read_text())
    assert record["quality"]["same_as_workflow"] is True, "the steps of the notebook give what the one call gives"
    assert len(list((tmp_path / "out").iterdir())) == 4
    printed = [output for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "stream"]
    # A field of another voxel size than that of the values is resampled, and a sentence says so
    allowed = [] if name in PUBLISHED else [output for output in printed if "".join(output["text"]).startswith("The image is resampled")]
    assert printed == allowed, "no warnings in the notebook"


@pytest.mark.parametrize("name", ["01_first_segmentation", "02_open_your_images"])
def test_start_notebook(name, tmp_path):
    cells = run(START / f"{name}.ipynb", tmp_path)
    assert pictures_of(cells) >= 3
    assert list((tmp_path / "out").iterdir())


def test_many_images_lists_the_damaged_file_and_finishes_the_rest(tmp_path):
    cells = run(START / "06_many_images.ipynb", tmp_path)
    summary = (tmp_path / "out" / "summary.csv").read_text()
    assert summary.count(",done,") == 2
    assert summary.count(",failed,") == 1
    assert pictures_of(cells) >= 1


def test_time_series_says_which_normalization_is_near_the_truth(tmp_path):
    cells = run(START / "08_time_series.ipynb", tmp_path)
    assert pictures_of(cells) >= 2
    assert "image/gif" in text_of(cells)
    drift = {name: float(value) for name, value in re.findall(r"(together|levelled|each) .*? ([0-9.]+)(?=\\n|\")", text_of(cells[-3:]))}
    assert drift["levelled"] < 1.25 < 1.8 < drift["together"], "the dye bleaches: levelled is right"
    assert len(list((tmp_path / "out").glob("peroxisomes_slc25a17_*"))) == 6


def test_bundled_sample_through_the_notebook(tmp_path):
    sample = ROOT / "data" / "mitochondria.ome.tif"
    assert sample.stat().st_size < 1e6
    run(LOOKUP_TABLE / "tomm20.ipynb", tmp_path, input_path=str(sample))
    mask = tifffile.imread(tmp_path / "out" / "mitochondria_tomm20_mask.ome.tif") > 0
    assert np.array_equal(mask, WORKFLOWS["tomm20"](images.read(sample).raw))


@pytest.mark.parametrize(("name", "make"), [("tomm20", phantoms.mitochondria), ("slc25a17", phantoms.peroxisomes)])
def test_file_with_larger_voxels_comes_back_on_its_own_grid(name, make, tmp_path):
    stack, _ = make(5, shape=(15, 128, 128))
    coarse, voxel_size = stack.raw[::2].reshape(8, 64, 2, 64, 2).mean(axis=(2, 4)).round().astype(np.uint16), (0.58, 0.216, 0.216)
    path = images.write(tmp_path / "coarse.ome.tif", coarse, voxel_size)
    cells = run(LOOKUP_TABLE / f"{name}.ipynb", tmp_path, input_path=str(path))
    assert text_of(cells).count("The image is resampled from 0.58 x 0.216 x 0.216 um to 0.29 x 0.108 x 0.108 um a voxel") == 1
    saved = images.read(tmp_path / "out" / f"coarse_{name}_mask.ome.tif")
    mask = saved.raw > 0
    assert mask.shape == coarse.shape
    assert saved.voxel_size == pytest.approx(voxel_size)
    wanted = images.mask_onto(WORKFLOWS[name](stack.raw), stack.voxel_size, voxel_size, coarse.shape)
    assert overlap(wanted, mask).dice > 0.9
    assert np.array_equal(mask, WORKFLOWS[name](coarse, voxel_size=voxel_size))
    record = images.read_record(tmp_path / "out" / f"coarse_{name}_record.json")
    assert record["quality"]["same_as_workflow"] is True
    assert record["voxel_size_um"] == pytest.approx(voxel_size)
    assert record["segmented_at_um"] == [0.29, 0.108, 0.108]
    table = pd.read_csv(tmp_path / "out" / f"coarse_{name}_objects.csv")
    assert table["volume_um3"].sum() == pytest.approx(mask.sum() * np.prod(voxel_size))


def test_voxel_size_in_nanometres_is_doubted_once_and_the_image_left_alone(tmp_path):
    stack, _ = phantoms.mitochondria(5, shape=(8, 64, 64))
    path = images.write(tmp_path / "nm.ome.tif", stack.raw, stack.voxel_size)
    cells = run(LOOKUP_TABLE / "tomm20.ipynb", tmp_path, input_path=str(path), voxel_size=[290, 108, 108])
    assert "The image is resampled" not in text_of(cells)
    assert "UserWarning" not in text_of(cells)
    (record,) = (tmp_path / "out").glob("*_record.json")
    (warning,) = [text for text in images.read_record(record)["quality"]["warnings"] if "microscope" in text]
    assert "the unit is probably wrong; give voxel_size in um" in warning


def test_first_notebook_refuses_a_knob_that_it_does_not_turn(tmp_path):
    with pytest.raises(PapermillExecutionError, match="unknown parameter 'smoothing_sigma'"):
        run(START / "01_first_segmentation.ipynb", tmp_path, smoothing_sigma=3)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((4, 30, 30), bool), "is a mask .bool.: give the file of the raw intensities"),
        (np.full((4, 30, 30), np.nan, np.float32), "NaN or infinite"),
        (np.full((4, 30, 30), 7, np.uint16), "has the value 7 everywhere"),
    ],
    ids=["bool", "NaN", "constant"],
)
def test_bad_images_stop_the_notebook_with_one_sentence(array, sentence, tmp_path):
    """In the notebook pictures come before the workflow: they must not fail first."""
    tifffile.imwrite(tmp_path / "bad.tif", array, photometric="minisblack")
    with pytest.raises(PapermillExecutionError, match=sentence):
        run(LOOKUP_TABLE / "tomm20.ipynb", tmp_path, input_path=str(tmp_path / "bad.tif"), voxel_size=[0.3, 0.1, 0.1])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"filament_cutofs": [0.1]}, "did you mean 'filament_cutoffs'"),
        ({"minimum_size": "abc"}, "minimum_size must be a whole number"),
        ({"smoothing_sigma": -1}, "smoothing_sigma must be"),
        ({"filament_sigmas": [1.0, 2.0]}, "lists of the same length"),
        ({"input_path": "no_such_file.tif"}, "no_such_file.tif"),
    ],
    ids=["unknown", "type", "range", "lengths", "file"],
)
def test_notebook_stops_with_one_sentence_and_leaves_nothing(parameters, sentence, tmp_path):
    with pytest.raises(PapermillExecutionError) as caught:
        run(LOOKUP_TABLE / "tomm20.ipynb", tmp_path, **parameters)
    assert sentence in caught.value.evalue.splitlines()[-1]
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_papermill_from_the_command_line_fails_with_the_sentence_last(tmp_path):
    command = [str(Path(sys.executable).with_name("papermill")), str(LOOKUP_TABLE / "tomm20.ipynb"), "out.ipynb", "-p", "minimum_sise", "5"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    assert "did you mean 'minimum_size'" in result.stderr.strip().splitlines()[-1]


REAL = {
    "mito_yeast_1": ("tomm20", "structures_3d/mito_yeast_1.ome.tif", {"filament_sigmas": [2.0], "minimum_size": 40}),
    "vesicles": ("slc25a17", "structures_3d/vesicles_cols0-125.ome.tif", {"contrast_high": 10, "spot_cutoffs": [0.03]}),
    "nuclear_envelope": (
        "lmnb1_interphase",
        "structures_3d/nuclear_envelope_left.ome.tif",
        {"voxel_size": [0.5, 0.2416, 0.2416], "smoothing_sigma": 2.5, "filament_cutoffs": [0.1, 0.1, 0.1], "seed_radius": 4},
    ),
    "tubulin": ("tomm20", "allen_cell06_3d/tub_img.ome.tif", {"voxel_size": [0.29, 0.108, 0.108], "filament_sigmas": [1.0]}),
}


@pytest.mark.real_data
@pytest.mark.parametrize("case", REAL)
def test_real_stacks(case, shared, tmp_path):
    name, file, parameters = REAL[case]
    run(LOOKUP_TABLE / f"{name}.ipynb", tmp_path, input_path=str(shared / "data" / file), **parameters)
    (path,) = (tmp_path / "out").glob("*_record.json")
    quality = json.loads(path.read_text())["quality"]
    assert quality["objects"] > 0
    assert 0.001 < quality["foreground_fraction"] < 0.4
    assert quality["same_as_workflow"]


@pytest.mark.real_data
def test_missing_voxel_size_of_a_real_file_is_asked_for(shared, tmp_path):
    with pytest.raises(PapermillExecutionError, match=r"voxel_size=\[z, y, x\]"):
        run(LOOKUP_TABLE / "lmnb1_interphase.ipynb", tmp_path, input_path=str(shared / "data/structures_3d/nuclear_envelope_left.ome.tif"))


EVALUATION = ROOT / "notebooks" / "80_evaluation"


def test_biology_notebook_shows_which_segmentation_keeps_the_effect(tmp_path):
    cells = run(EVALUATION / "05_does_it_change_the_biology.ipynb", tmp_path)
    assert pictures_of(cells) >= 5
    out = tmp_path / "out"
    scores = pd.read_csv(out / "biology_z_prime.csv").set_index(["method", "treatment"])
    assert scores.loc[("truth", "arrest"), "z_prime"] > 0.5
    assert scores.loc[("eroding", "arrest"), "z_prime"] > 0.5
    assert scores.loc[("merging", "arrest"), "z_prime"] < 0.5
    assert scores.loc[("merging", "arrest"), "f1"] > scores.loc[("eroding", "arrest"), "f1"]
    effect = pd.read_csv(out / "biology_effect.csv").set_index("method")["difference_arrest"]
    assert effect["truth"] == pytest.approx(effect["set"], abs=0.03)
    record = images.read_record(out / "biology_record.json")
    assert set(record["inputs"]) == {"images", "found", "plates", "truth"}
    assert {entry["name"] for entry in record["outputs"]} == {path.name for path in out.iterdir() if path.is_file()} - {
        "biology_record.json"
    }


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"image_folder": "no_such_folder", "plate_table": "p.csv"}, "there is no file .*p.csv"),
        ({"image_folder": "no_such_folder"}, "there is no table of the plates"),
        ({"controll": "DMSO"}, "did you mean 'control'"),
        ({"control": "water"}, "no nuclei of the control 'water'"),
    ],
    ids=["no table", "table not given", "unknown", "no control"],
)
def test_biology_notebook_refuses(parameters, sentence, tmp_path):
    with pytest.raises(PapermillExecutionError, match=sentence):
        run(EVALUATION / "05_does_it_change_the_biology.ipynb", tmp_path, **parameters)
    assert not list((tmp_path / "out").glob("biology_*"))


def test_overlap_notebook_tells_thin_from_broken(tmp_path):
    cells = run(EVALUATION / "01_overlap.ipynb", tmp_path)
    assert pictures_of(cells) >= 4
    out = tmp_path / "out"
    means = pd.read_csv(out / "overlap_means.csv").set_index("method")
    assert means["dice"].idxmax() == "gaps"
    assert means["cldice"].idxmax() == "thin"
    lost = 1 - pd.read_csv(out / "overlap_one_pixel.csv").set_index("diameter")["iou"]
    assert lost.is_monotonic_decreasing
    assert lost[6] > 10 * lost[96]
    assert len(images.read_record(out / "overlap_record.json")["outputs"]) == 8


def test_overlap_notebook_takes_planes_and_says_what_has_no_partner(tmp_path):
    """PNG masks of 0 and 255 without a voxel size, one of them without a partner, and no images."""
    truth = np.zeros((40, 50), np.uint8)
    truth[10:30, 10:30] = 255
    for folder, names in (("truth", "ab"), ("found", "a")):
        (tmp_path / folder).mkdir()
        for name in names:
            Image.fromarray(np.roll(truth, 2, axis=1) if folder == "found" else truth).save(tmp_path / folder / f"{name}.png")
    folders = {name: str(tmp_path / name.removesuffix("_folder")) for name in ("truth_folder", "found_folder")}
    cells = run(EVALUATION / "01_overlap.ipynb", tmp_path, **folders, filaments=False)
    assert "1 file less than truth: b" in text_of(cells)
    scores = pd.read_csv(tmp_path / "out" / "overlap_scores.csv")
    assert scores["dice"].tolist() == [0.9]


def test_distances_notebook_finds_the_known_distances(tmp_path):
    cells = run(EVALUATION / "03_surface_distances.ipynb", tmp_path)
    assert pictures_of(cells) >= 2
    objects = pd.read_csv(tmp_path / "out" / "distances_objects.csv").set_index("error")
    assert (objects.loc["right", "hausdorff"] == 0).all()
    assert objects.loc["too large", "hausdorff95"].to_numpy() == pytest.approx(0.33, abs=0.1)
    assert (objects.loc["spur", "hausdorff"] > 1.8).all()
    assert (objects.loc["spur", "hausdorff95"] < 0.11).all()
    assert objects.loc["one plane up", "hausdorff"].to_numpy() == pytest.approx(0.29)
    assert (tmp_path / "out" / "distances_map.png").exists()


def two_squares(folder: Path, **changes) -> dict[str, str]:
    """Write a true and a found label image of one plane, without a voxel size; a change is an array that replaces one."""
    labels = np.zeros((40, 50), np.uint16)
    labels[10:30, 10:30], labels[5:9, 35:45] = 1, 2
    for name, array in ({"truth": labels, "found": np.roll(labels, 1, axis=1)} | changes).items():
        (folder / name).mkdir()
        tifffile.imwrite(folder / name / "a.tif", array, photometric="minisblack")
    return {"truth_folder": str(folder / "truth"), "found_folder": str(folder / "found")}


def test_distances_notebook_takes_planes(tmp_path):
    run(EVALUATION / "03_surface_distances.ipynb", tmp_path, **two_squares(tmp_path), voxel_size=[1.0, 0.5, 0.5])
    assert pd.read_csv(tmp_path / "out" / "distances_objects.csv")["hausdorff"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("name", "parameters", "changes", "sentence"),
    [
        ("03_surface_distances", {}, {}, r"voxel_size=\[z, y, x\]"),
        ("03_surface_distances", {"voxel_size": [1, 1, 1]}, {"found": np.full((40, 50), 255, np.uint8)}, "classic.components"),
        ("03_surface_distances", {"voxel_size": [1, 1, 1]}, {"found": np.ones((40, 49), np.uint16)}, "found, a: .*same shape"),
        ("03_surface_distances", {"voxel_size": [1, 1, 1], "image_name": "z"}, {}, "has no file for z"),
        ("01_overlap", {}, {"found": np.ones((40, 49), np.uint16)}, "found, a: .*same shape"),
        ("01_overlap", {}, {"found": np.linspace(0, 1, 2000, dtype=np.float32).reshape(40, 50)}, "a.tif holds fractions"),
        ("01_overlap", {"filament": False}, {}, "did you mean 'filaments'"),
    ],
    ids=["no voxel size", "mask", "shape", "no such image", "shape of a mask", "fractions", "unknown"],
)
def test_evaluation_refuses_in_one_sentence(name, parameters, changes, sentence, tmp_path):
    with pytest.raises(PapermillExecutionError) as caught:
        run(EVALUATION / f"{name}.ipynb", tmp_path, **two_squares(tmp_path, **changes), **parameters)
    assert re.search(sentence, caught.value.evalue), caught.value.evalue
    assert not list((tmp_path / "out").glob("*_record.json"))
