#!/usr/bin/env bash
# Builds dynkit and runs every test through ctest.
# The build folder is $DYNKIT_BUILD_DIR, or build/release. May be run again at any time.
set -euo pipefail
cd "$(dirname "$0")"
build=${DYNKIT_BUILD_DIR:-build/release}

echo "== 1/3 packages"
scripts/install_packages.sh test
echo "== 2/3 building into $build"
cmake --preset release -B "$build" -DDYNKIT_BUILD_TESTS=ON
cmake --build "$build"
echo "== 3/3 testing"
ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)"
