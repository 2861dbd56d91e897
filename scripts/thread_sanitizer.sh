#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Looks for data races: builds the engine's, the evaluators', the ranks', the queue's and the metrics' tests with ThreadSanitizer and runs those
# with several threads, but for the one that forks: ThreadSanitizer takes no new threads in the child of a process that had some.
# Arguments go to ctest, such as -R evaluator.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install_packages.sh g++ cmake ninja-build libeigen3-dev catch2 librapidcheck-dev nlohmann-json3-dev
cmake --preset tsan
cmake --build --preset tsan --parallel "$(nproc)"

# ThreadSanitizer of gcc 12 to 13 does not start where a kernel places memory at random over more than 28 bits.
as_placed=(setarch "$(uname -m)" --addr-no-randomize)
"${as_placed[@]}" true 2> /dev/null || as_placed=()
"${as_placed[@]}" ctest --preset tsan "$@"
