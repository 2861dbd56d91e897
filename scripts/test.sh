#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need on Debian or Ubuntu, builds them in three ways and runs them all in one CTest run:
# everything in Release with the system's compiler, headers and core tests with clang, and the core tests under
# AddressSanitizer and UndefinedBehaviorSanitizer (their names start with clang/ and sanitized/).
# Arguments go to ctest, such as -R nt_xent or -L quick.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cores="$(nproc)"
cd "$root"

# Other processors than this one are emulated: AArch64, and x86-64 without AVX.
emulation=()
if [[ "$(uname -m)" == x86_64 ]]; then
  emulation=(g++-aarch64-linux-gnu qemu-user)
fi
scripts/install_packages.sh g++ clang libclang-rt-dev clang-format cmake ninja-build libeigen3-dev catch2 librapidcheck-dev nlohmann-json3-dev \
  libbenchmark-dev zlib1g-dev libstb-dev libcli11-dev fonts-noto-color-emoji unicode-data "${emulation[@]}"
# libtorch is not in every release; without it its adapter and the trainers on it are left out.
scripts/install_packages.sh libtorch-dev libopenblas0-pthread || echo "no libtorch here: going on without what is built on it" >&2

mkdir -p build/all
: > build/all/CTestTestfile.cmake
for preset in release clang asan; do
  cmake --preset "$preset"
  cmake --build --preset "$preset" --parallel "$cores"
  echo "subdirs(\"$root/build/$preset\")" >> build/all/CTestTestfile.cmake
done

ctest --test-dir build/all --output-on-failure --parallel "$cores" "$@"
