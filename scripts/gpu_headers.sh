#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The contrastive authors
# SPDX-License-Identifier: Apache-2.0
# Fills a folder with the headers that scripts/gpu_check.sh needs and a machine with a GPU may lack, from the packages
# libeigen3-dev, catch2 and nlohmann-json3-dev: scripts/gpu_headers.sh <folder>
set -euo pipefail
folder=${1:?usage: scripts/gpu_headers.sh <folder>}
for header in eigen3/Eigen catch2/catch.hpp nlohmann/json.hpp; do
  if [ ! -e "/usr/include/$header" ]; then
    echo "gpu_headers: /usr/include/$header is not there: apt-get install libeigen3-dev catch2 nlohmann-json3-dev" >&2
    exit 1
  fi
done
mkdir -p "$folder/catch2"
cp -r /usr/include/eigen3/Eigen "$folder/"
cp /usr/include/catch2/catch.hpp "$folder/catch2/"
cp -r /usr/include/nlohmann "$folder/"
size=$(du -sk "$folder" | cut -f1)
echo "gpu_headers: $folder holds $size KiB"
[ "$size" -lt 20480 ] || { echo "gpu_headers: that is 20 MiB or more" >&2; exit 1; }
