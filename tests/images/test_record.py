"""The record says what is needed to make the same result again, in plain JSON."""

import hashlib
import json
import math
from collections import namedtuple
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from make_files import counts

from helpers.images import Stack, read, read_record, record, write, write_record
from helpers.images.record import checksum

STACK = Stack(counts(3, 8, 9), (0.3, 0.1, 0.1), "phantom", "mitochondria(seed=0)")


def test_record_of_a_file(tmp_path):
    path = write(tmp_path / "cell.ome.tif", counts(3, 8, 9), (0.3, 0.1, 0.1))
    output = tmp_path / "cell_mask.ome.tif"
    output.write_bytes(b"mask")
    made = record(
        stack=read(path),
        workflow="tomm20",
        parameters={"sigma": 1, "cutoffs": [0.1]},
        channel="DNA",
        time=2,
        duration=1.23456,
        seed=7,
        outputs=[output],
        quality={"empty": False},
    )
    assert made["input"] == {
        "name": "cell.ome.tif",
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert made["outputs"] == [{"name": "cell_mask.ome.tif", "sha256": hashlib.sha256(b"mask").hexdigest()}]
    assert (made["workflow"], made["channel"], made["scene"], made["time"], made["seed"], made["duration_s"]) == (
        "tomm20",
        "DNA",
        0,
        2,
        7,
        1.235,
    )
    assert (made["shape"], made["dtype"], made["voxel_size_um"]) == ([3, 8, 9], "uint16", [0.3, 0.1, 0.1])
    assert made["versions"]["numpy"] == version("numpy")
    assert made["versions"]["helpers"] == version("cell-segmentation-notebooks")
    assert set(made["versions"]) == {"python", "helpers", "numpy", "scipy", "scikit-image", "numba", "tifffile"}
    assert datetime.fromisoformat(made["finished"]).utcoffset().total_seconds() == 0
    assert made["record_version"] == 1
    assert read_record(write_record(tmp_path / "cell_record.json", made)) == made


@pytest.mark.parametrize("source", ["mitochondria(seed=0)", "", "x" * 5000, "a\x00b"])
def test_record_of_a_synthetic_stack(source):
    made = record(stack=Stack(STACK.raw, (1, 1, 1), "phantom", source), workflow="tomm20", parameters={})
    assert made["input"] == {"name": "phantom", "synthetic": True, "source": source or "made in memory"}


def test_values_become_plain(tmp_path):
    Quality = namedtuple("Quality", "fraction saturated")
    values = {
        "numbers": [np.float32(0.5), np.int64(3), np.bool_(True), np.arange(3), (1, 2)],
        "nothing": [math.nan, math.inf, np.nan, None],
        "quality": Quality(0.25, np.uint8(3)),
        "path": Path("a") / "b",
        "set": {"b", "a"},
        "text": "Zellkern µm 細胞",
        3: "key",
    }
    path = write_record(tmp_path / "new" / "a_record.json", {"record_version": 1} | values)
    text = path.read_text(encoding="utf-8")
    assert "細胞" in text
    assert "NaN" not in text
    assert json.loads(text) == {
        "record_version": 1,
        "numbers": [0.5, 3, True, [0, 1, 2], [1, 2]],
        "nothing": [None] * 4,
        "quality": {"fraction": 0.25, "saturated": 3},
        "path": str(Path("a") / "b"),
        "set": ["a", "b"],
        "text": "Zellkern µm 細胞",
        "3": "key",
    }
    assert list(json.loads(text))[:3] == ["record_version", "numbers", "nothing"]


def test_names_that_are_no_text_do_not_lose_the_record(tmp_path):
    path = write_record(tmp_path / "a.json", {"record_version": 1, "name": "\udcff"})
    assert read_record(path)["name"] == "?"


def test_values_that_are_not_for_a_record(tmp_path):
    with pytest.raises(TypeError, match="a record holds numbers, texts, lists and mappings, got object"):
        write_record(tmp_path / "a.json", {"a": object()})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "it is no JSON"), ("[]", "no record_version"), ("{}", "no record_version"), ('{"record_version": 99}', "version 99")],
)
def test_other_files_are_no_records(tmp_path, text, sentence):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.json .*{sentence}"):
        read_record(tmp_path / "a.json")


def test_checksum_of_a_folder_depends_on_names_and_contents(tmp_path):
    def folder(name: str, files: dict[str, str]) -> str:
        for file, text in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text(text)
        return checksum(tmp_path / name)

    first = folder("one", {"a": "1", "b/c": "2"})
    assert folder("two", {"b/c": "2", "a": "1"}) == first
    others = [
        folder("three", {"a": "1", "b/d": "2"}),
        folder("four", {"a": "2", "b/c": "1"}),
        folder("five", {"a": "1"}),
        folder("six", {"a": "12", "b/c": ""}),
    ]
    assert len({first, *others}) == 5
