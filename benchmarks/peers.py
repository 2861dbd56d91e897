# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Times this library and its peers in turn on the same inputs, checks that they agree, and writes all figures as JSON.

The peak of multiply-adds is measured in each round too, by our own programs; η is against the best of the whole run.

Needs the packages of peers.txt; scripts/bench.sh makes an environment with them and calls this file.
"""

import argparse
import dataclasses
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

import fused_attention
import numpy as np
import torch
import torch.nn.functional as F

EAGER, COMPILED, LIGHTLY = "PyTorch eager", "torch.compile", "lightly"
METRIC_LEARNING, OPEN_CLIP, INFO_NCE = "pytorch-metric-learning", "open_clip", "info-nce-pytorch"
FLASH, ATTENTION = "PyTorch fused attention", "one fused attention alone"
OURS, NATIVE, SINGLE = "contrastive", "contrastive, -O3 -march=native", "contrastive, 1 thread"
AGAIN, KEPT, WEIGHTED = "contrastive, logits computed again", "contrastive, logits kept", "contrastive, weighted_info_nce"
PACKAGES = ["torch", "lightly", "pytorch-metric-learning", "open_clip_torch", "info-nce-pytorch", "numpy"]


# ---- inputs, as in benchmarks/support/inputs.hpp


def splitmix(seed, n):
    with np.errstate(over="ignore"):
        u = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + n * np.uint64(0xBF58476D1CE4E5B9)
        u ^= u >> np.uint64(30)
        u *= np.uint64(0xBF58476D1CE4E5B9)
        u ^= u >> np.uint64(27)
        u *= np.uint64(0x94D049BB133111EB)
        u ^= u >> np.uint64(31)
    return (u >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1


def random_rows(count, dim):
    k = np.arange(count * dim, dtype=np.uint64) * np.uint64(2)
    u, turn = (splitmix(1, k + np.uint64(1)) + 1) / 2, splitmix(1, k + np.uint64(2))
    values = np.sqrt(-2 * np.log1p(-u)) * np.cos(np.pi * turn)
    return torch.from_numpy(values.reshape(count, dim).astype(np.float32))


# ---- peers: given N, a loss of the loss's arguments


def eager_nt_xent(n):
    self_pairs, positives = torch.eye(n, dtype=torch.bool), (torch.arange(n) + n // 2) % n

    def loss(z1, z2):
        z = F.normalize(torch.cat([z1, z2]), dim=1)
        return F.cross_entropy((z @ z.T / 0.5).masked_fill(self_pairs, float("-inf")), positives)

    return loss


def compiled_nt_xent(n):
    return torch.compile(eager_nt_xent(n), dynamic=False)


def lightly_nt_xent(n):
    from lightly.loss import NTXentLoss

    return NTXentLoss(temperature=0.5)


def metric_learning_nt_xent(n):
    from pytorch_metric_learning.losses import NTXentLoss

    loss, labels = NTXentLoss(temperature=0.5), torch.arange(n // 2).repeat(2)
    return lambda z1, z2: loss(torch.cat([z1, z2]), labels)


def open_clip_loss(n):
    # The file alone: importing the package asks for its models' dependencies.
    folder = importlib.util.find_spec("open_clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("open_clip_loss", os.path.join(folder, "loss.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    loss, scale = module.ClipLoss(), torch.tensor(1 / 0.07, requires_grad=True)  # learned, as in CLIP; ours gives it too
    return lambda a, b: loss(F.normalize(a, dim=1), F.normalize(b, dim=1), scale)


def info_nce_loss(n):
    from info_nce import InfoNCE

    return InfoNCE(temperature=0.1)  # its third argument is a queue


AUTOGRAD = {
    EAGER: eager_nt_xent,
    COMPILED: compiled_nt_xent,
    LIGHTLY: lightly_nt_xent,
    METRIC_LEARNING: metric_learning_nt_xent,
    OPEN_CLIP: open_clip_loss,
    INFO_NCE: info_nce_loss,
}
# Compiled, since what stands between the calls took half of the time at N = 64, and an eighth at N = 256.
BY_CALLS = {
    "nt_xent": fused_attention.nt_xent,
    "info_nce": fused_attention.info_nce,
    "clip": fused_attention.clip,
    "info_nce_queue": fused_attention.info_nce_queue,
}
QUEUE_BATCH = 256  # queries and keys beside a queue, as in benchmarks/losses/info_nce.cpp


def bytes_needed(who, n):
    """What a peer takes at most beyond its inputs: measured were 2.5 to 5.1 N x N matrices, and for one 4.2 N x N x N."""
    if who in (FLASH, ATTENTION):
        return 0
    return 4.0 * n * n * (5 * n if who == METRIC_LEARNING else 6)


def available_bytes():
    with open("/proc/meminfo") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))


class Peer:
    """One loss on one input; what is measured is a call of `step`."""

    def measure(self, at_least=0.2):
        calls, start = 0, time.perf_counter()
        while calls == 0 or time.perf_counter() - start < at_least:
            self.step()
            calls += 1
        return (time.perf_counter() - start) / calls


class ByAutograd(Peer):
    """A value and the gradients of the first two arguments."""

    def __init__(self, loss_of, arguments):
        self.loss_of = loss_of
        self.leaves = [argument.clone().requires_grad_() for argument in arguments[:2]]
        self.frozen = arguments[2:]
        self.loss = self.step()  # compiles, takes memory

    def step(self):
        for leaf in self.leaves:
            leaf.grad = None
        loss = self.loss_of(*self.leaves, *self.frozen)
        loss.backward()
        return loss.item()

    def gradients(self):
        return [leaf.grad for leaf in self.leaves]


class ByCalls(Peer):
    """The same of a function that gives the gradients itself."""

    def __init__(self, compute, arguments):
        self.compute, self.arguments = torch.compile(compute, dynamic=False), arguments
        self.loss = self.step()

    def step(self):
        loss, self.results = self.compute(*self.arguments)
        return loss.item()

    def gradients(self):
        return self.results[:2]


class AttentionAlone(Peer):
    """The kernel by itself: unit rows are there before, and nothing comes of it."""

    loss = None

    def __init__(self, arguments):
        queue = len(arguments) == 3
        _, unit = fused_attention.normalised(*(arguments[2:] if queue else arguments))
        self.keys = unit.to(arguments[0].dtype)
        self.queries = F.normalize(arguments[0].float()).to(arguments[0].dtype) if queue else self.keys
        self.step()

    def step(self):
        fused_attention.attention(self.queries, self.keys, self.keys, 0.5)


class Ours:
    """One benchmark of the C++ program, in a process of its own each time."""

    def __init__(self, program, benchmark, threads):
        self.command = [program, f"--benchmark_filter=^{benchmark}/real_time$", "--benchmark_format=json"]
        self.threads, self.loss, self.peak = threads, None, 0

    def measure(self):
        time.sleep(0.05)  # until the peers' waiting threads have stopped spinning
        output = subprocess.run(self.command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        if not output:
            sys.exit(f"peers.py: nothing runs by {' '.join(map(str, self.command))}")
        self.figures = json.loads(output)["benchmarks"][0]
        self.loss = self.figures["loss"]
        self.peak = max(self.peak, self.figures["peak_GFLOP/s"])
        seconds = self.figures["real_time"] * 1e-3
        self.gflop = self.figures["GFLOP/s"] * seconds
        return seconds


# ---- what is compared


@dataclasses.dataclass
class Case:
    loss: str
    n: int
    d: int
    peers: list
    ours: tuple = ()  # more of our own programs
    type: str = "float"
    gradient: bool = True

    def name(self):
        return f"{self.loss}/{self.type}/N:{self.n}/d:{self.d}/{'gradient' if self.gradient else 'value'}"

    def arguments(self):
        """The matrices of the loss, as the C++ program makes them."""
        rows = {"nt_xent": [self.n // 2] * 2, "info_nce_queue": [QUEUE_BATCH] * 2 + [self.n]}.get(self.loss, [self.n] * 2)
        values = random_rows(sum(rows), self.d).to(torch.bfloat16 if self.type == "bf16" else torch.float32)
        return [part.clone() for part in values.split(rows)]

    def peer(self, who):
        if who == FLASH:
            return ByCalls(BY_CALLS[self.loss], self.arguments())
        if who == ATTENTION:
            return AttentionAlone(self.arguments())
        return ByAutograd(AUTOGRAD[who](self.n), self.arguments())

    def our_program(self, who, programs, threads):
        if who == SINGLE:
            threads = 1
        program = programs / ("benchmark_losses_native" if who == NATIVE else "benchmark_losses")
        loss = "weighted_info_nce" if who == WEIGHTED else self.loss
        mode = {AGAIN: "gradient/recompute", KEPT: "gradient/kept"}.get(who, "gradient" if self.gradient else "value")
        return Ours(program, f"{loss}/{self.type}/N:{self.n}/d:{self.d}/threads:{threads}/{mode}", threads)


def cases(quick):
    common, both = [EAGER, COMPILED, LIGHTLY, FLASH], (AGAIN, KEPT)
    if quick:
        return [
            Case("nt_xent", 256, 128, [*common, METRIC_LEARNING], both),
            Case("nt_xent", 4096, 128, common, both),
        ]
    return [
        Case("nt_xent", 64, 128, [*common, METRIC_LEARNING]),
        Case("nt_xent", 256, 128, [*common, METRIC_LEARNING], both),
        Case("nt_xent", 1024, 128, common, both),
        Case("nt_xent", 4096, 128, common, (*both, NATIVE, SINGLE)),
        Case("nt_xent", 8192, 128, common, both),
        Case("nt_xent", 16384, 128, common, both),
        Case("nt_xent", 4096, 512, common, both),
        *(Case("nt_xent", n, 128, [FLASH], type="bf16") for n in (256, 1024, 4096, 16384)),
        Case("nt_xent", 4096, 512, [FLASH], type="bf16"),
        Case("clip", 2048, 128, [OPEN_CLIP, FLASH]),
        Case("clip", 2048, 512, [OPEN_CLIP, FLASH]),
        Case("clip", 4096, 128, [FLASH], both),
        Case("clip", 4096, 128, [FLASH], type="bf16"),
        Case("info_nce", 256, 128, [INFO_NCE, FLASH]),
        Case("info_nce", 4096, 128, [INFO_NCE, FLASH], (*both, WEIGHTED)),
        Case("info_nce", 4096, 128, [FLASH], type="bf16"),
        Case("info_nce_queue", 4096, 128, [INFO_NCE, FLASH]),
        Case("info_nce_queue", 4096, 128, [FLASH], type="bf16"),
        Case("nt_xent", 4096, 128, [ATTENTION], gradient=False),
        Case("info_nce_queue", 4096, 128, [ATTENTION], gradient=False),
    ]


def compare(case, programs, threads, rounds, say):
    torch.compiler.reset()  # else a loop over shapes meets the limit of recompilations and falls back to eager
    result = {"loss": case.loss, "type": case.type, "n": case.n, "d": case.d, "gradient": case.gradient}
    result |= {"contestants": {}, "skipped": {}}
    contestants = {who: case.our_program(who, programs, threads) for who in (OURS, *case.ours)}
    for who in case.peers:
        if bytes_needed(who, case.n) > 0.8 * available_bytes():
            result["skipped"][who] = f"needs about {bytes_needed(who, case.n) / 2**30:.0f} GiB"
            continue
        say(f"{who}: first call")
        contestants[who] = case.peer(who)
    runs = {who: [] for who in contestants}
    for turn in range(rounds):
        for who, contestant in contestants.items():
            say(f"{who}: round {turn + 1} of {rounds}")
            runs[who].append(contestant.measure())
    for who, contestant in contestants.items():
        figures = {"best": min(runs[who]), "median": statistics.median(runs[who]), "all_seconds": runs[who]}
        if isinstance(contestant, Ours):
            figures |= {"gflop": contestant.gflop, "threads": contestant.threads, "peak": contestant.peak}
        result["contestants"][who] = figures | {"loss": contestant.loss}
    return result, list(disagreements(case, contestants))


def disagreements(case, contestants):
    """Losses and gradients that differ from ours, and gradients that differ from those of the first peer by autograd."""
    # Of bf16, PyTorch's attention rounds unit rows and exponentials to 8 bits: gradients differ by up to 3e-3 of float's.
    tolerance = 1e-4 if case.type == "float" else 5e-3
    ours = contestants[OURS]
    first = next((peer for peer in contestants.values() if isinstance(peer, ByAutograd)), None)
    for who, contestant in contestants.items():
        if who == WEIGHTED or contestant.loss is None:
            continue
        if not abs(contestant.loss - ours.loss) <= tolerance * max(1, abs(ours.loss)):
            yield f"{case.name()}: {who} gives {contestant.loss:.7f}, contrastive {ours.loss:.7f}"
        if not case.gradient:
            continue
        probe = contestant.figures["gradient_probe"] if isinstance(contestant, Ours) else probe_of(contestant.gradients())
        off = abs(probe - ours.figures["gradient_probe"]) / ours.figures["gradient_norm"]
        if not off <= tolerance:
            yield f"{case.name()}: gradients of {who} and contrastive differ by {off:.1e} of their length"
        if first and isinstance(contestant, Peer):
            pairs = list(zip(contestant.gradients(), first.gradients(), strict=True))
            off = max(((a - b).norm() / b.norm()).item() for a, b in pairs)
            if not off <= tolerance:
                yield f"{case.name()}: gradients of {who} differ by {off:.1e} of their length from the first peer's"


def probe_of(gradients):
    """The product of all gradients with a fixed sequence, as in benchmarks/support/loss_benchmark.hpp. If gradients differ by a
    vector, their probes differ by some half of its length."""
    values = torch.cat([gradient.float().flatten() for gradient in gradients]).double().numpy()
    return float(values @ splitmix(3, np.arange(1, len(values) + 1, dtype=np.uint64)))


# ---- memory


def resident(key):
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key + ":"))


def memory_of_eager(n, dim, threads):
    """Run in a process of its own; as in benchmarks/memory.cpp."""
    torch.set_num_threads(threads)
    peak = 0
    for rows in (64, n):  # the first for what a process needs once
        loss_of = eager_nt_xent(rows)
        leaves = [half.clone().requires_grad_() for half in random_rows(rows, dim).chunk(2)]
        gradients = [torch.ones_like(leaf) for leaf in leaves]  # their pages are there before the count begins
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        before = resident("VmRSS")
        for leaf, gradient in zip(leaves, gradients, strict=True):
            leaf.grad = gradient
        loss_of(*leaves).backward()
        peak = resident("VmHWM") - before
    print(peak)


def measure_memory(programs, threads, say):
    figures = []
    for n in (1024, 2048, 4096, 8192, 16384, 65536):
        commands = {OURS: [programs / "benchmark_memory", str(n), "128", str(threads)]}
        if bytes_needed(EAGER, n) < 0.8 * available_bytes():
            commands[EAGER] = [sys.executable, __file__, "--memory-of-eager", str(n), "128", str(threads)]
        for who, command in commands.items():
            say(f"memory of {who}, N = {n}")
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            figures.append({"who": who, "n": n, "d": 128, "bytes": float(output)})
    return figures


# ---- the whole


def busy_share(seconds=2):
    """The share of the machine's time that others use, while we sleep."""

    def counts():
        with open("/proc/stat") as lines:
            ticks = [int(field) for field in next(lines).split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]  # all, idle and waiting for disks

    (all_before, idle_before), _, (all_after, idle_after) = counts(), time.sleep(seconds), counts()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)


