"""What the computer at hand has: a GPU or not, memory, arithmetic of 16 bits."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

GB = 10**9
UNKNOWN_MEMORY = 4 * GB  # taken where the system does not say
BFLOAT16 = {"avx512_bf16", "amx_bf16"}  # ARM has it too, but how fast 3D convolutions are there was not measured
NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")  # in what PyTorch says
PRECISIONS = ("float32", "bfloat16", "fastest")


def chosen_device(device: str = "auto") -> torch.device:
    """Return the device to work on.

    Parameters
    ----------
    device : str
        "auto" (the GPU if there is one), "cpu", "cuda", or "cuda:1" for the second GPU.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If it is another text, or a GPU is asked for and there is none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = str(device).partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdigit()):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda', and PyTorch finds no GPU here: take 'cpu', or install PyTorch with CUDA and its driver")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ValueError(f"device is {device!r}, and there are {torch.cuda.device_count()} GPUs here, counted from 0")
    return torch.device(device)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device computes in bfloat16 itself; a processor that does not is a hundred times slower in it."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if not torch.backends.mkldnn.is_available():
        return False
    found = getattr(torch.cpu, "get_capabilities", dict)()
    if found:
        return any(bool(found.get(name)) for name in BFLOAT16)
    try:  # an older PyTorch does not tell
        return bool(set(Path("/proc/cpuinfo").read_text().split()) & BFLOAT16)
    except OSError:
        return False


def chosen_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type to compute in.

    Parameters
    ----------
    precision : str
        "float32", "bfloat16" (half the memory, three digits), or "fastest": bfloat16 where the device has it.
    device : torch.device

    Returns
    -------
    torch.dtype

    Raises
    ------
    ValueError
        If it is another text, or bfloat16 is asked for where it would be far slower.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(map(repr, PRECISIONS))}, got {precision!r}")
    if precision == "float32":
        return torch.float32
    if has_bfloat16(device):
        return torch.bfloat16
    if precision == "bfloat16":
        raise ValueError("precision is 'bfloat16', which this processor does not compute in and would be far slower in: take 'float32'")
    return torch.float32


def available_memory(device: torch.device) -> int:
    """Return how many bytes are free on a device, or in the computer and in the container it may be."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    found = [*_memory_of_the_system(), *_memory_of_the_container()]
    return min(found) if found else UNKNOWN_MEMORY


@contextmanager
def out_of_memory_means(advice: str) -> Iterator[None]:
    """Turn what PyTorch says when memory runs out into one sentence that ends in ``advice``.

    Raises
    ------
    MemoryError
        If memory runs out inside.
    """
    try:
        yield
    except MemoryError as error:
        if type(error) is MemoryError and str(error):  # a sentence already
            raise
        raise MemoryError(f"the memory is not enough: {advice}") from error
    except RuntimeError as error:  # torch.OutOfMemoryError is one, and the allocator of the CPU raises a plain one
        if not isinstance(error, torch.OutOfMemoryError) and not any(words in str(error) for words in NO_MEMORY):
            raise
        raise MemoryError(f"the memory is not enough: {advice}") from error


def _memory_of_the_system() -> list[int]:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return [int(line.split()[1]) * 1024]
    except OSError:
        pass
    try:
        return [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2]
    except (AttributeError, ValueError, OSError):
        return []


def _memory_of_the_container() -> list[int]:
    folder = Path("/sys/fs/cgroup")
    for limit, used in (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
        try:
            return [max(int((folder / limit).read_text()) - int((folder / used).read_text()), 0)]
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return []
