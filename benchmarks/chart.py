# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Draws lines on two logarithmic axes as SVG, for report.py and cores.py. Only the standard library is used."""

import itertools
import math


def label_places(names, ends, obstacles, width):
    """(x, y) of each line's name beside its end: where it covers the fewest points of lines and no other name."""
    taken, places = [], {}
    for name in names:
        (x, y), length = ends[name], 8.6 * len(name)
        best = None
        for left, base in (
            (x + 9, y + 5),
            (x - 9 - length, y - 8),
            (x + 9, y + 20),
            (x + 9, y - 10),
            (x - length / 2, y - 14),
            (x - length / 2, y + 24),
        ):
            box = (left - 2, base - 13, left + length + 2, base + 4)
            cost = sum(box[0] < px < box[2] and box[1] < py < box[3] for px, py in obstacles)
            cost += 1000 * sum(
                box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
            )
            cost += 1000 * (box[0] < 92 or box[2] > width)
            if best is None or cost < best[0]:
                best = (cost, left, base, box)
        taken.append(best[3])
        places[name] = best[1:3]
    return places


def chart(title, lines, colours, unit, emphasised, x_label="N, rows in all"):
    """An SVG of lines {name: [(x, y)]} on two logarithmic axes; each line is named at its end and in the legend.

    unit(value) is the text of a tick. The emphasised line is drawn thicker."""
    width, height, left, right, top, bottom = 860, 520, 90, 130, 100, 60
    xs = sorted({x for points in lines.values() for x, _ in points})
    ys = [y for points in lines.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    span = math.log2(xs[-1] / xs[0])

    def x_of(x):
        return left + (width - left - right) * math.log2(x / xs[0]) / span

    def y_of(y):
        return height - bottom - (height - top - bottom) * (math.log10(y) - low) / (high - low)

    font = 'font-family="sans-serif" font-size="14"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {font} role="img">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="28" font-size="17" font-weight="bold">{title}</text>',
    ]
    for power in range(low, high + 1):
        y = y_of(10.0**power)
        out.append(f'<path d="M{left} {y:.1f}H{width - right}" stroke="#dddddd"/>')
        out.append(f'<text x="{left - 10}" y="{y + 5:.1f}" text-anchor="end">{unit(10.0**power)}</text>')
    for x in xs:
        out.append(f'<path d="M{x_of(x):.1f} {height - bottom}v6" stroke="#444444"/>')
        out.append(f'<text x="{x_of(x):.1f}" y="{height - bottom + 22}" text-anchor="middle" font-size="12">{x}</text>')
    out.append(f'<path d="M{left} {top}V{height - bottom}H{width - right}" stroke="#444444" fill="none"/>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">{x_label}</text>')
    drawn = {name: [(x_of(x), y_of(y)) for x, y in points] for name, points in lines.items()}
    legend, base, obstacles = left, 54, []
    for name, points in drawn.items():
        length = 48 + 7.2 * len(name)
        if legend + length > width:
            legend, base = left, base + 20
        out.append(f'<path d="M{legend:.1f} {base}h22" stroke="{colours[name]}" stroke-width="3"/>')
        out.append(f'<text x="{legend + 28:.1f}" y="{base + 5}" font-size="13">{name}</text>')
        legend += length
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        out.append(f'<path d="M{path}" stroke="{colours[name]}" stroke-width="{3 if name == emphasised else 2}" fill="none"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colours[name]}"/>' for x, y in points]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            obstacles += [(x0 + (x1 - x0) * t / 50, y0 + (y1 - y0) * t / 50) for t in range(51)]
    for name, (x, y) in label_places(lines, {name: points[-1] for name, points in drawn.items()}, obstacles, width).items():
        place = f'x="{x:.1f}" y="{y:.1f}" font-weight="bold" textLength="{8.2 * len(name):.0f}"'
        # What lies under the name keeps lines off it.
        out.append(f'<text {place} stroke="#ffffff" stroke-width="4" aria-hidden="true">{name}</text>')
        out.append(f'<text {place} fill="{colours[name]}">{name}</text>')
    return "\n".join([*out, "</svg>", ""])
