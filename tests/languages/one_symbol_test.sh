#!/usr/bin/env bash
# Each plugin of a folder exports its entry point and nothing else.
# Usage: one_symbol_test.sh FOLDER
set -u
failed=0
shopt -s nullglob
libraries=("$1"/*.so)
[ ${#libraries[@]} -gt 0 ] || { echo "$1 has no plugin"; exit 1; }
for library in "${libraries[@]}"; do
  symbols=$(nm -D --defined-only "$library" | awk '{ print $NF }')
  [ "$symbols" = dynkit_plugin_v1 ] || { printf '%s exports:\n%s\n' "$library" "$symbols"; failed=1; }
done
exit $failed
