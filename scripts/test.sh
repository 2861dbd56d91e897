#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need on Debian or Ubuntu, builds them in two ways and runs them all in one CTest run: everything in
# Release with the system's compiler, and headers and core tests with clang under AddressSanitizer and
# UndefinedBehaviorSanitizer (their names start with sanitized/).
# Arguments go to ctest, such as -R nt_xent or -L quick.
# CXX=g++-14 or CXX=clang++-19 takes that compiler instead of the system's, and CMAKE_CXX_STANDARD=23 that standard instead of C++20;
# both count when build/ is made.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cores="$(nproc)"
cd "$root"

# Other processors than this one are emulated: AArch64, and x86-64 without AVX.
emulation=()
if [[ "$(uname -m)" == x86_64 ]]; then
  emulation=(g++-aarch64-linux-gnu qemu-user)
fi
compiler=()
case "${CXX:-}" in
  g++-*) compiler=("$CXX") ;;
  clang++-*) compiler=("clang-${CXX#clang++-}" "libclang-rt-${CXX#clang++-}-dev") ;; # the second for the sanitizers
esac
scripts/install_packages.sh g++ clang libclang-rt-dev "${compiler[@]}" clang-format shellcheck doxygen python3 pkg-config cmake ninja-build libeigen3-dev catch2 \
  librapidcheck-dev nlohmann-json3-dev libbenchmark-dev zlib1g-dev libstb-dev libcli11-dev libpugixml-dev libfreetype-dev fonts-dejavu-core fonts-noto-color-emoji \
  unicode-data unicode-cldr-core \
  libopenmpi-dev openmpi-bin \
  "${emulation[@]}"
# libtorch is not in every release; without it its adapter and the trainers on it are left out.
scripts/install_packages.sh libtorch-dev libopenblas0-pthread || echo "no libtorch here: going on without what is built on it" >&2
scripts/install_packages.sh python3-hnswlib || echo "no hnswlib here: going on without the test of the search in emoji_clip's vectors" >&2
scripts/install_packages.sh libgloo-dev || echo "no headers of Gloo here: going on without the test of libtorch's process groups" >&2

mkdir -p build/all
: > build/all/CTestTestfile.cmake
standard=()
[[ -z "${CMAKE_CXX_STANDARD:-}" ]] || standard=(-D "CMAKE_CXX_STANDARD=$CMAKE_CXX_STANDARD")
launcher=()
! command -v ccache > /dev/null || launcher=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache -D CMAKE_CUDA_COMPILER_LAUNCHER=ccache)
for preset in release asan; do
  cmake --preset "$preset" "${standard[@]}" "${launcher[@]}"
  cmake --build --preset "$preset" --parallel "$cores"
  echo "subdirs(\"$root/build/$preset\")" >> build/all/CTestTestfile.cmake
done

ctest --test-dir build/all --output-on-failure --parallel "$cores" "$@"
