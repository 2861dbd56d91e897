#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# What the fused kernels of nt_xent take of a multiprocessor, as nvcc says it, in the rows of the table in docs/cuda.md:
#   scripts/kernel_resources.sh [sm_80 | sm_90 | sm_90a | sm_120]...
# No GPU is needed. Returns 1 where nvcc warns or a kernel spills registers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PATH:/usr/local/cuda/bin"
[ $# -gt 0 ] || set -- sm_80 sm_90 sm_90a sm_120
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# How much shared memory a launch asks for is a constant of the kernel, which any compiler can print.
cat > "$work/shared.cpp" << 'CODE'
#include <contrastive/device/fused/slope_kernel.hpp>
#include <contrastive/device/fused/sum_kernel.hpp>
#include <contrastive/losses/nt_xent.hpp>
#include <cstdio>
using namespace contrastive::device;
struct no_gpu {
  using bits = unsigned;
};
using pairs = decltype(contrastive::nt_xent{}.bind(contrastive::argument_shapes{}));
using rule = contrastive::mean_log;
template <int D>
void print() {
  using sums = fused_sums<no_gpu, pairs, rule, short, D, false>;
  using slopes = fused_slopes<no_gpu, pairs, rule, short, D, slope_sides::both>;
  std::printf("sums %d %d %zu\nslopes %d %d %zu\n", D, sums::threads, sums::shared_bytes(), D, slopes::threads, slopes::shared_bytes());
}
int main() { print<64>(), print<128>(), print<256>(); }
CODE
"${CXX:-c++}" -std=c++20 -Iinclude "$work/shared.cpp" -o "$work/shared"
"$work/shared" > "$work/shared.txt"

echo "| architecture | kernel | numbers a row | threads | registers | spilled bytes | shared memory, bytes | blocks at once |"
echo "|---|---|---|---|---|---|---|---|"
spilled=no
for architecture in "$@"; do
  case "$architecture" in  # shared memory that the blocks of a multiprocessor have
    sm_80) shared=$((164 * 1024)) ;;
    sm_90 | sm_90a) shared=$((228 * 1024)) ;;
    sm_120) shared=$((100 * 1024)) ;;
    *) echo "kernel_resources: unknown architecture $architecture" >&2; exit 2 ;;
  esac
  nvcc -std=c++20 -gencode "arch=compute_${architecture#sm_},code=$architecture" -Iinclude --Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Wshadow,-Werror -Xptxas -v \
    -cubin tests/cuda/fused_kernels.cu -o "$work/kernels" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
  awk -v architecture="$architecture" -v shared="$shared" '
    FNR == NR { threads[$1 $2] = $3; bytes[$1 $2] = $4; next }
    /Compiling entry function/ {
      kernel = ""
      if (match($0, /fused_(sums|slopes)/)) kernel = substr($0, RSTART + 6, RLENGTH - 6)
      width = match($0, /bfloat16Li[0-9]+/) ? substr($0, RSTART + 10, RLENGTH - 10) : ""
    }
    /spill stores/ { spilled = $5 + $9 }
    /Used [0-9]+ registers/ && kernel != "" {
      match($0, /Used [0-9]+/); registers = substr($0, RSTART + 5, RLENGTH - 5)
      of_registers = int(65536 / (int((registers + 7) / 8) * 8 * threads[kernel width]))
      of_shared = int(shared / (bytes[kernel width] + 1024))
      printf "| %s | %s | %d | %d | %d | %d | %d | %d |\n", architecture, kernel, width, threads[kernel width], registers, spilled,
             bytes[kernel width], of_registers < of_shared ? of_registers : of_shared
    }' "$work/shared.txt" "$work/log" | sort -k 4,4 -k 6,6n > "$work/rows"
  cat "$work/rows"
  awk -F '|' '$7 > 0 { found = 1 } END { exit !found }' "$work/rows" && spilled=yes
done
if [ $spilled = yes ]; then
  echo "kernel_resources: registers are spilled" >&2
  exit 1
fi
