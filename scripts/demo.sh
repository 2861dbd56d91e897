#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs what examples/simclr_mlp needs on Debian or Ubuntu, builds it in Release and runs it; arguments go to it.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/demo"

"$root/scripts/install_packages.sh" g++ cmake make libeigen3-dev zlib1g-dev libstb-dev libcli11-dev dataset-fashion-mnist

mkdir -p "$build"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCONTRASTIVE_BUILD_TESTS=OFF -DCONTRASTIVE_BUILD_EXAMPLES=ON \
  -DCONTRASTIVE_BUILD_BENCHMARKS=OFF > "$build/configure.log" 2>&1 || {
  cat "$build/configure.log" >&2
  exit 1
}
cmake --build "$build" --target simclr_mlp --parallel "$(nproc)"

# The last one of equal options counts; a path means what it means where the script was called.
exec "$build/examples/simclr_mlp" --output "$root/out/simclr_mlp" "$@"
