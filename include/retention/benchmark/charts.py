"""Growth curves as SVG, drawn without any library: both axes by tenfold steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 96, 34, 40
COLOURS = ("#1b6ca8", "#c8553d", "#2a8f5a", "#7a4fa3", "#8a6d00", "#4d4d4d")
Series = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Panel:
    """One chart: a title with its unit, and a curve per name: value by number of orders."""

    title: str
    series: Series


def draw(panels: Sequence[Panel], label: str) -> str:
    """The panels side by side, as one SVG.

    Args:
        label: what a reader who cannot see it is told.
    """
    width = WIDTH * len(panels)
    body = "".join(_panel(panel, at * WIDTH) for at, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(label)}" font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>\n{body}</svg>\n'
    )


def _panel(panel: Panel, offset: int) -> str:
    sizes = [size for curve in panel.series.values() for size in curve]
    values = [value for curve in panel.series.values() for value in curve.values() if value > 0]
    if not values:
        return ""
    across, up = _decades(sizes), _decades(values)

    def x(size: float) -> float:
        return offset + LEFT + (log10(size) - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (log10(value) - up[0]) / (up[1] - up[0]) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text x="{offset + LEFT}" y="18" font-size="13" fill="#222">{escape(panel.title)}</text>']
    for power in range(across[0], across[1] + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#444">'
                     f"{_short(10.0**power)}</text>")  # fmt: skip
    for power in range(up[0], up[1] + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{offset + LEFT} {at:.1f}H{offset + WIDTH - RIGHT}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{offset + LEFT - 6}" y="{at + 4:.1f}" text-anchor="end" fill="#444">'
                     f"{_short(10.0**power)}</text>")  # fmt: skip
    parts.append(f'<text x="{offset + (WIDTH + LEFT - RIGHT) / 2:.1f}" y="{HEIGHT - 6}" text-anchor="middle" '
                 'fill="#444">orders</text>')  # fmt: skip
    ends = _spread_out({name: y(curve[max(curve)]) for name, curve in panel.series.items() if curve})
    for (name, curve), colour in zip(panel.series.items(), COLOURS, strict=False):
        if not curve:
            continue
        places = [(x(size), y(value)) for size, value in sorted(curve.items())]
        line = "L".join(f"{across_at:.1f} {up_at:.1f}" for across_at, up_at in places)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{across_at:.1f}" cy="{up_at:.1f}" r="3" fill="{colour}"/>' for across_at, up_at in places
        ]
        parts.append(f'<text x="{places[-1][0] + 7:.1f}" y="{ends[name] + 4:.1f}" fill="{colour}">'
                     f"{escape(name)}</text>")  # fmt: skip
    return "\n".join(parts) + "\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Powers of ten that enclose the values."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return (low, high) if high > low else (low, low + 1)


def _spread_out(places: Mapping[str, float], gap: float = 13) -> dict[str, float]:
    """Heights of labels, moved apart where they would overlap."""
    moved: dict[str, float] = {}
    reached = float("-inf")
    for name, height in sorted(places.items(), key=lambda item: item[1]):
        reached = max(height, reached + gap)
        moved[name] = reached
    return moved


def _short(value: float) -> str:
    """1000000 as 1M."""
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{suffix}"
    return f"{value:g}"
