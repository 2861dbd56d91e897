#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzers of tests/fuzz with clang and runs them one after the other:
#   scripts/fuzz.sh MINUTES [feature_queue | checkpoint | idx | cifar | emoji_font | emoji_list | picture]...
# Each has its share of the minutes, starts from its seeds and from what earlier runs found, keeps what is new under
# build/fuzz/inputs, and stops at its first failure. The exit code is 1 where one failed.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/fuzz"
if ! [[ "${1:-}" =~ ^[1-9][0-9]*$ ]]; then
  sed -n '/^#   scripts/s/^# *//p' "$0" >&2
  exit 2
fi
minutes="$1"
shift
targets=("$@")
if ((${#targets[@]} == 0)); then
  for file in "$root"/tests/fuzz/*.cpp; do
    name="$(basename "$file" .cpp)"
    [[ "$name" == seeds ]] || targets+=("$name")
  done
fi

"$root/scripts/install_packages.sh" clang libclang-rt-dev cmake ninja-build libeigen3-dev catch2 librapidcheck-dev nlohmann-json3-dev zlib1g-dev libstb-dev
mkdir -p "$build"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=clang++ -DCONTRASTIVE_TESTS=core \
  -DCONTRASTIVE_BUILD_EXAMPLES=OFF -DCONTRASTIVE_BUILD_BENCHMARKS=OFF -DCONTRASTIVE_CUDA=OFF -DCONTRASTIVE_TORCH=OFF \
  > "$build/configure.log" 2>&1 || {
  cat "$build/configure.log" >&2
  exit 1
}
cmake --build "$build" --target "${targets[@]/#/fuzz_}"

seconds=$((minutes * 60 / ${#targets[@]}))
((seconds > 0)) || seconds=1
failed=0
for name in "${targets[@]}"; do
  inputs="$build/inputs/$name" fuzzer="$build/tests/fuzz/fuzz_$name" log="$build/$name.log"
  mkdir -p "$inputs/kept" "$inputs/seeds"
  before="$(find "$inputs/kept" -type f | wc -l)"
  "$fuzzer" --seeds "$inputs/seeds"
  folders=("$inputs/kept" "$inputs/seeds")
  [[ ! -d "$root/tests/fuzz/corpus/$name" ]] || folders+=("$root/tests/fuzz/corpus/$name")
  outcome=ok
  "$fuzzer" "-max_total_time=$seconds" -timeout=10 -print_final_stats=1 "-artifact_prefix=$inputs/" "${folders[@]}" > "$log" 2>&1 ||
    outcome=FAILED
  runs="$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  edges="$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)"
  echo "$name: $outcome, ${runs:-0} runs, ${edges:-0} edges of the code, $(($(find "$inputs/kept" -type f | wc -l) - before)) new inputs"
  if [[ "$outcome" == FAILED ]]; then
    failed=1
    grep -E 'ERROR|SUMMARY|runtime error|Test unit written' "$log" >&2 || tail -20 "$log" >&2
    echo "all of it: $log; once more: $fuzzer FILE" >&2
  fi
done
exit "$failed"
