"""Decisions are on the disk when they are made, whatever happens next, and what people write into the file holds."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import images
from helpers.curation import (
    Decision,
    InUseError,
    Item,
    Queue,
    Region,
    Sorting,
    accepted,
    queue,
    read_decisions,
    read_regions,
    region_mask,
    sort,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["cell_1", "cell_2", "cell_3", "cell_4"]


@pytest.fixture
def waiting(tmp_path) -> Queue:
    return Queue([Item(name, tmp_path / "found" / f"{name}_mask.ome.tif") for name in NAMES], {})


def words(path: Path) -> dict[str, str]:
    """Decisions as another program reads them."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return {row["image"]: row["decision"] for row in csv.DictReader(file)}


def test_each_decision_is_in_the_file_at_once(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting, who="AB") as sorting:
        assert words(path) == dict.fromkeys(NAMES, "")
        for name, word in zip(NAMES, ("accept", "reject", "later", "accept")):
            assert sorting.current().image == name
            sorting.decide(word, comment=f"{name}; so, so", seconds=1.5)
            assert words(path)[name] == word
        assert sorting.current().image == "cell_3", "what was put off comes again"
        assert str(sorting.progress()).startswith("3 of 4 done: 2 accepted, 1 rejected, 1 for later")
        assert sorting.progress().seconds == 6
    table = pd.read_csv(path)
    assert table["comment"].tolist() == [f"{name}; so, so" for name in NAMES]
    assert set(table["who"]) == {"AB"}
    assert pd.to_datetime(table["when"]).notna().all()


def test_goes_on_another_day_and_undoes_the_last_of_the_day_before(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.put(
            [Decision("cell_2", "reject", when="2026-01-02T10:00:00+00:00"), Decision("cell_1", "accept", when="2026-01-02T09:00:00+00:00")]
        )
    with Sorting(path, waiting) as sorting:
        assert sorting.current().image == "cell_3"
        assert sorting.undo() == "cell_2"
        assert sorting.current().image == "cell_2"
        assert words(path)["cell_2"] == ""
        assert sorting.undo() == "cell_1"
        assert sorting.undo() is None


def test_put_off_ones_take_turns_and_undone_ones_come_at_once(tmp_path, waiting):
    with Sorting(tmp_path / "sorted.csv", waiting) as sorting:
        seen = []
        for _ in range(8):
            seen.append(sorting.current().image)
            sorting.decide("later")
        assert seen == NAMES * 2
        assert sorting.undo() == "cell_4"
        assert sorting.current().image == "cell_4"


STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["accept", "reject", "later", ""]), st.text(max_size=8)), max_size=12)


@settings(max_examples=25, deadline=None)
@given(before=STEPS, steps=STEPS)
def test_undoing_any_sequence_gives_back_the_start(tmp_path_factory, before, steps):
    path = tmp_path_factory.mktemp("undo") / "sorted.csv"
    waiting = Queue([Item(name, Path("/data") / name) for name in NAMES], {})
    sort(waiting, path, [Decision(*step[:2], comment=step[2].replace("\x00", "").encode(errors="ignore").decode()) for step in before])
    start = path.read_bytes()
    with Sorting(path, waiting) as sorting:
        for image, word, comment in steps:
            sorting.decide(word, image, comment=comment.replace("\x00", "").encode(errors="ignore").decode())
        for image, *_ in reversed(steps):
            assert sorting.undo() == image
    assert path.read_bytes() == start


def test_recorded_decisions_give_the_same_file(tmp_path, waiting):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    with Sorting(first, waiting, who="AB") as sorting:
        for word in ("accept", "later", "reject"):
            sorting.decide(word, comment="=1+1 bright, \u00fcber", seconds=2.25)
    done = sort(waiting, second, first, who="somebody else")
    assert second.read_bytes() == first.read_bytes()
    assert done.notes == []
    assert sort(waiting, tmp_path / "c.csv", read_decisions(first).table).table.equals(done.table)
    assert done.table["comment"][0] == "=1+1 bright, \u00fcber"
    assert "'=1+1" in first.read_text(encoding="utf-8-sig"), "Excel would compute it"


