"""A crop is the part that was asked for, or a sentence."""

import numpy as np
import pytest

from helpers import images


def stack():
    return images.Stack(np.arange(4 * 6 * 8).reshape(4, 6, 8), (0.3, 0.1, 0.1), "cell", source="cell.tif")


def test_crop_is_the_part_between_the_corners():
    part = images.crop(stack(), [1, 3, 0, 6, 2, 8])
    np.testing.assert_array_equal(part.raw, np.arange(4 * 6 * 8).reshape(4, 6, 8)[1:3, :, 2:])
    assert (part.voxel_size, part.source, part.name) == ((0.3, 0.1, 0.1), "cell.tif", "cell_z1-3_y0-6_x2-8")
    whole = stack()
    assert images.crop(whole, []) is whole


@pytest.mark.parametrize(
    ("corners", "sentence"),
    [
        ([0, 4, 0, 6, 0, 9], "x from 0 to 9 does not, it has 0 to 8"),
        ([0, 5, 0, 6, 0, 8], "z from 0 to 5"),
        ([-1, 4, 0, 6, 0, 8], "z from -1"),
        ([2, 2, 0, 6, 0, 8], "z from 2 to 2"),
        ([0, 4, 5, 3, 0, 8], "y from 5 to 3"),
        ([0, 4, 0, 6], "six numbers"),
        ([0, 4, 0, 6, 0, 2.5], "whole numbers"),
        ([0, 4, 0, 6, 0, True], "whole numbers"),
        ("center", "must be a list"),
        (5, "must be a list"),
    ],
)
def test_crop_outside_the_image_gets_one_sentence(corners, sentence):
    with pytest.raises((TypeError, ValueError), match="^[^\n]*$") as caught:
        images.crop(stack(), corners)
    assert sentence in str(caught.value)


def test_crop_around_is_where_it_was_asked_for():
    stack = images.Stack(np.arange(6 * 30 * 40).reshape(6, 30, 40), (0.3, 0.1, 0.1), "numbers")
    part = images.crop_around(stack, (2, 10, 10), (3, 15, 20))
    np.testing.assert_array_equal(part.raw, stack.raw[2:4, 10:20, 15:25])
    assert images.crop_around(stack, (2, 10, 10)).notes == ()
    whole = images.crop_around(stack, (32, 256, 256))
    np.testing.assert_array_equal(whole.raw, stack.raw)
    assert whole.notes == ("The crop of 32 x 256 x 256 voxels was cut to 6 x 30 x 40: the image has 6 x 30 x 40.",)
    for arguments, sentence in (
        (((0, 5, 5),), "a size of the crop must be at least 1"),
        (((1, 5, 5), (0, 0, 40)), "centre of the crop in columns must be at least 0 and at most 39"),
        (((5, 5),), "three numbers"),
    ):
        with pytest.raises(ValueError, match=sentence):
            images.crop_around(stack, *arguments)
