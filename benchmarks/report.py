# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the measured figures into docs/performance.md, between its markers, and draws them as SVG.

  python3 benchmarks/report.py out/bench docs

The first folder holds what scripts/bench.sh measured: peers.json, losses.json, compile_time.json. What is missing there
stands as "not measured yet". Only the standard library is used.
"""

import json
import pathlib
import sys

from chart import chart

NOT_YET = "not measured yet"
OURS, EAGER, COMPILED, LIGHTLY, OPEN_CLIP = "contrastive", "PyTorch eager", "torch.compile", "lightly", "open_clip"
NATIVE, SINGLE, WEIGHTED = "contrastive, -O3 -march=native", "contrastive, 1 thread", "contrastive, weighted_info_nce"
RECOMPUTE, KEPT = "gradient/recompute", "gradient/kept"  # what becomes of the logits between the passes
COLOURS = {OURS: "#0b6e4f", EAGER: "#d1495b", COMPILED: "#e09f3e", LIGHTLY: "#3d5a98", "pytorch-metric-learning": "#7b4fa3"}


def duration(seconds):
    value = 1e3 * seconds
    if value >= 1000:
        return f"{seconds:.2f} s"
    return (
        f"{value:.3f} ms"
        if value < 1
        else f"{value:.2f} ms"
        if value < 10
        else f"{value:.1f} ms"
        if value < 100
        else f"{value:.0f} ms"
    )


def bytes_text(count):
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


class Figures:
    """What was measured, looked up by what it is; None where it was not."""

    def __init__(self, folder):
        def load(name):
            path = folder / name
            return json.loads(path.read_text()) if path.exists() else {}

        self.peers, self.losses, self.compile_time = load("peers.json"), load("losses.json"), load("compile_time.json")
        self.cases = self.peers.get("cases", [])
        self.memory = {(m["who"], m["n"]): m["bytes"] for m in self.peers.get("memory", [])}
        self.grid = {b["name"].rsplit("/", 1)[0]: b for b in self.losses.get("benchmarks", [])}

    def benchmark(self, loss, kind, n, d, threads=2, mode="gradient"):
        """(seconds, η) of our own program; mode may also be value, RECOMPUTE or KEPT."""
        b = self.grid.get(f"{loss}/{kind}/N:{n}/d:{d}/threads:{threads}/{mode}")
        return (b["real_time"] * 1e-3, b["eta"]) if b else (None, None)

    def contestant(self, loss, n, d, who):
        for case in self.cases:
            if (case["loss"], case["n"], case["d"]) == (loss, n, d):
                return case["contestants"].get(who)
        return None

    def etas(self, sizes, d, mode):
        return [self.benchmark("nt_xent", "float", n, d, mode=mode)[1] for n in sizes]

    def ratio(self, loss, n, d, slow, fast=OURS):
        a, b = self.contestant(loss, n, d, slow), self.contestant(loss, n, d, fast)
        return a["seconds"] / b["seconds"] if a and b else None


# ---- tables


def goal(what, wanted, values, at_most=False, unit=" x", where=()):
    """A row; `values` are figures that must all reach the number `wanted`."""
    shown = [
        f"{value:.2f}{unit}" + (f" ({place})" if place else "")
        for value, place in zip(values, where or [""] * len(values), strict=True)
        if value is not None
    ]
    measured = [value for value in values if value is not None]
    if not measured:
        return [what, f"{'at most ' if at_most else ''}{wanted:g}{unit}", NOT_YET, ""]
    worst = max(measured) if at_most else min(measured)
    met = worst <= wanted if at_most else worst >= wanted
    missing = worst / wanted - 1 if at_most else 1 - worst / wanted
    verdict = ("yes" if len(measured) == len(values) else "so far") if met else f"no, by {100 * missing:.0f} %"
    return [what, f"{'at most ' if at_most else ''}{wanted:g}{unit}", ", ".join(shown), verdict]


def goals(f):
    sizes = (4096, 8192, 16384)
    places = [f"N = {n}" for n in sizes]
    threads = f.peers.get("threads", 2)
    big = f.memory.get((OURS, 65536))
    limit = 16 * 65536 + threads * 2**20
    compile_ratio = {who: f.compile_time[who] / f.compile_time["eigen"] for who in f.compile_time}
    clip_sizes = (128, 512)
    (float_time, _), (bf16_time, _) = (f.benchmark("nt_xent", kind, 4096, 128) for kind in ("float", "bf16"))
    bf16_ratio = float_time / bf16_time if float_time and bf16_time else None
    rows = [
        goal("η of nt_xent, float, d = 128", 0.88, f.etas(sizes, 128, RECOMPUTE), unit="", where=places),
        goal("η of nt_xent, float, d = 512", 0.92, f.etas(sizes, 512, RECOMPUTE), unit="", where=places),
        goal("η of nt_xent with tiles kept, d = 128", 1.0, f.etas(sizes, 128, KEPT), unit="", where=places),
        goal("η of nt_xent with tiles kept, d = 512", 1.0, f.etas(sizes, 512, KEPT), unit="", where=places),
        goal("η of nt_xent, float, N = 65536, d = 128", 0.88, f.etas([65536], 128, RECOMPUTE), unit=""),
        [
            "memory beyond inputs and gradients there",
            f"16 bytes a row + 1 MiB a thread: {bytes_text(limit)}",
            bytes_text(big) if big else NOT_YET,
            ("yes" if big <= limit else f"no, {big / limit:.1f} times as much") if big else "",
        ],
        goal("against lightly's NTXentLoss, N = 4096, d = 128", 12, [f.ratio("nt_xent", 4096, 128, LIGHTLY)]),
        goal("against PyTorch eager, N = 4096, d = 128", 6, [f.ratio("nt_xent", 4096, 128, EAGER)]),
        goal("against torch.compile, N = 4096, d = 128", 3, [f.ratio("nt_xent", 4096, 128, COMPILED)]),
        goal("against PyTorch eager, N = 256, d = 128", 10, [f.ratio("nt_xent", 256, 128, EAGER)]),
        goal(
            "clip against open_clip's ClipLoss, 2048 pairs",
            3,
            [f.ratio("clip", 2048, d, OPEN_CLIP) for d in clip_sizes],
            where=[f"d = {d}" for d in clip_sizes],
        ),
        goal("built with -O2, speed against -O3 -march=native", 0.9, [f.ratio("nt_xent", 4096, 128, NATIVE)]),
        goal(
            "two threads against one, N = 4096, d = 128", 1.9, [f.ratio("nt_xent", 4096, 128, SINGLE) if threads == 2 else None]
        ),
        goal("bf16 inputs against float, N = 4096, d = 128", 1.8, [bf16_ratio]),
        goal(
            "weighted_info_nce, time against info_nce, N = 4096, d = 128",
            1.3,
            [f.ratio("info_nce", 4096, 128, WEIGHTED)],
            at_most=True,
        ),
        goal(
            "compiling a user's file, time against `<Eigen/Dense>` alone", 1.5, [compile_ratio.get("contrastive")], at_most=True
        ),
        goal("the same with `contrastive::compiled`", 1.35, [compile_ratio.get("separate")], at_most=True),
    ]
    return table(["goal", "wanted", "reached", "met"], rows)


def machine(f):
    if not f.peers:
        return NOT_YET.capitalize() + "."
    m, context = f.peers["machine"], f.losses.get("context", {})
    rows = [
        ["machine", f"{m['processor']}, {m['cores']} cores, {m['memory_gib']:.0f} GiB; {m['system']}"],
        ["date, threads", f"{f.peers['date']}, {f.peers['threads']} threads"],
        [
            "each figure",
            f"median of {f.peers['rounds']} rounds, in which all take turns" + (" (quick run)" if f.peers["quick"] else ""),
        ],
        ["versions", ", ".join(f"{name} {version}" for name, version in f.peers["versions"].items())],
    ]
    if context:
        peaks = {t: context[f"fma_peak_float_threads_{t}"].split(".")[0] for t in (1, 2)}
        rows.insert(1, ["compiler, flags", f"{context['compiler']}, {context['flags']}; contrastive {context['contrastive']}"])
        rows.insert(2, ["FMA peak, float", f"{peaks[1]} GFLOP/s one thread, {peaks[2]} two ({context['instruction_set']})"])
    if m["busy"] > 0.1:
        rows.append(["caution", f"others used {100 * m['busy']:.0f} % of the machine when this began"])
    return table(["", "of these figures"], rows)


def peers(f):
    if not f.cases:
        return NOT_YET.capitalize() + "."
    rows = []
    for case in f.cases:
        ours = case["contestants"][OURS]
        size = f"{case['loss']}, {case['n']}, {case['d']}"
        rows.append([size, OURS, duration(ours["seconds"]), "1", f"{ours['eta']:.2f}", f"{ours['loss']:.5f}"])
        for who, figures in case["contestants"].items():
            if who != OURS:
                eta = f"{figures['eta']:.2f}" if "eta" in figures else ""
                rows.append(
                    [
                        "",
                        who,
                        duration(figures["seconds"]),
                        f"{figures['seconds'] / ours['seconds']:.2f}",
                        eta,
                        f"{figures['loss']:.5f}",
                    ]
                )
        rows += [["", who, why, "", "", ""] for who, why in case["skipped"].items()]
    text = table(["loss, N, d", "", "value and gradient", "times ours", "η", "loss"], rows)
    if f.memory:
        sizes = sorted({n for _, n in f.memory})

        def cell(who, n):
            return bytes_text(f.memory[who, n]) if (who, n) in f.memory else "does not fit"

        text += "\n\nMemory of one value and gradient beyond inputs and gradients, nt_xent, d = 128:\n\n"
        text += table(["N"] + [str(n) for n in sizes], [[who] + [cell(who, n) for n in sizes] for who in (OURS, EAGER)])
    return text


def losses(f):
    if not f.grid:
        return NOT_YET.capitalize() + "."

    def cell(*what):
        seconds, eta = f.benchmark(*what)
        return f"{duration(seconds)} ({eta:.2f})" if seconds else ""

    names = list(dict.fromkeys(name.split("/")[0] for name in f.grid))
    sizes = [(f"N = {n}", "float", n, 128, 2) for n in (64, 256, 1024, 4096, 16384)]
    axes = [
        ("d = 32", "float", 4096, 32, 2),
        ("d = 512", "float", 4096, 512, 2),
        ("one thread", "float", 4096, 128, 1),
        ("double", "double", 4096, 128, 2),
        ("bf16", "bf16", 4096, 128, 2),
    ]
    text = "Time and (η); float, d = 128, two threads where the head says nothing else.\n"
    for title, columns, mode in (
        ("value and gradient", sizes, "gradient"),
        ("value alone", sizes, "value"),
        ("N = 4096, value and gradient", axes, "gradient"),
    ):
        columns = [c for c in columns if any(cell(name, *c[1:], mode) for name in names)]
        if columns:
            text += (
                "\n"
                + table(
                    [title] + [c[0] for c in columns], [[name] + [cell(name, *c[1:], mode) for c in columns] for name in names]
                )
                + "\n"
            )
    points = [(n, d) for d in (128, 512) for n in (4096, 8192, 16384, 65536)]
    kinds = [("float", "gradient"), ("float", RECOMPUTE), ("float", KEPT), ("bf16", "gradient")]
    rows = [[f"{n}, {d}"] + [cell("nt_xent", kind, n, d, 2, mode) for kind, mode in kinds] for n, d in points]
    head = ["nt_xent, N, d", "float", "logits computed again", "logits kept", "bf16"]
    return text + "\n" + table(head, [row for row in rows if any(row[1:])])


# ---- pictures


def time_unit(seconds):
    return f"{seconds:g} s" if seconds >= 1 else f"{1e3 * seconds:g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:g} µs"


def bytes_unit(count):
    return f"{count / 1e9:g} GB" if count >= 1e9 else f"{count / 1e6:g} MB" if count >= 1e6 else f"{count / 1e3:g} kB"


def pictures(f, docs):
    times, memory = {}, {}
    for case in f.cases:
        for who, figures in case["contestants"].items():
            if (case["loss"], case["d"]) == ("nt_xent", 128) and who in COLOURS:
                times.setdefault(who, []).append((case["n"], figures["seconds"]))
    for (who, n), count in sorted(f.memory.items(), key=lambda item: item[0][1]):
        memory.setdefault(who, []).append((n, max(count, 4096)))
    threads = f.peers.get("threads", 2)
    largest, _ = f.benchmark("nt_xent", "float", 65536, 128, threads, RECOMPUTE)
    if largest:
        times.setdefault(OURS, []).append((65536, largest))
    made = []
    if len(times.get(OURS, [])) > 2:
        (docs / "performance_time.svg").write_text(
            chart(f"nt_xent, value and gradient, d = 128, float, {threads} threads: time", times, COLOURS, time_unit, OURS)
        )
        made.append("![Time against N](performance_time.svg)")
    if memory:
        (docs / "performance_memory.svg").write_text(
            chart("nt_xent, d = 128: peak memory beyond inputs and gradients", memory, COLOURS, bytes_unit, OURS)
        )
        made.append("![Memory against N](performance_memory.svg)")
    return "\n\n".join(made) if made else "No pictures yet."


def main(folder, docs):
    f, page = Figures(folder), docs / "performance.md"
    text = page.read_text()
    for name, content in {
        "machine": machine(f),
        "goals": goals(f),
        "peers": peers(f),
        "losses": losses(f),
        "pictures": pictures(f, docs),
    }.items():
        begin, end = f"<!-- measured: {name} -->", f"<!-- end of {name} -->"
        if begin not in text or end not in text:
            sys.exit(f"report.py: {page} has no markers {begin} and {end}")
        text = text[: text.index(begin) + len(begin)] + "\n\n" + content.strip() + "\n\n" + text[text.index(end) :]
    page.write_text(text)
    print(f"written: {page}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
