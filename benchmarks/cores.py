# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table and the picture of docs/performance.md, "More cores", from what benchmark_schedule simulated:

build/release/benchmarks/benchmark_schedule --json | python3 benchmarks/cores.py docs
"""

import json
import pathlib
import sys

from chart import chart

COLOURS = {
    "N = 256": "#b07aa1",
    "N = 1024": "#e15759",
    "N = 4096": "#f28e2b",
    "N = 16384": "#59a14f",
    "N = 65536": "#1f5fa8",
    "evenly shared": "#999999",
}
REASONS = {"serial": "serial parts", "too_few": "too few blocks", "turns": "turns", "together": "meeting and waking"}


def main(calls, docs):
    def of(loss, dim):
        return [call for call in calls if call["loss"] == loss and call["d"] == dim]

    lines = {"evenly shared": [(at["cores"], at["cores"]) for at in calls[0]["cores"]]}
    for call in reversed(of("nt_xent", 128)):  # fewer cores are better than where a line has fallen below 1
        lines[f"N = {call['N']}"] = [(at["cores"], at["speedup"]) for at in call["cores"] if at["speedup"] >= 1]
    picture = chart(
        "nt_xent, value and gradient, d = 128, float: speedup, simulated",
        lines,
        COLOURS,
        lambda value: f"{value:g} x",
        "N = 4096",
        "cores",
    )
    (docs / "performance_cores.svg").write_text(picture)

    cores = [at["cores"] for at in calls[0]["cores"] if at["cores"] > 1]
    table = [
        "| | blocks | " + " | ".join(f"{n} cores" for n in cores) + " | at 32 cores lost to |",
        "|---" * (len(cores) + 3) + "|",
    ]
    for loss in ("nt_xent", "info_nce"):
        for dim in (128, 512):
            for call in of(loss, dim):
                by_cores = {at["cores"]: at for at in call["cores"]}
                reasons = [f"{REASONS[r]} {100 * by_cores[32][r]:.0f} %" for r in REASONS if by_cores[32][r] >= 0.01]
                cells = [f"{by_cores[n]['speedup']:.1f}" for n in cores]
                what = f"{loss}, {call['N']}, {dim}"
                table.append(f"| {what} | {call['blocks']} of {call['block']} | {' | '.join(cells)} | {', '.join(reasons)} |")

    page = docs / "performance.md"
    text = page.read_text()
    begin, end = "<!-- simulated: cores -->", "<!-- end of cores -->"
    if begin not in text or end not in text:
        sys.exit(f"cores.py: {page} has no markers {begin} and {end}")
    content = "\n".join(["![Speedup against cores](performance_cores.svg)", "", *table])
    page.write_text(text[: text.index(begin) + len(begin)] + "\n\n" + content + "\n\n" + text[text.index(end) :])
    print(f"written: {page}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main([json.loads(line) for line in sys.stdin], pathlib.Path(sys.argv[1]))
