#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Installs what a trainer of examples/ needs on Debian or Ubuntu, builds it in Release and runs it on real data:
#   scripts/demo.sh [simclr_mlp | simclr | moco | contragan | degradation_encoder | vae_inpainting | emoji_clip] [arguments of the trainer]
#   scripts/demo.sh distributed [arguments of simclr]
# simclr_mlp, the default, needs no libtorch and takes two minutes. distributed installs MPI and trains simclr by two processes, PROCESSES
# if that is set.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/demo"

trainer=simclr_mlp
if (($# > 0)) && [[ "$1" != -* ]]; then
  trainer="$1"
  shift
fi
data=(dataset-fashion-mnist)
name="$trainer"
start=()
if [[ "$trainer" == distributed ]]; then
  trainer=simclr
  # Open MPI asks twice before root may start it; more processes than cores is said in two ways, for 4 and for 5.
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
  export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
  start=(mpirun -n "${PROCESSES:-2}")
  set -- --threads 1 --epochs 3 --supervised off "$@"
fi
case "$trainer" in
  simclr_mlp) packages=() ;;
  simclr | moco)
    packages=(libtorch-dev libopenblas0-pthread)
    ((${#start[@]} == 0)) || packages+=(libopenmpi-dev openmpi-bin)
    [[ " $* " != *emoji* ]] || data=(fonts-noto-color-emoji unicode-data)
    [[ " $* " != *openclipart* ]] || data=(openclipart-png)
    ;;
  contragan | vae_inpainting) packages=(libtorch-dev libopenblas0-pthread) ;;
  degradation_encoder)
    packages=(libtorch-dev libopenblas0-pthread)
    data=(lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 python3-skimage python3-sklearn)
    ;;
  emoji_clip)
    packages=(libtorch-dev libopenblas0-pthread)
    data=(fonts-noto-color-emoji unicode-data unicode-cldr-core)
    ;;
  *)
    echo "demo.sh: no trainer $trainer; there are distributed, simclr_mlp, simclr, moco, contragan, degradation_encoder, vae_inpainting, emoji_clip" >&2
    exit 2
    ;;
esac
"$root/scripts/install_packages.sh" g++ cmake make libeigen3-dev zlib1g-dev libstb-dev libcli11-dev libpugixml-dev libfreetype-dev fonts-dejavu-core "${packages[@]}" "${data[@]}"

torch=OFF
((${#packages[@]} == 0)) || torch=ON
mkdir -p "$build"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCONTRASTIVE_BUILD_TESTS=OFF -DCONTRASTIVE_BUILD_EXAMPLES=ON \
  -DCONTRASTIVE_BUILD_BENCHMARKS=OFF -DCONTRASTIVE_CUDA=OFF -DCONTRASTIVE_TORCH="$torch" > "$build/configure.log" 2>&1 || {
  cat "$build/configure.log" >&2
  exit 1
}
cmake --build "$build" --target "$trainer" --parallel "$(nproc)"

# The last one of equal options counts; a path means what it means where the script was called.
exec "${start[@]}" "$build/examples/$trainer" --output "$root/out/$name" "$@"