def test_a_file_edited_by_hand_in_between_holds(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept")
        rows = [["image", "decision", "my column"], ["cell_1", "reject", "x"], ["other", "accept", "y"], ["", "accept", "z"],
                ["cell_3", "acept", ""], ["cell_2", "later", ""], ["cell_2", "Reject", ""]]  # fmt: skip
        path.write_bytes("\r\n".join(";".join(row) for row in rows).encode("cp1252") + b"\r\nM\xfcll;;\r\n")
        assert sorting.current().image == "cell_3"
        notes = " ".join(sorting.notes())
        assert "line 5: the decision is none of accept" in notes
        assert "line 4: no image is named" in notes
        assert "line 6: the image stands again further down" in notes
        assert "not in this queue (lines 3, 8)" in notes
        sorting.decide("accept", seconds=2.5)
    after = path.read_bytes().decode("cp1252").split("\r\n")
    assert [line.split(";")[:3] for line in after[:8]] == [*rows[:4], ["cell_3", "accept", ""], *rows[5:], ["M\xfcll", "", ""]]
    assert "2,5" in after[4]
    table = read_decisions(path).table.set_index("image")
    assert table.loc[["cell_1", "cell_2", "cell_3", "cell_4"], "decision"].tolist() == ["reject", "reject", "accept", ""]
    assert table.loc["cell_3", "seconds"] == 2.5
    assert table.loc["cell_1", "my column"] == "x"


def test_undo_of_nothing_but_what_a_hand_changed_does_nothing(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    sort(waiting, path, {"cell_4": "accept"})
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept")
        path.write_text(path.read_text(encoding="utf-8-sig").replace("cell_1,accept", "cell_1,reject"), encoding="utf-8")
        before = path.read_bytes()
        assert sorting.undo() is None
        assert path.read_bytes() == before


def test_undo_leaves_rows_alone_that_a_hand_changed(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept")
        sorting.decide("accept")
        path.write_text(path.read_text(encoding="utf-8-sig").replace("cell_2,accept", "cell_2,reject"), encoding="utf-8")
        assert sorting.undo() == "cell_1"
        assert words(path) == {"cell_1": "", "cell_2": "reject", "cell_3": "", "cell_4": ""}


def test_an_older_version_saved_over_the_file_is_noticed_and_mended(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept", comment="=sharp")
        old = path.read_bytes()
        sorting.decide("reject", seconds=2)
        after = path.read_bytes()
        assert sorting.notes() == []
        path.write_bytes(old)
        assert "no longer has 1 decision(s) of this sitting, on cell_2" in sorting.notes()[0]
        assert sorting.restore() == ["cell_2"]
        assert path.read_bytes() == after
        assert sorting.restore() == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,verdict\ncell_1,accept\n", "no column image and no column decision in its first line"),
        (b'image,decision,comment\ncell_1,accept,"dim\ncell_2,reject,\n', "a quotation mark is not closed"),
        (b"", "no column image"),
    ],
)
def test_what_cannot_be_read_is_left_as_it_is(tmp_path, waiting, content, sentence):
    path = tmp_path / "sorted.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        Sorting(path, waiting)
    assert path.read_bytes() == content
    path.unlink()
    with Sorting(path, waiting) as sorting:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=sentence):
            sorting.decide("accept", "cell_1")
        assert path.read_bytes() == content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("prelude", ["", "sep={}\n"])
def test_reads_what_excel_saves_and_saves_it_in_the_same_way(tmp_path, waiting, encoding, separator, prelude):
    path = tmp_path / "sorted.csv"
    lines = [f"Image {separator}DECISION{separator}comment", f"cell_1{separator}ACCEPT {separator}sch\xf6n", separator * 2]
    path.write_bytes((prelude.format(separator) + "\n".join(lines)).encode(encoding))
    done = sort(waiting, path, {"cell_2": "reject"})
    assert done.table["decision"].tolist() == ["accept", "reject", "", ""]
    assert done.table["comment"][0] == "sch\xf6n"
    text = path.read_bytes().decode(encoding)
    assert text.startswith(prelude.format(separator) + f"Image {separator}DECISION{separator}comment")
    assert text.count("sch\xf6n") == 1


def test_a_file_taken_away_in_the_middle_is_written_again(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept")
        path.unlink()
        sorting.decide("reject")
    assert words(path) == {"cell_1": "accept", "cell_2": "reject", "cell_3": "", "cell_4": ""}


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_full_disk_keeps_the_old_file(tmp_path, waiting, monkeypatch, step):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept")
        before = path.read_bytes()

        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        with monkeypatch.context() as patch:
            patch.setattr("builtins.open" if step == "write" else f"os.{step}", full)
            with pytest.raises(OSError, match="is full"):
                sorting.decide("reject")
        assert path.read_bytes() == before
        sorting.decide("reject")
    assert words(path)["cell_2"] == "reject"
    assert [item.name for item in tmp_path.iterdir()] == ["sorted.csv"]


def test_a_file_open_in_excel_on_windows_gets_a_sentence(tmp_path, waiting, monkeypatch):
    with Sorting(tmp_path / "sorted.csv", waiting) as sorting:

        def held(*_):
            raise PermissionError(errno.EACCES, "denied")

        monkeypatch.setattr("os.replace", held)
        with pytest.raises(PermissionError, match="close it in Excel"):
            sorting.decide("accept")
        monkeypatch.undo()


CHILD = """
import sys, time
from pathlib import Path
from helpers.curation import Item, Queue, Sorting, files
waiting = Queue([Item(f"cell_{n}", Path("x")) for n in range(1, 401)], {})
sorting = Sorting(sys.argv[1], waiting)
print("ready", flush=True)
if sys.argv[2] == "hold":
    time.sleep(60)
for item in waiting.items:
    sorting.decide("accept", item.image)
    print(item.image, flush=True)
"""


def child(path: Path, what: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(path), what],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_in_the_middle_of_writing_loses_at_most_the_last_decision(tmp_path):
    path = tmp_path / "sorted.csv"
    process = child(path, "work")
    said = [process.stdout.readline().strip() for _ in range(20)]
    time.sleep(0.011)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read().split()
    process.wait()
    made = [image for image, word in words(path).items() if word == "accept"]
    assert len(words(path)) == 400
    assert set(said) <= set(made)
    assert len(made) <= len(said) + 1
    waiting = Queue([Item(f"cell_{n}", Path("x")) for n in range(1, 401)], {})
    with Sorting(path, waiting) as sorting:  # the lock of the dead is no obstacle
        assert sorting.current().image == f"cell_{len(made) + 1}"


def test_two_notebooks_on_one_file(tmp_path):
    path = tmp_path / "sorted.csv"
    waiting = Queue([Item("cell_1", Path("x"))], {})
    process = child(path, "hold")
    try:
        before = path.read_bytes()
        with pytest.raises(InUseError, match=rf"open in another tab or notebook \(process {process.pid}\), last used just now"):
            Sorting(path, waiting)
        with Sorting(path, waiting, take_over=True) as sorting:
            sorting.decide("reject")
        assert path.read_bytes() != before
    finally:
        process.kill()
        process.wait()
    assert not [item for item in tmp_path.iterdir() if item.name.endswith(".lock")]


def test_the_cell_run_twice_takes_over_and_the_older_panel_says_so(tmp_path, waiting):
    older = Sorting(tmp_path / "sorted.csv", waiting)
    with Sorting(tmp_path / "sorted.csv", waiting) as newer:
        newer.decide("accept")
        with pytest.raises(InUseError, match="opened a second time in this notebook: go on there"):
            older.decide("reject")
        older.close()
        newer.decide("reject")
        assert words(newer.path) == {"cell_1": "accept", "cell_2": "reject", "cell_3": "", "cell_4": ""}


@pytest.mark.parametrize(
    ("lock", "age", "opens"),
    [
        ({"token": "t", "pid": 1, "host": "elsewhere"}, 60, False),
        ({"token": "t", "pid": 1, "host": "elsewhere"}, 7200, True),
        ({"token": "t", "pid": os.getpid() + 1_000_000_000, "host": None}, 0, True),
        ({"token": "t", "pid": 1, "begun": "of an earlier process of this number", "host": None}, 0, True),
        ("torn", 0, False),
        ("torn", 60, True),
    ],
)
def test_locks_of_other_computers_and_of_the_dead(tmp_path, waiting, lock, age, opens):
    import socket

    held = tmp_path / ".sorted.csv.lock"
    held.write_text(lock if isinstance(lock, str) else json.dumps(lock | {"host": lock["host"] or socket.gethostname()}))
    os.utime(held, (time.time() - age,) * 2)
    if opens:
        with Sorting(tmp_path / "sorted.csv", waiting) as sorting:
            sorting.decide("accept")
    else:
        with pytest.raises(InUseError, match="is open"):
            Sorting(tmp_path / "sorted.csv", waiting)


def test_wrong_words_and_names_are_refused_and_nothing_is_written(tmp_path, waiting):
    path = tmp_path / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        before = path.read_bytes()
        with pytest.raises(ValueError, match="a decision is one of accept, reject, later, got 'yes'"):
            sorting.decide("yes")
        with pytest.raises(ValueError, match="no image 'cell_9'"):
            sorting.put([Decision("cell_1", "accept"), Decision("cell_9", "accept")])
        assert path.read_bytes() == before
    with pytest.raises(ValueError, match=r"must end in \.csv"):
        Sorting(tmp_path / "sorted.xlsx", waiting)


def test_accepted_gives_paths_that_move_with_the_folder(tmp_path, waiting):
    work = tmp_path / "work"
    (work / "found").mkdir(parents=True)
    items = [Item(name, work / "found" / f"{name}.tif") for name in NAMES]
    for item in items:
        item.found.touch()
    sort(Queue(items, {}), work / "sorted.csv", {"cell_1": "accept", "cell_2": "reject", "cell_4": "accept"})
    moved = work.rename(tmp_path / "elsewhere")
    assert accepted(moved / "sorted.csv") == [moved / "found" / f"{name}.tif" for name in ("cell_1", "cell_4")]
    (moved / "found" / "cell_4.tif").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 accepted result\(s\) are not where"):
        accepted(moved / "sorted.csv")
    (moved / "by_hand.csv").write_text("image,decision\na,accept\n")
    with pytest.raises(ValueError, match="accepts a and names no file"):
        accepted(moved / "by_hand.csv")


def write(path: Path, array: np.ndarray) -> Path:
    return images.write(path, array, (0.3, 0.1, 0.1))


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(0)
    found = np.zeros((3, 20, 22), bool)
    found[1, 5:15, 5:15] = True
    for n, shift in enumerate((0, 6, 3)):
        write(tmp_path / "raw" / f"cell_{n}.ome.tif", rng.integers(100, 900, found.shape).astype(np.uint16))
        write(tmp_path / "found" / f"cell_{n}_mask.ome.tif", found)
        write(tmp_path / "other" / f"cell_{n}.ome.tif", np.roll(found, shift, axis=2).astype(np.uint16) * 7)
    return tmp_path


def test_queue_pairs_by_name_and_puts_disagreement_first(folders):
    waiting = queue(folders / "found", folders / "raw", folders / "other", order="disagreement")
    assert [item.image for item in waiting.items] == ["cell_1", "cell_2", "cell_0"]
    assert [round(item.badness, 3) for item in waiting.items] == [0.6, 0.3, 0.0]
    assert waiting.items[0].raw == folders / "raw" / "cell_1.ome.tif"
    assert waiting.items[0].result().dtype == bool
    assert set(np.unique(waiting.items[0].result(other=True))) == {0, 7}
    assert waiting.items[0].stack().voxel_size == (0.3, 0.1, 0.1)
    assert waiting.skipped == {}


def test_queue_puts_warnings_first(folders):
    write(folders / "found" / "cell_2_mask.ome.tif", np.zeros((3, 20, 22), bool))
    waiting = queue(folders / "found", folders / "raw", order="warnings")
    assert [item.image for item in waiting.items] == ["cell_2", "cell_0", "cell_1"]
    assert "Nothing was found" in waiting.items[0].why[0]


def test_queue_lists_what_cannot_be_shown(folders):
    path = folders / "raw" / "cell_0.ome.tif"
    path.write_bytes(path.read_bytes()[:200])
    write(folders / "found" / "cell_1_mask.ome.tif", np.zeros((3, 20, 21), bool))
    write(folders / "found" / "lonely.ome.tif", np.zeros((3, 20, 22), bool))
    waiting = queue(folders / "found", folders / "raw")
    assert [item.image for item in waiting.items] == ["cell_2"]
    assert set(waiting.skipped) == {"cell_0", "cell_1", "lonely"}
    assert "3x20x21 voxels, the image cell_1.ome.tif 3x20x22" in waiting.skipped["cell_1"]
    assert waiting.skipped["lonely"] == "there is no image of this name"
    with Sorting(folders / "sorted.csv", waiting) as sorting:
        assert sorting.skip("cell_2", "the disk is gone") is None
        assert len([note for note in sorting.notes() if "cannot be shown" in note]) == 4


def test_queue_knows_what_notebooks_leave(folders):
    stack = images.read(folders / "raw" / "cell_1.ome.tif")
    for name, warnings in (("tomm20", []), ("fbl", ["It looks odd."])):
        with images.together(folders / "results") as temporary:
            path = write(temporary / f"cell_1_{name}_mask.ome.tif", np.ones((3, 20, 22), bool))
            record = images.record(stack=stack, workflow=name, parameters={}, channel="", outputs=[path], quality={"warnings": warnings})
            images.write_record(temporary / f"cell_1_{name}_record.json", record)
            (temporary / f"cell_1_{name}_overlay.png").write_bytes(b"a picture, no result")
    waiting = queue(folders / "results", order="warnings")
    assert [(item.image, item.stem, item.why) for item in waiting.items] == [
        ("cell_1_fbl", "cell_1", ("It looks odd.",)),
        ("cell_1_tomm20", "cell_1", ()),
    ]
    assert np.array_equal(waiting.items[0].stack().raw, stack.raw)
    beside = queue(folders / "found", folders / "raw", folders / "other")
    assert [item.image for item in beside.items] == ["cell_0", "cell_1", "cell_2"]


def test_a_bad_region_is_saved_beside_the_decision(folders):
    waiting = queue(folders / "found", folders / "raw")
    drawn = [Region("circle", [(5, 6)], 3)]
    path = folders / "sorted.csv"
    with Sorting(path, waiting) as sorting:
        sorting.decide("accept", excluded=drawn)
        sorting.decide("accept", excluded=folders / "found" / "cell_1_mask.ome.tif")
        sorting.decide("accept")
    table = read_decisions(path).table
    mask = images.read(table["excluded"][0])
    assert np.array_equal(mask.raw > 0, region_mask(drawn, (3, 20, 22)))
    assert mask.voxel_size == (0.3, 0.1, 0.1)
    assert read_regions(folders / "sorted_excluded" / "cell_0_regions.json", (3, 20, 22)) == drawn
    assert table["excluded"].tolist()[1:] == [str(folders / "found" / "cell_1_mask.ome.tif"), ""]
    assert "sorted_excluded/cell_0_excluded.ome.tif" in path.read_text(encoding="utf-8-sig"), "seen from the folder of the file"
    sort(waiting, folders / "again.csv", path)
    assert (folders / "again.csv").read_bytes() == path.read_bytes()


def test_links_rights_and_odd_paths_survive(tmp_path):
    real = tmp_path / "shared drive" / "sorted.csv"
    item = Item("a", tmp_path / "two  blanks" / "a.tif")
    sort(Queue([item], {}), real, {})
    real.chmod(0o664)
    link = tmp_path / "sorted.csv"
    link.symlink_to(real)
    with Sorting(link, Queue([item], {})) as sorting:
        sorting.decide("accept")
    assert link.is_symlink()
    assert words(real) == {"a": "accept"}
    assert real.stat().st_mode & 0o777 == 0o664
    item.found.parent.mkdir()
    item.found.touch()
    assert accepted(real) == [item.found]


def test_images_of_several_channels_wait_until_one_is_named(folders):
    import tifffile

    for path in (folders / "raw").iterdir():
        tifffile.imwrite(path, np.ones((2, 3, 20, 22), np.uint16), ome=True, metadata={"axes": "CZYX", "PhysicalSizeZ": 0.3, "PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1,
                         "Channel": {"Name": ["DNA", "LMNB1"]}})  # fmt: skip
    with pytest.raises(images.ImageFileError, match="cell_0.ome.tif holds the channels DNA, LMNB1: name the one to be shown"):
        queue(folders / "found", folders / "raw")
    waiting = queue(folders / "found", folders / "raw", read_raw={"channel": "LMNB1"})
    assert waiting.items[0].stack().raw.shape == (3, 20, 22)
    for path in (folders / "raw").iterdir():
        tifffile.imwrite(path, np.ones((3, 20, 22), np.uint16), metadata={"axes": "ZYX"})
    with pytest.raises(images.ImageFileError, match="cell_0.ome.tif does not say its voxel size: give it"):
        queue(folders / "found", folders / "raw")
    waiting = queue(folders / "found", folders / "raw", read_raw={"voxel_size": [1, 0.5, 0.5]})
    assert waiting.items[0].stack().voxel_size == (1, 0.5, 0.5)


def test_empty_and_missing_folders_say_so(tmp_path, folders):
    (tmp_path / "empty").mkdir()
    with pytest.raises(images.ImageFileError, match="holds no image file"):
        queue(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        queue(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="order must be one of"):
        queue(folders / "found", order="size")
    with pytest.raises(ValueError, match="give other_folder"):
        queue(folders / "found", order="disagreement")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.tif").write_bytes(b"no picture")
    with pytest.raises(images.ImageFileError, match="none can be shown; the first, a:"):
        queue(tmp_path / "broken")