VECTORS = {"amx_bf16": "amx", "avx512f": "avx512", "avx2": "avx2"}


def machine():
    with open("/proc/cpuinfo") as lines:
        fields = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    model, flags = fields.get("model name", platform.machine()), fields.get("flags", "").split()
    maker = next((word for word in ("xeon", "epyc", "ryzen", "core") if word in model.lower()), platform.machine())
    vectors = next((name for flag, name in VECTORS.items() if flag in flags), "")
    with open("/proc/meminfo") as lines:
        memory = int(next(line for line in lines if line.startswith("MemTotal")).split()[1]) / 2**20
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {
        "kind": f"{maker}-{vectors}" if vectors else maker,  # names its part of docs/performance.md
        "bf16": "AMX" if "amx_bf16" in flags else "AVX-512" if "avx512_bf16" in flags else "",
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "system": release,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, help="folder of benchmark_losses and benchmark_memory")
    parser.add_argument("--output", type=pathlib.Path, help="JSON file to write")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="each figure is the best and the median of so many")
    parser.add_argument("--quick", action="store_true", help="nt_xent at N = 256 and 4096 alone")
    parser.add_argument("--filter", default="", help="regular expression: only cases such as nt_xent/float/N:64/d:128/gradient")
    parser.add_argument("--memory-of-eager", type=int, nargs=3, metavar=("N", "D", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of_eager:
        return memory_of_eager(*options.memory_of_eager)
    torch.set_num_threads(options.threads)

    clear = "\r\033[K" if sys.stdout.isatty() else ""

    def say(text):
        if clear:
            print(f"{clear}{heading}{text}", end="", flush=True)

    busy = busy_share()
    if busy > 0.1:
        print(
            f"peers.py: others use {100 * busy:.0f} % of this machine now: these figures will be worth little", file=sys.stderr
        )
    start, results, wrong, peaks = time.time(), [], [], {}
    planned = [case for case in cases(options.quick) if re.search(options.filter, case.name())]
    for number, case in enumerate(planned, 1):
        heading = f"[{number:2}/{len(planned)}] {case.name()}  "
        result, differences = compare(case, options.programs, options.threads, options.rounds, say)
        results.append(result)
        wrong += differences
        print(f"{clear}{heading}({time.time() - start:.0f} s)")
        ours = result["contestants"][OURS]["best"]
        for who, figures in result["contestants"].items():
            text = f"    {who:36} {1e3 * figures['best']:10.3f} ms  {figures['best'] / ours:7.2f} x"
            if "gflop" in figures:
                threads = figures["threads"]
                peaks[threads] = max(peaks.get(threads, 0), figures.pop("peak"))
                text += f"   eta {figures['gflop'] / figures['best'] / peaks[threads]:.2f}"
            print(text, flush=True)
        for who, why in result["skipped"].items():
            print(f"    {who:36} left out: {why}", flush=True)
    heading = ""
    memory = [] if options.quick or options.filter else measure_memory(options.programs, options.threads, say)
    print(f"{clear}{'results differ' if wrong else 'all losses and gradients agree'}")

    versions = {"Python": platform.python_version()}
    versions.update({name: importlib.metadata.version(name) for name in PACKAGES})
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(
        json.dumps(
            {
                "date": datetime.datetime.now().astimezone().date().isoformat(),
                "quick": options.quick,
                "rounds": options.rounds,
                "threads": options.threads,
                "machine": {**machine(), "busy": busy},
                "versions": versions,
                "peaks": peaks,
                "cases": results,
                "memory": memory,
                "disagreements": wrong,
            },
            indent=1,
        )
    )
    for line in wrong:
        print(f"peers.py: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
