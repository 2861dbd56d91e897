#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Measures the losses and their peers from PyPI on the same inputs and writes this machine's tables and pictures of
# docs/performance.md.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/bench.sh [--quick] [--threads N] [--rounds N]

  --quick      nt_xent at N = 256 and 4096, d = 128 alone
  --threads N  for all libraries (2)
  --rounds N   how often each figure is measured; the best and the median count (5, or 3 with --quick)

PEERS_PYTHON=/path/to/python uses an environment that has the packages of benchmarks/peers*.txt, instead of build/bench/peers.
Figures go to out/bench/full or out/bench/quick as JSON; tables and pictures to docs/.
END
}

export PYTHONDONTWRITEBYTECODE=1 # nothing but figures is left behind
mode=full threads=2 rounds=""
while (($# > 0)); do
  case "$1" in
    --quick) mode=quick ;;
    --threads) threads="${2:?bench.sh: --threads needs a number}" && shift ;;
    --rounds) rounds="${2:?bench.sh: --rounds needs a number}" && shift ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

packages=(g++ cmake make libeigen3-dev libbenchmark-dev python3 python3-venv python3-dev) # -dev: torch.compile includes Python.h
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/bench"
output="$root/out/bench/$mode"

"$root/scripts/install_packages.sh" "${packages[@]}"

echo "bench.sh: building"
mkdir -p "$build" "$output"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCONTRASTIVE_BUILD_TESTS=OFF -DCONTRASTIVE_BUILD_EXAMPLES=OFF \
  -DCONTRASTIVE_BUILD_BENCHMARKS=ON > "$build/configure.log" 2>&1 || {
  cat "$build/configure.log" >&2
  exit 1
}
targets=(benchmark_losses)
[[ "$mode" == quick ]] || targets+=(benchmark_losses_native benchmark_memory)
cmake --build "$build" --target "${targets[@]}" --parallel "${BENCH_JOBS:-$(nproc)}"

python="${PEERS_PYTHON:-$build/peers/bin/python}"
if [[ -z "${PEERS_PYTHON:-}" ]]; then
  wanted="$(cat "$root/benchmarks/peers.txt" "$root/benchmarks/peers_alone.txt")"
  if [[ "$(cat "$build/peers/installed.txt" 2> /dev/null)" != "$wanted" ]]; then
    echo "bench.sh: installing the peers from PyPI into $build/peers (some gigabytes, once)"
    python3 -m venv "$build/peers"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$root/benchmarks/peers.txt"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$root/benchmarks/peers_alone.txt"
    echo "$wanted" > "$build/peers/installed.txt"
  fi
fi

rm -f "$output"/*.json
options=(--programs "$build/benchmarks" --output "$output/peers.json" --threads "$threads")
filter=()
if [[ "$mode" == quick ]]; then
  rounds="${rounds:-3}"
  options+=(--quick)
  filter=(--benchmark_filter='^nt_xent/(float|bf16)/N:(256|4096)/d:128/threads:2/')
fi
rounds="${rounds:-5}"
options+=(--rounds "$rounds")

echo "bench.sh: beside the peers"
failed=0
"$python" "$root/benchmarks/peers.py" "${options[@]}" || failed=$?
if [[ ! -f "$output/peers.json" ]]; then exit "$failed"; fi

for ((round = 1; round <= rounds; ++round)); do
  echo "bench.sh: all losses, round $round of $rounds"
  "$build/benchmarks/benchmark_losses" "${filter[@]}" --benchmark_out="$output/losses_$round.json" --benchmark_out_format=json
done

if [[ "$mode" == full ]]; then
  echo "bench.sh: what the umbrella header costs a compiler"
  printf '#include <Eigen/Dense>\nint main() {}\n' > "$build/eigen.cpp"
  cat > "$build/contrastive.cpp" << 'END'
#include <contrastive/contrastive.hpp>
int main() {
  const Eigen::MatrixXf z = Eigen::MatrixXf::Random(4, 4);
  return contrastive::value_and_gradient(contrastive::nt_xent{}, z, z).loss > 0 ? 0 : 1;
}
END
  eigen_include="$(sed -n 's/^Eigen3_DIR:PATH=//p' "$build/CMakeCache.txt")/../../../include/eigen3"
  compile() { # prints nanoseconds
    local start
    start="$(date +%s%N)"
    "${CXX:-c++}" -std=c++20 -O2 -I "$root/include" -isystem "$eigen_include" -c "$build/$1.cpp" -o "$build/$1.o" "${@:2}"
    echo $(($(date +%s%N) - start))
  }
  eigen=() contrastive=() separate=()
  for _ in 1 2 3 4 5; do
    eigen+=("$(compile eigen)") contrastive+=("$(compile contrastive)")
    separate+=("$(compile contrastive -DCONTRASTIVE_SEPARATE_ENGINE)")
  done
  median() { printf '%s\n' "$@" | sort -n | sed -n 3p; }
  printf '{"eigen": %s, "contrastive": %s, "separate": %s}\n' "$(median "${eigen[@]}")" "$(median "${contrastive[@]}")" \
    "$(median "${separate[@]}")" > "$output/compile_time.json"
fi

"$python" "$root/benchmarks/report.py" "$output" "$root/docs"
exit "$failed"
