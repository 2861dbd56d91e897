#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Lays out all C++ by clang-format 14; with --check only says what it would change. 77: there is no clang-format 14 here (other
# versions lay out some lines differently).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

format=""
for name in clang-format-14 clang-format; do
  if command -v "$name" > /dev/null && "$name" --version | grep -q 'version 14\.'; then
    format="$name"
    break
  fi
done
if [[ -z "$format" ]]; then
  echo "format.sh: no clang-format 14; on Debian 12: apt-get install clang-format" >&2
  exit 77
fi
how=(-i)
[[ "${1:-}" != --check ]] || how=(--dry-run -Werror)
find include tests examples benchmarks -type f \
  \( -name '*.hpp' -o -name '*.cpp' -o -name '*.inc' -o -name '*.cuh' -o -name '*.cu' \) -print0 | xargs -0 "$format" "${how[@]}"
