"""Images in and out: read one channel as a `Stack`, write masks and labels, read folders of labels, keep the record of a run."""

from helpers.images.crops import box, crop, crop_around
from helpers.images.folders import MaskFolder, StackFolder, image_files, mask_folders, read_mask, read_plates
from helpers.images.inputs import Input, read_or
from helpers.images.labels import LabelFolder, Partners, label_folders, partners, read_beside, read_labels
from helpers.images.reading import channel_names, contents, read
from helpers.images.record import checksum, read_record, record, record_folders, refuse_another_input, versions, write_record
from helpers.images.resample import labels_onto, map_onto, mask_onto, resample, resampled_shape
from helpers.images.scenes import ImageFileError
from helpers.images.stack import Stack, safe_name
from helpers.images.times import TimeAxis, checked_times, read_times, time_axis
from helpers.images.voxel_sizes import absurd_voxel_size, resampling_sentence, working_voxel_size
from helpers.images.writing import output_path, said_plainly, together, write, write_times

__all__ = [
    "ImageFileError",
    "Input",
    "LabelFolder",
    "MaskFolder",
    "Partners",
    "Stack",
    "StackFolder",
    "TimeAxis",
    "absurd_voxel_size",
    "box",
    "channel_names",
    "checked_times",
    "checksum",
    "contents",
    "crop",
    "crop_around",
    "image_files",
    "label_folders",
    "labels_onto",
    "map_onto",
    "mask_folders",
    "mask_onto",
    "output_path",
    "partners",
    "read",
    "read_beside",
    "read_labels",
    "read_mask",
    "read_or",
    "read_plates",
    "read_record",
    "read_times",
    "record",
    "record_folders",
    "resample",
    "resampled_shape",
    "resampling_sentence",
    "safe_name",
    "refuse_another_input",
    "said_plainly",
    "time_axis",
    "together",
    "versions",
    "working_voxel_size",
    "write",
    "write_record",
    "write_times",
]
