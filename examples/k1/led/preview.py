"""Draws what a compiled pattern shows: an animated GIF of the strip, and a PNG with time running downwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

FRAMES_PER_SECOND = 20
BACKGROUND = (12, 12, 16)
WIDTH = 720
CELLS = (6, 24)  # the smallest and the largest LED, in pixels


def frame_count(seconds: float) -> int:
    """How many frames a preview of that length has."""
    return max(2, round(seconds * FRAMES_PER_SECOND))


def write(frames: bytes, leds: int, gif: Path, png: Path) -> int:
    """Write both pictures from raw frames (3 bytes per LED, one frame after the other); the number of frames."""
    size = leds * 3
    count = len(frames) // size
    images = [_strip(frames[start : start + size]) for start in range(0, count * size, size)]
    gif.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(gif, save_all=True, append_images=images[1:], duration=1000 // FRAMES_PER_SECOND, loop=0)
    cell = max(1, WIDTH // leds)
    Image.frombytes("RGB", (leds, count), frames[: count * size]).resize((leds * cell, count * 4), Image.Resampling.NEAREST).save(png)
    return count


def _strip(frame: bytes) -> Image.Image:
    leds = len(frame) // 3
    cell = min(max(WIDTH // leds, CELLS[0]), CELLS[1])
    image = Image.new("RGB", (leds * cell + cell, 3 * cell), BACKGROUND)
    draw = ImageDraw.Draw(image)
    for led in range(leds):
        red, green, blue = frame[led * 3 : led * 3 + 3]
        left = cell // 2 + led * cell
        glow = (12 + red // 5, 12 + green // 5, 16 + blue // 5)
        draw.rectangle((left, cell // 2, left + cell - 1, 5 * cell // 2), fill=glow)
        draw.ellipse((left + 1, cell + 1, left + cell - 2, 2 * cell - 2), fill=(red, green, blue))
    return image
