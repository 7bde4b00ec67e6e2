"""Small files of each kind for the tests, written by the usual writers; LIF and ND2, which have none, byte by byte."""

import struct
from pathlib import Path

import numpy as np

UM = "\u00b5m"


def counts(*shape: int, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    """Return random values, none of them 0, so that a missing plane shows."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.random(shape).astype(dtype) + 1
    return random.integers(1, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def write_ome(path: Path, scenes: list[tuple[np.ndarray, dict]], **options) -> Path:
    import tifffile

    with tifffile.TiffWriter(path, ome=True, bigtiff=options.pop("bigtiff", False)) as file:
        for array, metadata in scenes:
            file.write(
                array,
                metadata=metadata,
                photometric=options.get("photometric", "minisblack"),
                **{k: v for k, v in options.items() if k != "photometric"},
            )
    return path


def sizes(z: float, y: float, x: float, unit: str = UM) -> dict:
    """Return the OME metadata of a voxel size."""
    return {f"PhysicalSize{axis}": size for axis, size in zip("ZYX", (z, y, x))} | {f"PhysicalSize{axis}Unit": unit for axis in "ZYX"}


def write_zarr(
    folder: Path,
    array: np.ndarray,
    version: str,
    axes: str = "czyx",
    scale=None,
    units: dict | None = None,
    labels=(),
    name: str = "image",
    **options,
) -> Path:
    """Write an OME-Zarr image: version "0.4" in Zarr format 2, "0.5" in format 3."""
    import zarr

    zarr_format = 2 if version == "0.4" else 3
    group = zarr.open_group(folder, mode="w", zarr_format=zarr_format)
    options = {"chunks": (1,) * (array.ndim - 2) + array.shape[-2:]} | options
    stored = group.create_array("0", shape=array.shape, dtype=array.dtype, **options)
    stored[:] = array
    units = {"z": "micrometer", "y": "micrometer", "x": "micrometer"} if units is None else units
    kinds = {"t": "time", "c": "channel"}
    described = [{"name": a, "type": kinds.get(a, "space")} | ({"unit": units[a]} if a in units else {}) for a in axes]
    scale = list(scale or (1.0,) * array.ndim)
    multiscales = [
        {"name": name, "axes": described, "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}]}
    ]
    attributes = {"multiscales": multiscales}
    if labels:
        attributes["omero"] = {"channels": [{"label": label} for label in labels]}
    if version == "0.4":
        multiscales[0]["version"] = "0.4"
        group.attrs.update(attributes)
    else:
        group.attrs.update({"ome": {"version": "0.5"} | attributes})
    return folder


def write_czi(path: Path, arrays: list[np.ndarray], names=("DNA", "TOM20"), scale=(0.3, 0.1, 0.1)) -> Path:
    """Write (T, C, Z, Y, X[, 3]) arrays, one for each scene."""
    from pylibCZIrw import czi

    with czi.create_czi(str(path)) as file:
        for scene, array in enumerate(arrays):
            for t, c, z in np.ndindex(array.shape[:3]):
                plane = array[t, c, z]
                plane = plane[..., ::-1].copy() if plane.ndim == 3 else plane[..., None]
                place = {"scene": scene, "location": (1000 * scene, 0)} if len(arrays) > 1 else {}
                file.write(data=plane, plane={"T": t, "C": c, "Z": z}, **place)
        z, y, x = scale
        file.write_metadata(
            document_name="test", channel_names=dict(enumerate(names)), scale_x=x * 1e-6, scale_y=y * 1e-6, scale_z=z * 1e-6
        )
    return path


def write_lif(path: Path, images: list[tuple[str, np.ndarray, tuple[float, float, float]]], dyes=("DAPI", "")) -> Path:
    """Write (C, Z, Y, X) arrays with their names and voxel sizes: a header in XML, then one block of memory for each."""
    elements, blocks = [], []
    for index, (name, array, voxel_size) in enumerate(images):
        dtype, (c, z, y, x) = array.dtype, array.shape
        channels = "".join(
            f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="{8 * dtype.itemsize}" NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" '
            f'LUTName="{("Green", "Red", "Blue")[n]}" IsLUTInverted="0" BytesInc="{n * z * y * x * dtype.itemsize}" BitInc="0">'
            + (f"<ChannelProperty><Key>DyeName</Key><Value>{dyes[n]}</Value></ChannelProperty>" if dyes[n] else "")
            + "</ChannelDescription>"
            for n in range(c)
        )
        strides = (x * y * dtype.itemsize, x * dtype.itemsize, dtype.itemsize)
        dimensions = "".join(
            f'<DimensionDescription DimID="{number}" NumberOfElements="{count}" Origin="0" Length="{(count - 1) * size * 1e-6!r}" Unit="m" '
            f'BytesInc="{stride}" BitInc="0"/>'
            for number, count, size, stride in zip((3, 2, 1), (z, y, x), voxel_size, strides)
        )
        elements.append(
            f'<Element Name="{name}" Visibility="1"><Data><Image><ImageDescription><Channels>{channels}</Channels><Dimensions>{dimensions}</Dimensions>'
            f'</ImageDescription></Image></Data><Memory Size="{array.nbytes}" MemoryBlockID="MemBlock_{index}"/></Element>'
        )
        block = f"MemBlock_{index}".encode("utf-16-le")
        blocks.append(struct.pack("<IIBQBI", 0x70, 14 + len(block), 0x2A, array.nbytes, 0x2A, len(block) // 2) + block + array.tobytes())
    xml = f'<LMSDataContainerHeader Version="2"><Element Name="project"><Children>{"".join(elements)}</Children></Element></LMSDataContainerHeader>'
    header = xml.encode("utf-16-le")
    path.write_bytes(struct.pack("<IIBI", 0x70, 5 + len(header), 0x2A, len(header) // 2) + header + b"".join(blocks))
    return path


def write_nd2(
    path: Path, array: np.ndarray, voxel_size=(0.3, 0.1, 0.1), names=("DAPI", "GFP"), positions=(), skip: tuple[int, ...] = ()
) -> Path:
    """Write (Z, C, Y, X), or (P, Z, C, Y, X) with names of positions, as chunks whose places are listed at the end."""
    frames = array.reshape(-1, *array.shape[-3:])
    z, (c, y, x) = array.shape[-4], array.shape[-3:]
    bits = 8 * array.dtype.itemsize
    planes = _level("sPlaneNew", "".join(_level(f"a{n}", _plane(names[n])) for n in range(c)))
    stack = _number("eType", 4) + _level("uLoopPars", _number("uiCount", z) + _real("dZStep", voxel_size[0]))
    if positions:
        points = "".join(_level("no_name", _real("dPosX", n) + _text("dPosName", name)) for n, name in enumerate(positions))
        inner = _level("ppNextLevelEx", _level("no_name", stack))
        stack = _number("eType", 2) + _level("uLoopPars", _number("uiCount", len(positions)) + _level("Points", points)) + inner
    chunks = {
        "ImageAttributes!": _variant(
            _number("uiWidth", x), _number("uiWidthBytes", x * c * bits // 8), _number("uiHeight", y), _number("uiComp", c), _number("uiBpcInMemory", bits),
            _number("uiBpcSignificant", bits), _number("uiSequenceCount", len(frames)), _number("eCompression", 2),
        ),
        "ImageMetadataSeq|0!": _variant(
            '<bCalibrated runtype="bool" value="true"/>', _real("dCalibration", voxel_size[2]), _level("sPicturePlanes", _number("uiCount", c) + planes)
        ),
        "ImageMetadata!": _variant(stack),
    }  # fmt: skip
    for number, frame in enumerate(frames):
        if number not in skip:
            chunks[f"ImageDataSeq|{number}!"] = bytes(8) + np.ascontiguousarray(frame.transpose(1, 2, 0)).tobytes()
    signature = b"ND2 FILE SIGNATURE CHUNK NAME01!"
    data = struct.pack("<IIQ", 0x0ABECEDA, 32, 64) + signature + b"Ver2.1".ljust(64, b"\0")
    places = b""
    for name, content in chunks.items():
        places += name.encode() + struct.pack("<QQ", len(data), len(content))
        data += struct.pack("<IIQ", 0x0ABECEDA, 4072, len(content)) + name.encode().ljust(4072, b"\0") + content
    end = b"ND2 CHUNK MAP SIGNATURE 0000001!"
    listing = places + end + struct.pack("<Q", len(data))
    data += struct.pack("<IIQ", 0x0ABECEDA, 32, len(listing)) + b"ND2 FILEMAP SIGNATURE NAME 0001!" + listing
    path.write_bytes(data)
    return path


def _plane(name: str) -> str:
    return _text("sDescription", name) + _number("uiCompCount", 1) + _level("pFluorescentProbe", _text("m_sName", name))


def _variant(*parts: str) -> bytes:
    return f'<variant version="1.0"><no_name runtype="CLxListVariant">{"".join(parts)}</no_name></variant>'.encode()


def _level(name: str, content: str) -> str:
    return f'<{name} runtype="CLxListVariant">{content}</{name}>'


def _number(name: str, value: int) -> str:
    return f'<{name} runtype="lx_uint32" value="{value}"/>'


def _real(name: str, value: float) -> str:
    return f'<{name} runtype="double" value="{value!r}"/>'


def _text(name: str, value: str) -> str:
    return f'<{name} runtype="CLxStringW" value="{value}"/>'
