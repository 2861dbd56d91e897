#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Lays out the C++ by clang-format and the Python by ruff, and has ruff and shellcheck look for faults:
#   scripts/format.sh [--check] [clang-format] [ruff] [shellcheck]
# With --check it only says what it would change; without a tool's name all three run. clang-format must be 14 and ruff the version in
# ruff.toml, others lay out some lines differently; a tool that is not here is left out, in words. Returns 1 where something is left
# to mend, and 77 where nothing is but a tool was left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check=no tools=()
for argument in "$@"; do
  case "$argument" in
    --check) check=yes ;;
    clang-format | ruff | shellcheck) tools+=("$argument") ;;
    *)
      echo "usage: scripts/format.sh [--check] [clang-format] [ruff] [shellcheck]" >&2
      exit 2
      ;;
  esac
done
((${#tools[@]} > 0)) || tools=(clang-format ruff shellcheck)

found=no left_out=no
left_out() {
  echo "format.sh: left out: no $1" >&2
  left_out=yes
}

run_clang-format() {
  local format="" name how=(-i)
  for name in clang-format-14 clang-format; do
    if [[ "$("$name" --version 2> /dev/null)" == *"version 14."* ]]; then format="$name"; fi
  done
  if [[ -z "$format" ]]; then
    left_out "clang-format 14; on Debian 12: apt-get install clang-format"
    return
  fi
  if [[ $check == yes ]]; then how=(--dry-run -Werror); fi
  find include tests examples benchmarks -type f \
    \( -name '*.hpp' -o -name '*.cpp' -o -name '*.inc' -o -name '*.cuh' -o -name '*.cu' \) -print0 |
    xargs -0 "$format" "${how[@]}" || found=yes
}

run_ruff() {
  local version ruff=()
  version="$(sed -n 's/^required-version = "==\(.*\)"$/\1/p' ruff.toml)"
  if [[ "$(ruff --version 2> /dev/null)" == "ruff $version" ]]; then
    ruff=(ruff)
  elif [[ "$(python3 -m ruff --version 2> /dev/null)" == "ruff $version" ]]; then
    ruff=(python3 -m ruff)
  else
    left_out "ruff $version; pip install ruff==$version"
    return
  fi
  if [[ $check == yes ]]; then
    "${ruff[@]}" check --quiet --no-cache || found=yes
    "${ruff[@]}" format --quiet --no-cache --diff || found=yes
  else
    "${ruff[@]}" check --quiet --no-cache --fix || found=yes
    "${ruff[@]}" format --quiet --no-cache || found=yes
  fi
}

run_shellcheck() {
  if ! command -v shellcheck > /dev/null; then
    left_out "shellcheck; on Debian or Ubuntu: apt-get install shellcheck"
    return
  fi
  shellcheck scripts/*.sh || found=yes
}

for tool in "${tools[@]}"; do "run_$tool"; done
if [[ $found == yes ]]; then exit 1; fi
if [[ $left_out == yes ]]; then exit 77; fi
