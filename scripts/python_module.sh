#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs the Python module of examples/python_module into an environment of its own and holds it against other libraries:
#   scripts/python_module.sh [--environment FOLDER] [arguments of pytest]
# The environment is build/python_module unless told, and is kept. PYTHON=python3.12 takes that interpreter. PyPI's torch brings some
# gigabytes for CUDA with it; PIP_EXTRA_INDEX_URL with torch's own wheels for CPUs spares them.
set -euo pipefail

export PYTHONDONTWRITEBYTECODE=1 # nothing is left in the tree
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
module="$root/examples/python_module"
environment="$root/build/python_module"
if [[ "${1:-}" == --environment ]]; then
  environment="$(realpath -m -- "${2:?python_module.sh: --environment needs a folder}")"
  shift 2
fi

"$root/scripts/install_packages.sh" g++ cmake make libeigen3-dev python3 python3-venv python3-dev
python="$environment/bin/python"
[[ -x "$python" ]] || "${PYTHON:-python3}" -m venv "$environment"
pip() { "$python" -m pip --disable-pip-version-check "$@"; }

echo "python_module.sh: installing the module"
pip install "$module"
echo "python_module.sh: installing what its tests compare it with"
pip install --quiet -r "$root/benchmarks/peers.txt" pytest jax optax
pip install --quiet --no-deps -r "$root/benchmarks/peers_alone.txt"

cd "$module"
"$python" -m pytest "$@"
