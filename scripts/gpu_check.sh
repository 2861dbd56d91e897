#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# One command for a machine with a GPU: builds the device tests, runs them, runs compute-sanitizer on a small set, times value and
# gradient beside PyTorch and prints the table last, within 9 minutes. Needs nvcc 13 and a host compiler; nothing is downloaded.
#
#   scripts/gpu_check.sh [--headers DIR] [--build DIR] [--build-only]
#
# --headers: a folder with Eigen, Catch2 v2 and nlohmann/json where the machine has no packages (scripts/gpu_headers.sh fills it)
# Returns 0 where everything passed, 77 where there is no GPU and the build passed.
set -euo pipefail
cd "$(dirname "$0")/.."
headers="" build=build/gpu_check only_build=no
while [ $# -gt 0 ]; do
  case "$1" in
    --headers) headers=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --build-only) only_build=yes; shift ;;
    *) echo "gpu_check: unknown option $1" >&2; exit 2 ;;
  esac
done
begin=$SECONDS
say() { echo "== $* ($((SECONDS - begin)) s)"; }
export PATH="$PATH:/usr/local/cuda/bin"
command -v nvcc > /dev/null || { echo "gpu_check: nvcc was not found" >&2; exit 1; }
[ -n "$headers" ] || headers=/usr/include/eigen3
[ -e "$headers/Eigen/Core" ] || { echo "gpu_check: no Eigen in $headers: give --headers DIR, filled by scripts/gpu_headers.sh" >&2; exit 1; }

gpu=yes
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -n 1 | tr -d '.') || true
[ -n "$capability" ] || { gpu=no; capability=90; }
say "building for sm_$capability"
mkdir -p "$build"
flags=(-std=c++20 -O2 "-arch=sm_$capability" -Iinclude -Itests -isystem "$headers" -DEIGEN_NO_CUDA -DCONTRASTIVE_SEPARATE_ENGINE
  -DCONTRASTIVE_SCALAR=float "-DCONTRASTIVE_TEST_DATA=\"$PWD/tests/data\"")
jobs=()
compile() { nvcc "${flags[@]}" -c "$1" -o "$build/$2.o" & jobs+=($!); }
at_most() { while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do sleep 0.2; done; }
for source in tests/cuda/{test_float,test_double,test_half,test_evaluator}.cu tests/cuda/main.cpp tests/thrust/compile_all.cu \
  tests/support/{definition,settings,cases}.cpp cmake/compiled_engine.cpp benchmarks/cuda/times.cu; do
  at_most
  compile "$source" "$(basename "${source%.*}")"
done
for job in "${jobs[@]}"; do wait "$job"; done
nvcc "${flags[@]}" "$build"/{test_float,test_double,test_half,test_evaluator,main,definition,settings,cases,compiled_engine}.o -lcublas -o "$build/test_cuda"
nvcc "${flags[@]}" "$build/times.o" -lcublas -o "$build/times"
say "built"
if [ $gpu = no ] || [ $only_build = yes ]; then
  [ $gpu = yes ] && exit 0
  echo "gpu_check: no GPU: built, nothing run"
  exit 77
fi

failed=()
timeout 150 "$build/test_cuda" || failed+=("device tests")
say "device tests"
if command -v compute-sanitizer > /dev/null; then
  for tool in memcheck racecheck initcheck synccheck; do
    timeout 40 compute-sanitizer --tool "$tool" --error-exitcode 1 "$build/test_cuda" "cuda: enqueue*" > "$build/$tool.log" 2>&1 ||
      { failed+=("compute-sanitizer $tool"); tail -n 20 "$build/$tool.log"; }
    say "$tool"
  done
else
  echo "gpu_check: compute-sanitizer was not found: not run"
  failed+=("compute-sanitizer is not there")
fi

problems=()
for type in float bf16; do
  for n in 1024 4096 16384 32768 65536 262144; do problems+=(nt_xent "$type" "$n" 128); done
  for d in 64 256 512; do
    for n in 4096 32768; do problems+=(nt_xent "$type" "$n" "$d"); done
  done
  for n in 4096 32768; do problems+=(clip "$type" "$n" 512); done
done
timeout 90 "$build/times" "${problems[@]}" > "$build/times.txt" || failed+=("times")
say "times"
left=$((520 - (SECONDS - begin)))
timeout "$((left > 10 ? left : 10))" python3 benchmarks/cuda/torch_times.py "$build/times.txt" "$((left - 20))" > "$build/table.txt" || failed+=("PyTorch's times")
say "PyTorch's times"
for what in "${failed[@]}"; do echo "gpu_check: FAILED: $what"; done
if [ -s "$build/table.txt" ]; then cat "$build/table.txt"; else cat "$build/times.txt"; fi
[ ${#failed[@]} -eq 0 ]
