"""Tells from a firmware image whether a controller would start it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FLASH_START, FLASH_BYTES = 0x08000000, 512 * 1024
RAM_START, RAM_BYTES = 0x20000000, 96 * 1024
HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
SEGMENT = struct.Struct("<IIIIIIII")
MACHINE_ARM, LOADED, EXECUTABLE = 40, 1, 2


@dataclass(frozen=True)
class Segment:
    """A stretch of memory: where it runs, what fills it, how long it is there."""

    address: int
    content: bytes
    size: int


@dataclass(frozen=True)
class Image:
    """What an ELF file says about itself."""

    kind: int
    machine: int
    entry: int
    segments: tuple[Segment, ...]

    @property
    def flash_bytes(self) -> int:
        """Bytes it takes in flash."""
        return sum(len(segment.content) for segment in self.segments)

    @property
    def ram_bytes(self) -> int:
        """Bytes it takes in RAM, the stack aside."""
        return sum(segment.size for segment in self.segments if segment.address >= RAM_START)


def read(data: bytes) -> Image | None:
    """The image in a 32-bit little-endian ELF file, or None."""
    if len(data) < HEADER.size or data[:6] != b"\x7fELF\x01\x01":
        return None
    _, kind, machine, _, entry, offset, _, _, _, size, count, *_ = HEADER.unpack_from(data)
    segments = []
    for number in range(count):
        segment_kind, start, address, _, filled, length, *_ = SEGMENT.unpack_from(data, offset + number * size)
        if segment_kind == LOADED:
            segments.append(Segment(address, data[start : start + filled], length))
    return Image(kind, machine, entry, tuple(segments))


def checks(data: bytes) -> Iterator[tuple[str, bool]]:
    """What a controller needs, and whether the file has it."""
    image = read(data)
    yield "it is a 32-bit ELF file", image is not None
    if image is None:
        return
    yield "it is an executable for ARM", (image.kind, image.machine) == (EXECUTABLE, MACHINE_ARM)
    yield f"it fits into {FLASH_BYTES} bytes of flash ({image.flash_bytes} used)", 0 < image.flash_bytes <= FLASH_BYTES
    yield f"it fits into {RAM_BYTES} bytes of RAM ({image.ram_bytes} used)", image.ram_bytes <= RAM_BYTES // 2
    first = next((segment.content for segment in image.segments if segment.address == FLASH_START), b"")
    stack, reset = struct.unpack_from("<II", first) if len(first) >= struct.calcsize("<II") else (0, 0)
    yield "its vector table begins with a stack in RAM", RAM_START < stack <= RAM_START + RAM_BYTES
    yield "its reset vector is the entry, in Thumb mode", reset == image.entry and bool(reset & 1)
