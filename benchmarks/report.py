# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the measured figures into docs/performance.md, into the section of this kind of machine, and draws them as SVG.

  python3 benchmarks/report.py out/bench/full docs

The first folder holds what scripts/bench.sh measured: peers.json, losses_1.json, losses_2.json, …, compile_time.json. What is
missing there stands as "not measured yet". Each table stands between two markers that name it and the kind of machine, such as
xeon-amx; a kind that the page does not know gets a section at its end. Only the standard library is used.
"""

import json
import pathlib
import statistics
import sys

from chart import chart

NOT_YET = "not measured yet"
OURS, EAGER, COMPILED, LIGHTLY = "contrastive", "PyTorch eager", "torch.compile", "lightly"
FLASH, ATTENTION = "PyTorch fused attention", "one fused attention alone"
SINGLE, WEIGHTED = "contrastive, 1 thread", "contrastive, weighted_info_nce"
AGAIN, KEPT = "contrastive, logits computed again", "contrastive, logits kept"
COLOURS = {
    OURS: "#0b6e4f",
    EAGER: "#d1495b",
    COMPILED: "#e09f3e",
    LIGHTLY: "#3d5a98",
    "pytorch-metric-learning": "#7b4fa3",
    FLASH: "#4d4d4d",
}
SECTION = """
## Measured: {kind}

{machine}

### Goals: {kind}

{goals}

### Time and memory against N: {kind}

{pictures}

### Beside other libraries: {kind}

{peers}

### All losses: {kind}

