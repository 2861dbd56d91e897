#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# One command for a machine with a GPU: builds what looks at it, and runs that within 5 minutes, best first: times, the device tests,
# compute-sanitizer on a small set, PyTorch's times. All that it prints and finds is in a folder as it comes.
# Needs nvcc 13 and a host compiler where it builds; nothing is downloaded.
#
#   scripts/gpu_check.sh [--headers DIR] [--build DIR] [--out DIR] [--arch "80 90a"] [--build-only | --run-only] [--no-pytorch]
#
# --headers: a folder with Eigen, Catch2 v2 and nlohmann/json where the machine has no packages (scripts/gpu_headers.sh fills it)
# --arch: what is built for; the GPU's own where there is one, else 80 and 90a
# --build-only on one machine and --run-only on another: what runs is build/gpu_check/{test_cuda,test_nccl,times}, in this folder's root
# Returns 0 where everything passed, 77 where there is no GPU and the build passed.
set -euo pipefail
cd "$(dirname "$0")/.."
headers="" build=build/gpu_check out="" arch="" builds=yes runs=yes pytorch=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --headers) headers=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --arch) arch=$2; shift 2 ;;
    --build-only) runs=no; shift ;;
    --run-only) builds=no; shift ;;
    --no-pytorch) pytorch=no; shift ;;
    *) echo "gpu_check: unknown option $1" >&2; exit 2 ;;
  esac
done
begin=$SECONDS
say() { echo "== $* ($((SECONDS - begin)) s)"; }
export PATH="$PATH:/usr/local/cuda/bin"
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | head -n 1 | tr -d '.') || true

build_all() {
  command -v nvcc > /dev/null || { echo "gpu_check: nvcc was not found" >&2; exit 1; }
  [ -n "$headers" ] || headers=/usr/include/eigen3
  [ -e "$headers/Eigen/Core" ] || { echo "gpu_check: no Eigen in $headers: give --headers DIR, filled by scripts/gpu_headers.sh" >&2; exit 1; }
  if [ -z "$arch" ]; then
    case "$capability" in "") arch="80 90a" ;; 90) arch=90a ;; *) arch=$capability ;; esac
  fi
  say "building for $arch"
  mkdir -p "$build"
  flags=(-std=c++20 -O2 -Iinclude -Itests -isystem "$headers" -DEIGEN_NO_CUDA -DCONTRASTIVE_SEPARATE_ENGINE
    -DCONTRASTIVE_SCALAR=float '-DCONTRASTIVE_TEST_DATA="tests/data"')
  for a in $arch; do flags+=(-gencode "arch=compute_$a,code=sm_$a"); done
  nccl=()
  if [ -e "$(dirname "$(command -v nvcc)")/../include/nccl.h" ] || [ -e /usr/include/nccl.h ]; then
    nccl=(tests/distributed/{on_ranks,test_nccl}.cpp tests/support/on_cpu.cpp)
  fi
  jobs=()
  compile() { nvcc "${flags[@]}" -c "$1" -o "$build/$(basename "${1%.*}").o" & jobs+=($!); }
  for source in tests/cuda/{test_half,test_evaluator,test_large,test_float,test_double,test_instructions,test_thrust}.cu benchmarks/cuda/times.cu tests/cuda/main.cpp \
    tests/support/{definition,settings,cases}.cpp cmake/compiled_engine.cpp "${nccl[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do sleep 0.2; done
    compile "$source"
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  nvcc "${flags[@]}" "$build"/{test_half,test_evaluator,test_large,test_float,test_double,test_instructions,test_thrust,main,definition,settings,cases,compiled_engine}.o \
    -lcublas -o "$build/test_cuda"
  nvcc "${flags[@]}" "$build/times.o" -lcublas -o "$build/times"
  [ ${#nccl[@]} -eq 0 ] || nvcc "${flags[@]}" "$build"/{test_nccl,on_ranks,on_cpu,definition,settings,compiled_engine}.o -lnccl -lcublas -o "$build/test_nccl"
  say "built"
}
[ $builds = no ] || build_all
if [ -z "$capability" ]; then
  echo "gpu_check: no GPU: nothing run"
  exit 77
fi
[ $runs = yes ] || exit 0

[ -n "$out" ] || out=$build/out
mkdir -p "$out"
failed=()
nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.max.sm,memory.total --format=csv,noheader

# ---- times, the goals first
problems=(nt_xent bf16 65536 128 nt_xent bf16 1024 128 nt_xent bf16 32768 512 nt_xent float 32768 512 product bf16 8192 8192
  product bf16 16384 128 copy bytes 2048 1)
for n in 256 4096 16384 32768 262144; do problems+=(nt_xent bf16 "$n" 128); done
for n in 4096 16384; do problems+=(nt_xent bf16 "$n" 64 nt_xent bf16 "$n" 256 clip bf16 "$n" 128 nt_xent float "$n" 128); done
problems+=(nt_xent float 1024 128 clip bf16 16384 512 nt_xent float 65536 128)
timeout 60 "$build/times" "${problems[@]}" 2>&1 | tee "$out/times.txt" || failed+=("times")
grep -q failed "$out/times.txt" && failed+=("times")
say "times"

# ---- tests, one process a case, each in a log of its own
together() {  # together <seconds> <log name> <command...>
  local log=$out/$2.log limit=$1
  shift 2
  { timeout "$limit" "$@" > "$log" 2>&1 && echo "passed: $log" > "$log.passed"; } &
}
rm -f "$out"/*.passed
names=()
number=0
while IFS= read -r name; do
  number=$((number + 1)) names+=("$name")
  together 100 "test_$number" "$build/test_cuda" -d yes "$(printf '%s' "$name" | sed 's/[][,\\]/\\&/g')"
done < <("$build/test_cuda" --list-test-names-only | grep . || true)
[ ! -e "$build/test_nccl" ] || together 100 nccl "$build/test_nccl"
wait
if [ -e "$build/test_nccl" ] && [ ! -e "$out/nccl.log.passed" ]; then failed+=("one rank of NCCL"); tail -n 4 "$out/nccl.log"; fi
[ $number -gt 0 ] || failed+=("no tests were found")
for i in $(seq 1 $number); do
  if [ -e "$out/test_$i.log.passed" ]; then
    grep -h ' s: ' "$out/test_$i.log" || true
  else
    failed+=("${names[$((i - 1))]}")
    echo "-- FAILED: ${names[$((i - 1))]}"; head -c 1500 "$out/test_$i.log"; tail -n 4 "$out/test_$i.log"
  fi
done
say "device tests: $number cases"

# ---- compute-sanitizer
if command -v compute-sanitizer > /dev/null; then
  for tool in memcheck racecheck initcheck synccheck; do
    together 60 "$tool" compute-sanitizer --tool "$tool" --error-exitcode 1 "$build/test_cuda" "cuda: enqueue*"
  done
  wait
  for tool in memcheck racecheck initcheck synccheck; do
    if [ -e "$out/$tool.log.passed" ]; then tail -n 1 "$out/$tool.log"; else failed+=("compute-sanitizer $tool"); tail -n 12 "$out/$tool.log"; fi
  done
  say "compute-sanitizer"
else
  failed+=("compute-sanitizer is not there")
fi

if [ $pytorch = yes ]; then
  timeout 120 python3 -u benchmarks/cuda/torch_times.py "$out/times.txt" 110 2>&1 | tee "$out/table.txt" || failed+=("PyTorch's times")
  say "PyTorch's times"
fi
for what in "${failed[@]}"; do echo "gpu_check: FAILED: $what"; done
[ ${#failed[@]} -eq 0 ]
