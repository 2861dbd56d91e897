# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Times of value and gradient in PyTorch on the same GPU, and the table of both.

usage: torch_times.py <lines of benchmarks/cuda/times.cu> <seconds that may be spent here>
"""

import sys
import time

start = time.monotonic()
with open(sys.argv[1]) as lines:
    ours = [line.split(maxsplit=4) for line in lines if len(line.split()) >= 5]
deadline = start + float(sys.argv[2])

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None


def nt_xent(z, n):
    z = F.normalize(z, dim=1)
    s = z @ z.T / 0.1
    s = s.masked_fill(torch.eye(n, dtype=torch.bool, device=s.device), float("-inf"))
    target = (torch.arange(n, device=s.device) + n // 2) % n
    return F.cross_entropy(s.float(), target)


def clip(z, n):
    z = F.normalize(z, dim=1)
    s = z[:n] @ z[n:].T / 0.07
    target = torch.arange(n, device=s.device)
    return (F.cross_entropy(s.float(), target) + F.cross_entropy(s.T.float(), target)) / 2


def median_ms(function, z, n):
    def call():
        z.grad = None
        function(z, n).backward()

    try:
        call()
        call()
        torch.cuda.synchronize()
        times = []
        while len(times) < 2 or (len(times) < 11 and sum(times) < 2000):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            call()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end))
        return sorted(times)[len(times) // 2]
    except torch.cuda.OutOfMemoryError:
        return "does not fit"
    finally:
        z.grad = None
        torch.cuda.empty_cache()


def theirs(loss, kind, n, d, compiled):
    if torch is None or not torch.cuda.is_available():
        return "no PyTorch on a GPU"
    if time.monotonic() > deadline - (25 if compiled else 5):
        return "no time"
    rows = n if loss == "nt_xent" else 2 * n
    if n * n * 4 * 2 > torch.cuda.get_device_properties(0).total_memory:
        return "does not fit"
    z = torch.randn(rows, d, device="cuda", dtype=torch.bfloat16 if kind == "bf16" else torch.float32, requires_grad=True)
    function = {"nt_xent": nt_xent, "clip": clip}[loss]
    if compiled:
        torch._dynamo.reset()
        function = torch.compile(function, dynamic=False)
    try:
        return median_ms(function, z, n)
    except Exception as error:  # noqa: BLE001 - what the compiler does not take is no reason to lose the table
        return type(error).__name__


def text(ms):
    return f"{ms:.3f}" if isinstance(ms, float) else ms


def times(ms, base):
    return f"{text(ms)} ({ms / base:.1f} x)" if isinstance(ms, float) and base else text(ms)


device = "no PyTorch on a GPU here"
if torch is not None and torch.cuda.is_available():
    torch.backends.cuda.matmul.allow_tf32 = False
    device = f"{torch.cuda.get_device_name(0)}, PyTorch {torch.__version__}, TF32 off"
rows = []
for loss, kind, n, d, ms in ours:
    base = float(ms) if ms.replace(".", "").strip().isdigit() else None
    rows.append([loss, kind, n, d, ms.strip(), theirs(loss, kind, int(n), int(d), False), None, base])
for row in rows:  # the compiler takes long: what there is no time for comes last
    row[6] = theirs(row[0], row[1], int(row[2]), int(row[3]), True)
print(f"value and gradient, milliseconds, medians; {device}\n")
print("| loss | type | N | d | contrastive | PyTorch eager | torch.compile |")
print("|---|---|---|---|---|---|---|")
for loss, kind, n, d, ms, eager, compiled, base in rows:
    print(f"| {loss} | {kind} | {n} | {d} | {ms} | {times(eager, base)} | {times(compiled, base)} |")
