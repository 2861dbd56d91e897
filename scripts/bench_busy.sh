#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Times nt_xent on one thread and on two, alone and beside a program that keeps one processor busy (an endless loop, nice 5): of
# threads that share processors none should wait for another one. Prints the best and the median of many runs, in milliseconds.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/bench"

"$root/scripts/install_packages.sh" g++ cmake make libeigen3-dev libbenchmark-dev python3
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCONTRASTIVE_BUILD_TESTS=OFF -DCONTRASTIVE_BUILD_EXAMPLES=OFF \
  -DCONTRASTIVE_BUILD_BENCHMARKS=ON > /dev/null
cmake --build "$build" --target benchmark_losses --parallel "$(nproc)" > /dev/null

measure() {
  "$build/benchmarks/benchmark_losses" --benchmark_filter='^nt_xent/float/N:(256|1024|4096)/d:128/threads:[12]/gradient/real_time$' \
    --benchmark_repetitions=15 --benchmark_min_time=0.1 --benchmark_enable_random_interleaving=true --benchmark_format=json 2> /dev/null |
    python3 -c '
import collections, json, statistics, sys
times = collections.defaultdict(list)
for run in json.load(sys.stdin)["benchmarks"]:
    if run["run_type"] == "iteration":
        parts = run["name"].split("/")
        times[int(parts[2][2:]), int(parts[4].split(":")[1])].append(run["real_time"])
for (n, threads), ms in sorted(times.items()):
    print(f"  N = {n:5}, {threads} thread{chr(115) * (threads > 1)}: {min(ms):8.3f} best, {statistics.median(ms):8.3f} median")
'
}

echo "alone"
measure
nice -n 5 bash -c 'while :; do :; done' &
busy=$!
trap 'kill "$busy"' EXIT
echo "beside a busy program"
measure
