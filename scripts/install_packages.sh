#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs those of the named Debian or Ubuntu packages that are missing; needs no network where none is.
set -euo pipefail

if ! command -v dpkg-query > /dev/null; then
  echo "install_packages.sh: this is no Debian or Ubuntu; going on with what is installed (needed: $*)" >&2
  exit 0
fi

missing=()
for package in "$@"; do
  status="$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null || true)"
  [[ "$status" == installed ]] || missing+=("$package")
done
((${#missing[@]} > 0)) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo > /dev/null; then
    echo "install_packages.sh: please run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
