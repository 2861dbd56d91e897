# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Times this library and its peers in turn on the same inputs, checks that they agree, and writes all figures as JSON.

Needs the packages of peers.txt; scripts/bench.sh makes an environment with them and calls this file.
"""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

EAGER, COMPILED, LIGHTLY = "PyTorch eager", "torch.compile", "lightly"
METRIC_LEARNING, OPEN_CLIP, INFO_NCE = "pytorch-metric-learning", "open_clip", "info-nce-pytorch"
OURS = "contrastive"
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


# ---- peers: given N, a loss of the two halves of the rows (views, or queries and keys)


def eager_nt_xent(n):
    self_pairs, positives = torch.eye(n, dtype=torch.bool), (torch.arange(n) + n // 2) % n

    def loss(z1, z2):
        z = F.normalize(torch.cat([z1, z2]), dim=1)
        return F.cross_entropy((z @ z.T / 0.5).masked_fill(self_pairs, float("-inf")), positives)

    return loss


def compiled_nt_xent(n):
    torch.compiler.reset()  # else a loop over shapes meets the limit of recompilations and falls back to eager
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

    return InfoNCE(temperature=0.1)


NT_XENT = {EAGER: eager_nt_xent, COMPILED: compiled_nt_xent, LIGHTLY: lightly_nt_xent, METRIC_LEARNING: metric_learning_nt_xent}
CLIP = {OPEN_CLIP: open_clip_loss}
IN_BATCH = {INFO_NCE: info_nce_loss}


def bytes_needed(who, n):
    """What a peer takes at most beyond its inputs: measured were 2.5 to 5.1 N x N matrices, and for one 4.2 N x N x N."""
    return 4.0 * n * n * (5 * n if who == METRIC_LEARNING else 6)


def available_bytes():
    with open("/proc/meminfo") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))


class Peer:
    """One loss on one input; what is measured is a value with its gradients."""

    def __init__(self, maker, n, dim, rows):
        self.loss_of = maker(n)
        self.leaves = [half.clone().requires_grad_() for half in random_rows(rows, dim).chunk(2)]
        self.loss = self.step()  # compiles, takes memory

    def step(self):
        for leaf in self.leaves:
            leaf.grad = None
        loss = self.loss_of(*self.leaves)
        loss.backward()
        return loss.item()

    def measure(self, at_least=0.2):
        calls, start = 0, time.perf_counter()
        while calls == 0 or time.perf_counter() - start < at_least:
            self.step()
            calls += 1
        return {"seconds": (time.perf_counter() - start) / calls}


class Ours:
    """One benchmark of the C++ program, in a process of its own each time."""

    def __init__(self, program, loss, n, dim, threads):
        name = f"{loss}/float/N:{n}/d:{dim}/threads:{threads}/gradient"
        self.command = [program, f"--benchmark_filter=^{name}/real_time$", "--benchmark_format=json"]
        self.loss = None

    def measure(self):
        time.sleep(0.05)  # until the peers' waiting threads have stopped spinning
        output = json.loads(subprocess.run(self.command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
        figures = output["benchmarks"][0]
        self.loss = figures["loss"]
        return {"seconds": figures["real_time"] * 1e-3, "eta": figures["eta"], "peak": figures["peak_GFLOP/s"]}


# ---- what is compared


def cases(quick, threads):
    """(loss, N, d, rows of input, peers, more of our own programs)"""

    def nt_xent(n, dim, peers, **more):
        return "nt_xent", n, dim, n, {who: NT_XENT[who] for who in peers}, more

    common = [EAGER, COMPILED, LIGHTLY]
    if quick:
        return [nt_xent(256, 128, [*common, METRIC_LEARNING]), nt_xent(4096, 128, common)]
    return [
        nt_xent(64, 128, [*common, METRIC_LEARNING]),
        nt_xent(256, 128, [*common, METRIC_LEARNING]),
        nt_xent(1024, 128, common),
        nt_xent(4096, 128, common, native=threads, single=1),
        nt_xent(8192, 128, common),
        nt_xent(16384, 128, common),
        nt_xent(4096, 512, common),
        ("clip", 2048, 128, 4096, CLIP, {}),
        ("clip", 2048, 512, 4096, CLIP, {}),
        ("info_nce", 256, 128, 512, IN_BATCH, {}),
        ("info_nce", 4096, 128, 8192, IN_BATCH, {"weighted": threads}),
    ]


def compare(case, programs, threads, rounds, say):
    loss, n, dim, rows, peers, more = case
    result = {"loss": loss, "n": n, "d": dim, "threads": threads, "contestants": {}, "skipped": {}}
    contestants = {OURS: Ours(programs / "benchmark_losses", loss, n, dim, threads)}
    if "native" in more:
        contestants["contrastive, -O3 -march=native"] = Ours(programs / "benchmark_losses_native", loss, n, dim, threads)
    if "single" in more:
        contestants["contrastive, 1 thread"] = Ours(programs / "benchmark_losses", loss, n, dim, 1)
    if "weighted" in more:
        contestants["contrastive, weighted_info_nce"] = Ours(
            programs / "benchmark_losses", "weighted_info_nce", n, dim, threads
        )
    for who, maker in peers.items():
        if bytes_needed(who, n) > 0.8 * available_bytes():
            result["skipped"][who] = f"needs about {bytes_needed(who, n) / 2**30:.0f} GiB"
            continue
        say(f"{who}: first call")
        contestants[who] = Peer(maker, n, dim, rows)
    runs = {who: [] for who in contestants}
    for turn in range(rounds):
        for who, contestant in contestants.items():
            say(f"{who}: round {turn + 1} of {rounds}")
            runs[who].append(contestant.measure())
    for who, contestant in contestants.items():
        median = {key: statistics.median(run[key] for run in runs[who]) for key in runs[who][0]}
        result["contestants"][who] = {**median, "all_seconds": [run["seconds"] for run in runs[who]], "loss": contestant.loss}
    return result


def disagreements(result):
    """Losses of peers that differ from ours by more than 1e-4 (for losses above 1 of the loss)."""
    ours = result["contestants"][OURS]["loss"]
    for who in result["contestants"]:
        theirs = result["contestants"][who]["loss"]
        if "weighted" not in who and not abs(theirs - ours) <= 1e-4 * max(1, abs(ours)):
            yield f"{result['loss']}, N = {result['n']}, d = {result['d']}: {who} gives {theirs:.7f}, contrastive {ours:.7f}"


# ---- memory


def resident(key):
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(key + ":"))


def memory_of_eager(n, dim, threads):
    """Run in a process of its own; as in benchmarks/memory.cpp."""
    torch.set_num_threads(threads)
    peak = 0
    for rows in (64, n):  # the first for what a process needs once
        peer = Peer.__new__(Peer)
        peer.loss_of, values = eager_nt_xent(rows), random_rows(rows, dim)
        peer.leaves = [half.clone().requires_grad_() for half in values.chunk(2)]
        gradients = [torch.ones_like(leaf) for leaf in peer.leaves]  # their pages are there before the count begins
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        before = resident("VmRSS")
        for leaf, gradient in zip(peer.leaves, gradients, strict=True):
            leaf.grad = gradient
        peer.loss_of(*peer.leaves).backward()
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


def machine():
    with open("/proc/cpuinfo") as lines:
        model = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    with open("/proc/meminfo") as lines:
        memory = int(next(line for line in lines if line.startswith("MemTotal")).split()[1]) / 2**20
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {
        "processor": model[0] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "system": release,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, help="folder of benchmark_losses and benchmark_memory")
    parser.add_argument("--output", type=pathlib.Path, help="JSON file to write")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="each figure is the median of so many")
    parser.add_argument("--quick", action="store_true", help="nt_xent at N = 256 and 4096 alone")
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
    start, results, wrong = time.time(), [], []
    planned = cases(options.quick, options.threads)
    for number, case in enumerate(planned, 1):
        heading = f"[{number:2}/{len(planned)}] {case[0]}, N = {case[1]}, d = {case[2]}  "
        result = compare(case, options.programs, options.threads, options.rounds, say)
        results.append(result)
        wrong += disagreements(result)
        print(f"{clear}{heading}({time.time() - start:.0f} s)")
        ours = result["contestants"][OURS]["seconds"]
        for who, figures in result["contestants"].items():
            seconds = figures["seconds"]
            print(
                f"    {who:32} {1e3 * seconds:10.3f} ms  {seconds / ours:7.2f} x   loss {figures['loss']:.6f}"
                + (f"   eta {figures['eta']:.2f}" if "eta" in figures else ""),
                flush=True,
            )
        for who, why in result["skipped"].items():
            print(f"    {who:32} left out: {why}", flush=True)
    heading = ""
    memory = [] if options.quick else measure_memory(options.programs, options.threads, say)
    print(f"{clear}{'losses differ' if wrong else 'all losses agree'}")

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
