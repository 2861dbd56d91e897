#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Makes the API reference by Doxygen, with the pages of docs/ and of the examples in it: build/docs/html/index.html. It can be read and
# searched without a network. With --check it only looks for public names without a docstring and for links that lead nowhere,
# and returns 77 where Doxygen is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=build/docs check=no
case "${1:-}" in
  "") scripts/install_packages.sh doxygen python3 libjs-mathjax ;;
  --check) folder=build/docs_check check=yes ;;
  *)
    echo "usage: scripts/docs.sh [--check]" >&2
    exit 2
    ;;
esac
if ! command -v doxygen > /dev/null || ! command -v python3 > /dev/null; then
  echo "docs.sh: no doxygen or no python3 here; on Debian or Ubuntu: apt-get install doxygen python3" >&2
  exit 77
fi

rm -rf "$folder"
docs/doxygen_input.py "$folder/source"
CONTRASTIVE_VERSION="$(sed -n 's/^#define CONTRASTIVE_VERSION_[A-Z]* //p' include/contrastive/core/version.hpp | paste -sd .)"
export CONTRASTIVE_VERSION
(cd "$folder/source" && doxygen ../../../docs/Doxyfile 2>&1) | sed "s#$PWD/$folder/source/##"
[[ $check == no ]] || exit 0

# What MathJax needs to show TeX as SVG.
for part in MathJax.js extensions jax/input/TeX jax/element jax/output/SVG; do
  mkdir -p "$folder/html/mathjax/$(dirname "$part")"
  cp -rLT "/usr/share/javascript/mathjax/$part" "$folder/html/mathjax/$part"
done
echo "$folder/html/index.html"
