# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
"""Times of value and gradient in PyTorch on the same GPU: a row of the table of both as it comes.

usage: torch_times.py <lines of benchmarks/cuda/times.cu> <seconds that may be spent here>

"flash" is benchmarks/fused_attention.py: calls of PyTorch's fused attention, which takes 16 bits and up to 256 numbers a row.
"""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

start = time.monotonic()
with open(sys.argv[1]) as lines:
    ours = [line.split() for line in lines if line.startswith(("nt_xent", "clip")) and len(line.split()) == 7]
deadline = start + float(sys.argv[2])

try:
    import fused_attention
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None

TEMPERATURES = {"nt_xent": 0.1, "clip": 0.07}


def nt_xent(z1, z2):
    n = 2 * len(z1)
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    s = z @ z.T / TEMPERATURES["nt_xent"]
    s = s.masked_fill(torch.eye(n, dtype=torch.bool, device=s.device), float("-inf"))
    target = (torch.arange(n, device=s.device) + n // 2) % n
    return F.cross_entropy(s.float(), target)


def clip(z1, z2):
    s = F.normalize(z1, dim=1) @ F.normalize(z2, dim=1).T / TEMPERATURES["clip"]
    target = torch.arange(len(z1), device=s.device)
    return (F.cross_entropy(s.float(), target) + F.cross_entropy(s.T.float(), target)) / 2


def median_ms(call):
    """Of 21 calls, or of as many as fit half a second, at least 3; the first two do not count."""
    call()
    call()
    torch.cuda.synchronize()
    times = []
    while len(times) < 3 or (len(times) < 21 and sum(times) < 500):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times)[len(times) // 2]


def views(kind, rows, d):
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    return [torch.randn(rows, d, device="cuda", dtype=dtype, requires_grad=True) for _ in range(2)]


def guarded(function, *arguments):
    """Its result, or in a word why there is none."""
    try:
        return function(*arguments)
    except torch.cuda.OutOfMemoryError:
        return "does not fit"
    except Exception as error:  # noqa: BLE001 - what PyTorch does not take is no reason to lose the table
        return type(error).__name__
    finally:
        torch.cuda.empty_cache()


def by_autograd(loss, kind, n, d, compiled):
    if n * n * 4 * 2 > torch.cuda.get_device_properties(0).total_memory:
        return "does not fit"
    z = views(kind, n // 2 if loss == "nt_xent" else n, d)
    function = {"nt_xent": nt_xent, "clip": clip}[loss]
    if compiled:
        torch._dynamo.reset()
        function = torch.compile(function, dynamic=False)

    def call():
        for view in z:
            view.grad = None
        function(*z).backward()

    return median_ms(call)


def flash(loss, kind, n, d):
    if kind != "bf16" or d > 256:
        return "-"
    z1, z2 = (view.detach() for view in views(kind, n // 2 if loss == "nt_xent" else n, d))
    function = {"nt_xent": fused_attention.nt_xent, "clip": fused_attention.clip}[loss]
    with torch.no_grad():
        got = float(function(z1, z2, temperature=TEMPERATURES[loss])[0])
        if n <= 16384:  # the same loss
            expected = float({"nt_xent": nt_xent, "clip": clip}[loss](z1.float(), z2.float()))
            if abs(got - expected) > 1e-3 * abs(expected):
                return f"another loss: {got} for {expected}"
        return median_ms(lambda: function(z1, z2, temperature=TEMPERATURES[loss]))


def text(ms, base):
    return f"{ms:.3f} ({ms / base:.1f} x)" if isinstance(ms, float) else ms


if torch is None or not torch.cuda.is_available():
    sys.exit("no PyTorch on a GPU here")
torch.backends.cuda.matmul.allow_tf32 = False
print(f"value and gradient, milliseconds, medians; {torch.cuda.get_device_name(0)}, PyTorch {torch.__version__}, TF32 off\n")
print("| loss | type | N | d | contrastive | by a graph | PyTorch eager | torch.compile | flash |")
print("|---|---|---|---|---|---|---|---|---|", flush=True)
for loss, kind, n, d, ms, _, graph in ours:
    n, d, base = int(n), int(d), float(ms)
    if time.monotonic() > deadline - 15:
        print("no time was left for the rest")
        break
    eager = guarded(by_autograd, loss, kind, n, d, False)
    compiled = guarded(by_autograd, loss, kind, n, d, True)
    fused = guarded(flash, loss, kind, n, d)
    shown = [loss, kind, n, d, ms, graph, *(text(their, base) for their in (eager, compiled, fused))]
    print("| " + " | ".join(map(str, shown)) + " |", flush=True)
