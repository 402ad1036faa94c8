#!/usr/bin/env bash
# Builds dynkit and finds the fixed points of a GRU that was trained in PyTorch.
# The build folder is $DYNKIT_BUILD_DIR, or build/release. May be run again at any time.
set -euo pipefail
cd "$(dirname "$0")"
build=${DYNKIT_BUILD_DIR:-build/release}

echo "== 1/3 packages"
scripts/install_packages.sh build
echo "== 2/3 building into $build"
cmake --preset release -B "$build" -DDYNKIT_BUILD_TESTS=OFF > "/tmp/dynkit-configure.$$.log" 2>&1 ||
  { cat "/tmp/dynkit-configure.$$.log"; exit 1; }
rm -f "/tmp/dynkit-configure.$$.log"
cmake --build "$build"
echo "== 3/3 dynkit run examples/flip_flop_gru.toml"
"$build/bin/dynkit" run examples/flip_flop_gru.toml --out "$build/runs/flip_flop_gru" --resume
