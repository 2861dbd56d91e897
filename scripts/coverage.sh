#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Which lines of include/ the core tests and the examples in pages and headers run, by gcov:
#   scripts/coverage.sh [PERCENT]
# Prints a table of the files with the lines that did not run, writes it and an HTML page to build/coverage/report, and fails below
# PERCENT (95) of all lines. Headers that no core test compiles, those for CUDA and libtorch, are not counted; nor are kernels that
# this processor does not have counted as run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

percent="${1:-95}"
build=build/coverage
report="$build/report"

scripts/install_packages.sh g++ cmake ninja-build libeigen3-dev catch2 librapidcheck-dev nlohmann-json3-dev gcovr
cmake --preset coverage
cmake --build --preset coverage --parallel "$(nproc)"
find "$build" -name '*.gcda' -delete # what an earlier run counted
ctest --preset coverage --parallel "$(nproc)"

rm -rf "$report"
mkdir -p "$report"
failed=0
gcovr --root . --filter include/ --object-directory "$build" -j "$(nproc)" --html-details "$report/index.html" \
  --html-title "contrastive: lines of include/ that run" --txt "$report/lines.txt" --fail-under-line "$percent" "$build" || failed=$?
cat "$report/lines.txt"
echo "coverage.sh: $report/index.html shows the lines"
exit "$failed"
