import numpy as np
import pytest

from helpers import images, phantoms


def test_two_channels_are_read_by_name(tmp_path):
    path = phantoms.write_two_channels(tmp_path)
    assert images.contents(path)["channels"].tolist() == [["DNA", "LMNB1"]]
    dna, lamina = (images.read(path, channel=name).raw for name in ("DNA", "LMNB1"))
    assert np.array_equal(dna, phantoms.nuclei(seed=5, shape=dna.shape).stack.raw)
    assert np.array_equal(lamina, phantoms.nuclear_lamina(seed=5, shape=dna.shape).stack.raw)
    with pytest.raises(images.ImageFileError, match="2 channels: 0 'DNA', 1 'LMNB1'"):
        images.read(path)


def test_folder_holds_two_stacks_and_a_file_cut_short(tmp_path):
    folder = phantoms.write_folder(tmp_path / "images")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["control.ome.tif", "interrupted_copy.ome.tif", "treated.ome.tif"]
    assert images.read(folder / "treated.ome.tif").raw.shape == (12, 160, 160)
    with pytest.raises(images.ImageFileError, match="cut short"):
        images.read(folder / "interrupted_copy.ome.tif")
