#!/usr/bin/env bash
# The plugin that README.md shows is the one that `dynkit plugin new my_model` writes and that the
# out_of_tree test builds.
# Usage: readme_plugin_test.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"
shown=$(sed -n '/^## Write your own model plugin/,/^## The tree/p' README.md |
        sed -n '/^```cpp$/,/^```$/p' | sed '1d;$d')
[ -n "$shown" ] || { echo "README.md shows no plugin"; exit 1; }
written=$(sed 's/@name@/my_model/g; s/@Name@/MyModel/g; s/@id@/org.example.my_model/g' \
          sdk/template/cpp/source.cpp)
diff <(printf '%s\n' "$shown") <(printf '%s\n' "$written") ||
  { echo "README.md (<) differs from sdk/template/cpp/source.cpp (>)"; exit 1; }