{losses}
"""


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


class Rounds:
    """A figure by the best of its rounds and by their median; both None where nothing was measured."""

    def __init__(self, best=None, median=None):
        self.best, self.median = best, median

    def __bool__(self):
        return self.best is not None

    def over(self, other):
        """Ratio of two times: the best by the best, the median by the median."""
        return Rounds(self.best / other.best, self.median / other.median) if self and other else Rounds()


class Figures:
    """What was measured, looked up by what it is."""

    def __init__(self, folder):
        def load(name):
            path = folder / name
            return json.loads(path.read_text()) if path.exists() else {}

        self.peers, self.compile_time = load("peers.json"), load("compile_time.json")
        runs = [json.loads(path.read_text()) for path in sorted(folder.glob("losses_*.json"))]
        self.context = runs[0]["context"] if runs else {}
        self.losses_rounds = len(runs)
        self.cases = self.peers.get("cases", [])
        self.memory = {(m["who"], m["n"]): m["bytes"] for m in self.peers.get("memory", [])}
        self.grid = {}  # (seconds, GFLOP) of each round
        self.peaks = {("float", int(threads)): peak for threads, peak in self.peers.get("peaks", {}).items()}
        for b in (b for run in runs for b in run["benchmarks"]):
            name, seconds = b["name"].rsplit("/", 1)[0], b["real_time"] * 1e-3
            self.grid.setdefault(name, []).append((seconds, b["GFLOP/s"] * seconds))
            _, kind, _, _, threads, *_ = name.split("/")
            key = (peak_type(kind), int(threads.split(":")[1]))
            self.peaks[key] = max(self.peaks.get(key, 0), b["peak_GFLOP/s"])

    def benchmark(self, loss, kind, n, d, threads=2, mode="gradient"):
        """(seconds, η) of our own program; mode may also be value, gradient/recompute or gradient/kept."""
        rounds = self.grid.get(f"{loss}/{kind}/N:{n}/d:{d}/threads:{threads}/{mode}")
        if not rounds:
            return Rounds(), Rounds()
        times = [seconds for seconds, _ in rounds]
        time = Rounds(min(times), statistics.median(times))
        return time, self.eta(rounds[0][1], time, kind, threads)

    def eta(self, gflop, time, kind, threads):
        peak = self.peaks[peak_type(kind), threads]
        return Rounds(gflop / time.best / peak, gflop / time.median / peak)

    def contestant(self, loss, n, d, who, kind="float", gradient=True):
        """The seconds of a row of peers.json."""
        for case in self.cases:
            if (case["loss"], case["type"], case["n"], case["d"], case["gradient"]) == (loss, kind, n, d, gradient):
                found = case["contestants"].get(who)
                return Rounds(found["best"], found["median"]) if found else Rounds()
        return Rounds()

    def ratio(self, loss, n, d, slow, fast=OURS, **more):
        return self.contestant(loss, n, d, slow, **more).over(self.contestant(loss, n, d, fast, **more))


def peak_type(kind):
    return "double" if kind == "double" else "float"  # inputs of 16 bits are held against float's


# ---- tables


def goal(what, wanted, values, at_most=False, unit=" x", where=()):
    """A row; `values` are figures that must all reach the number `wanted` in their best rounds."""
    shown = [
        f"{value.best:.2f}{unit}" + (f" / {value.median:.2f}" if value.median else "") + (f" ({place})" if place else "")
        for value, place in zip(values, where or [""] * len(values), strict=True)
        if value
    ]
    measured = [value.best for value in values if value]
    if not measured:
        return [what, f"{'at most ' if at_most else ''}{wanted:g}{unit}", NOT_YET, ""]
    worst = max(measured) if at_most else min(measured)
    met = worst <= wanted if at_most else worst >= wanted
    missing = worst / wanted - 1 if at_most else 1 - worst / wanted
    verdict = ("yes" if len(measured) == len(values) else "so far") if met else f"no, by {100 * missing:.0f} %"
    return [what, f"{'at most ' if at_most else ''}{wanted:g}{unit}", ", ".join(shown), verdict]


def goals(f):
    threads, again, kept = f.peers["threads"], "gradient/recompute", "gradient/kept"

    def eta(text, wanted, loss, mode, sizes=(4096, 16384), d=128, threads=2):
        values = [f.benchmark(loss, "float", n, d, threads, mode)[1] for n in sizes]
        return goal(f"η of {text}", wanted, values, unit="", where=[f"N = {n}" for n in sizes])

    def against(text, wanted, slow, loss="nt_xent", fast=OURS, points=((4096, 128),), **more):
        values = [f.ratio(loss, n, d, slow, fast, **more) for n, d in points]
        return goal(text, wanted, values, where=[f"N = {n}" + (f", d = {d}" if d != 128 else "") for n, d in points])

    rows = [
        eta("nt_xent, d = 128", 0.84, "nt_xent", again, (4096, 8192, 16384, 65536)),
        eta("nt_xent, d = 512", 0.90, "nt_xent", again, (4096, 8192, 16384), d=512),
        eta("info_nce", 0.84, "info_nce", again),
        eta("clip", 0.84, "clip", again),
        eta("a frozen queue", 0.82, "info_nce_queue", again),
    ]
    for loss in ("sup_con", "conditional_contrastive", "sincere"):
        rows.append(eta(f"{loss}, 10 classes", 0.80, loss, again))
        rows.append(eta(f"{loss}, N/4 classes", 0.80, f"{loss}_classes_of_4", again))
    all_points = [*((n, 128) for n in (256, 1024, 4096, 8192, 16384)), (4096, 512)]
    rows += [
        eta("nt_xent, logits kept, d = 128", 1.12, "nt_xent", kept, (4096, 8192, 16384)),
        eta("nt_xent, logits kept, d = 512", 1.18, "nt_xent", kept, (4096, 8192, 16384), d=512),
        eta("info_nce, logits kept", 1, "info_nce", kept),
        eta("clip, logits kept", 1, "clip", kept),
        eta("nt_xent, small batch, two threads", 0.72, "nt_xent", "gradient", [256]),
        eta("nt_xent, small batch, one thread", 0.50, "nt_xent", "gradient", [64], threads=1),
        against("nt_xent, logits computed again, against fused attention", 2.5, FLASH, fast=AGAIN, points=all_points),
        against("nt_xent, logits kept, against fused attention", 3.2, FLASH, fast=KEPT, points=all_points),
        against("info_nce, logits computed again, against fused attention", 1.5, FLASH, "info_nce", AGAIN),
        against("clip, logits computed again, against fused attention", 1.5, FLASH, "clip", AGAIN),
        against("a frozen queue against fused attention", 1.25, FLASH, "info_nce_queue"),
        against("nt_xent's value alone against one fused attention, of four times the products", 3, ATTENTION, gradient=False),
        against("nt_xent against lightly's NTXentLoss", 14, LIGHTLY),
        against("nt_xent against PyTorch eager", 7, EAGER),
        against("nt_xent against torch.compile", 4, COMPILED),
    ]
    if threads == 2:
        rows.append(against("nt_xent, two threads against one", 1.9, SINGLE))
    bf16 = f.peers["machine"]["bf16"]
    times = {(kind, d): f.benchmark("nt_xent", kind, 4096, d)[0] for kind in ("float", "bf16") for d in (128, 512)}
    rows += [
        goal(
            f"bf16 inputs ({bf16 or 'widened'}) against float, nt_xent, N = 4096",
            {"AMX": 2.2, "AVX-512": 1.25}.get(bf16, 1),
            [times["float", d].over(times["bf16", d]) for d in (128, 512)],
            where=["d = 128", "d = 512"],
        ),
        goal(
            "weighted_info_nce, time against info_nce, N = 4096",
            1.25,
            [f.ratio("info_nce", 4096, 128, WEIGHTED)],
            at_most=True,
        ),
    ]
    big = f.memory.get((OURS, 65536))
    limit = 4 * 65536 * 128 + 200 * 65536 + threads * 2**20
    rows.append(
        [
            "memory beyond inputs and gradients, nt_xent, N = 65536, d = 128",
            f"N d floats + 200 bytes a row + 1 MiB a thread: {bytes_text(limit)}",
            bytes_text(big) if big else NOT_YET,
            ("yes" if big <= limit else f"no, {big / limit:.1f} times as much") if big else "",
        ]
    )
    for what, wanted, key in (
        ("compiling a user's file, time against `<Eigen/Dense>` alone", 1.5, "contrastive"),
        ("the same with `contrastive::compiled`", 1.35, "separate"),
    ):
        ratio = Rounds(f.compile_time[key] / f.compile_time["eigen"]) if f.compile_time else Rounds()
        rows.append(goal(what, wanted, [ratio], at_most=True))
    return table(["goal", "wanted", "reached: best / median", "met"], rows)


def machine(f):
    m = f.peers["machine"]
    rows = [["machine", f"{m['processor']}, {m['cores']} cores, {m['memory_gib']:.0f} GiB; {m['system']}"]]
    if f.context:
        built = f"{f.context['compiler']}, {f.context['flags']}"
        rows.append(["compiler, flags", f"{built}; contrastive {f.context['contrastive']}"])
    peaks = [
        f"{peak:.0f} GFLOP/s {'one thread' if threads == 1 else f'{threads} threads'}"
        for (kind, threads), peak in sorted(f.peaks.items())
        if kind == "float"
    ]
    peak = ", ".join(peaks) + (f" ({f.context['instruction_set']})" if f.context else "")
    rounds = f"{f.peers['rounds']} rounds in which all take turns"
    if f.losses_rounds:
        rounds += f"; of the table of all losses the best of {f.losses_rounds}"
    rows += [
        ["FMA peak, float", f"{peak}: the best of the run, measured again beside each figure of ours in each round"],
        ["date, threads", f"{f.peers['date']}, {f.peers['threads']} threads"],
        ["each figure", f"best / median of {rounds}" + (" (quick run)" if f.peers["quick"] else "")],
        ["versions", ", ".join(f"{name} {version}" for name, version in f.peers["versions"].items())],
    ]
    if m["busy"] > 0.1:
        rows.append(["caution", f"others used {100 * m['busy']:.0f} % of the machine when this began"])
    return table(["", "of these figures"], rows)


def both(rounds, text):
    return f"{text(rounds.best)} / {text(rounds.median)}" if rounds else ""


def peers(f):
    if not f.cases:
        return NOT_YET.capitalize() + "."
    rows = []
    for case in f.cases:
        first = [f"{case['loss']}, {case['n']}, {case['d']}", case["type"], "" if case["gradient"] else "value alone"]
        size = ", ".join(word for word in first if word not in ("", "float"))
        ours = Rounds(case["contestants"][OURS]["best"], case["contestants"][OURS]["median"])
        for who, figures in case["contestants"].items():
            time, eta = Rounds(figures["best"], figures["median"]), Rounds()
            if "gflop" in figures:
                eta = f.eta(figures["gflop"], time, case["type"], figures["threads"])
            times = "1" if who == OURS else both(time.over(ours), "{:.2f}".format)
            loss = "" if figures["loss"] is None else f"{figures['loss']:.5f}"
            rows.append([size, who, both(time, duration), times, both(eta, "{:.2f}".format), loss])
            size = ""
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
        return f"{duration(seconds.best)} ({eta.best:.2f})" if seconds else ""

    names = list(dict.fromkeys(name.split("/")[0] for name in f.grid))
    sizes = [(f"N = {n}", "float", n, 128, 2) for n in (64, 256, 1024, 4096, 16384)]
    axes = [
        ("d = 32", "float", 4096, 32, 2),
        ("d = 512", "float", 4096, 512, 2),
        ("one thread", "float", 4096, 128, 1),
        ("double", "double", 4096, 128, 2),
        ("bf16", "bf16", 4096, 128, 2),
    ]
    blocks = ["Best time and (η); float, d = 128, two threads where the head says nothing else."]

    def add(head, rows):
        rows = [row for row in rows if any(row[1:])]
        if rows:
            blocks.append(table(head, rows))

    for title, columns, mode in (
        ("value and gradient", sizes, "gradient"),
        ("value alone", sizes, "value"),
        ("N = 4096, value and gradient", axes, "gradient"),
    ):
        columns = [c for c in columns if any(cell(name, *c[1:], mode) for name in names)]
        add([title] + [c[0] for c in columns], [[name] + [cell(name, *c[1:], mode) for c in columns] for name in names])
    points = [(n, d) for d in (128, 512) for n in (4096, 8192, 16384, 65536)]
    again, kept = "gradient/recompute", "gradient/kept"
    kinds = [("float", "gradient"), ("float", again), ("float", kept), ("bf16", "gradient")]
    add(
        ["nt_xent, N, d", "float", "logits computed again", "logits kept", "bf16"],
        [[f"{n}, {d}"] + [cell("nt_xent", kind, n, d, 2, mode) for kind, mode in kinds] for n, d in points],
    )
    modes = [(text, mode, n) for text, mode in (("again", again), ("kept", kept)) for n in (4096, 16384)]
    add(
        ["logits computed again or kept"] + [f"{text}, N = {n}" for text, _, n in modes],
        [[name] + [cell(name, "float", n, 128, 2, mode) for _, mode, n in modes] for name in names if name != "nt_xent"],
    )
    return "\n\n".join(blocks)


# ---- pictures


def time_unit(seconds):
    return f"{seconds:g} s" if seconds >= 1 else f"{1e3 * seconds:g} ms" if seconds >= 1e-3 else f"{1e6 * seconds:g} µs"


def bytes_unit(count):
    return f"{count / 1e9:g} GB" if count >= 1e9 else f"{count / 1e6:g} MB" if count >= 1e6 else f"{count / 1e3:g} kB"


def pictures(f, docs, kind):
    times, memory = {}, {}
    for case in f.cases:
        for who, figures in case["contestants"].items():
            if (case["loss"], case["type"], case["d"], case["gradient"]) == ("nt_xent", "float", 128, True) and who in COLOURS:
                times.setdefault(who, []).append((case["n"], figures["best"]))
    for (who, n), count in sorted(f.memory.items(), key=lambda item: item[0][1]):
        memory.setdefault(who, []).append((n, max(count, 4096)))
    threads = f.peers.get("threads", 2)
    largest, _ = f.benchmark("nt_xent", "float", 65536, 128, threads, "gradient/recompute")
    if largest:
        times.setdefault(OURS, []).append((65536, largest.best))
    made = []
    if len(times.get(OURS, [])) > 2:
        (docs / f"performance_time_{kind}.svg").write_text(
            chart(f"nt_xent, value and gradient, d = 128, float, {threads} threads: time", times, COLOURS, time_unit, OURS)
        )
        made.append(f"![Time against N](performance_time_{kind}.svg)")
    if memory:
        (docs / f"performance_memory_{kind}.svg").write_text(
            chart("nt_xent, d = 128: peak memory beyond inputs and gradients", memory, COLOURS, bytes_unit, OURS)
        )
        made.append(f"![Memory against N](performance_memory_{kind}.svg)")
    return "\n\n".join(made) if made else "No pictures yet."


def main(folder, docs):
    f, page = Figures(folder), docs / "performance.md"
    if not f.peers:
        sys.exit(f"report.py: {folder} has no peers.json, which names the machine")
    kind = f.peers["machine"]["kind"]
    tables = {
        "machine": machine(f),
        "goals": goals(f),
        "pictures": pictures(f, docs, kind),
        "peers": peers(f),
        "losses": losses(f),
    }
    marks = {name: (f"<!-- measured: {name} {kind} -->", f"<!-- end of {name} {kind} -->") for name in tables}
    text = page.read_text()
    if not any(mark in text for pair in marks.values() for mark in pair):
        text += SECTION.format(kind=kind, **{name: "\n\n".join(pair) for name, pair in marks.items()})
    for name, content in tables.items():
        begin, end = marks[name]
        if begin not in text or end not in text:
            sys.exit(f"report.py: {page} has no markers {begin} and {end}")
        text = text[: text.index(begin) + len(begin)] + "\n\n" + content.strip() + "\n\n" + text[text.index(end) :]
    page.write_text(text)
    print(f"written: {page}, {kind}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
