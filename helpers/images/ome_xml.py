"""What the OME-XML of a TIFF says about its images.

References
----------
.. [1] Goldberg, I. G. et al. (2005) The Open Microscopy Environment (OME) data model and XML file. Genome Biology 6:R47.
       :DOI:`10.1186/gb-2005-6-5-r47`; schema of June 2016, https://www.openmicroscopy.org/Schemas/OME/2016-06
"""

from typing import NamedTuple
from xml.etree import ElementTree

from helpers.images.units import micrometres, seconds


class OmeImage(NamedTuple):
    """One Image element: its name, its voxel size in um (z, y, x; None where missing), the names of its channels, and the seconds between time points."""

    name: str
    voxel_size: tuple[float | None, float | None, float | None]
    channels: tuple[str, ...]
    interval: float | None = None


def ome_images(xml: str) -> list[OmeImage]:
    """Return one entry for each Image with Pixels, in the order of the document.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If it is not XML.
    """
    images = []
    for image in ElementTree.fromstring(xml).findall("{*}Image"):
        pixels = image.find("{*}Pixels")
        if pixels is None:
            continue
        # The schema's default unit is the micrometre.
        sizes = (micrometres(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m")) for axis in "ZYX")
        channels = tuple(channel.get("Name") or channel.get("Fluor") or "" for channel in pixels.findall("{*}Channel"))
        interval = seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))
        images.append(OmeImage(image.get("Name") or "", tuple(sizes), channels, interval))
    return images
