#!/usr/bin/env bash
# Installs the Debian packages that dynkit is built and tested with, those that are missing only.
# Usage: scripts/install_packages.sh build|test|presets
# build: the program; test: and ctest of the release preset; presets: and every other preset.
set -euo pipefail

build=(
  cmake ninja-build g++ pkg-config
  libboost-dev libboost-filesystem-dev libceres-dev libcli11-dev libeigen3-dev libfmt-dev
  libhdf5-dev libssl-dev libsundials-dev libtbb-dev libtomlplusplus-dev nlohmann-json3-dev zlib1g-dev
)
test=(
  clang libgtest-dev libbenchmark-dev chromium rustc gfortran python3-h5py
)
# SUNDIALS' CMake package asks clang for OpenMP.
presets=(
  clang-tidy gcovr libclang-rt-dev libomp-dev llvm
)

wanted=("${build[@]}")
case "${1:-build}" in
  build) ;;
  test) wanted+=("${test[@]}") ;;
  presets) wanted+=("${test[@]}" "${presets[@]}") ;;
  *) echo "usage: $0 build|test|presets" >&2; exit 2 ;;
esac

# A machine may have node, npm or rustc from elsewhere.
for tool in node:nodejs npm:npm; do
  command -v "${tool%%:*}" > /dev/null || wanted+=("${tool##*:}")
done

missing=()
for package in "${wanted[@]}"; do
  if [ "$package" = rustc ] && command -v rustc > /dev/null; then continue; fi
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all there"
  exit 0
fi

echo "packages: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo > /dev/null || { echo "packages: run this as root, or install sudo" >&2; exit 1; }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
