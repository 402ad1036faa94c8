#!/usr/bin/env bash
# A plugin as a stranger makes it: only the SDK is installed, `dynkit plugin new` writes the folder,
# CMake builds it against the package, and the program lists, loads and analyzes what came out.
# Usage: out_of_tree_test.sh PROGRAM BUILD_FOLDER
set -euo pipefail
program=$1 build=$2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch XDG_CACHE_HOME=$scratch/cache XDG_DATA_HOME=$scratch/data
unset DYNKIT_PLUGIN_PATH
cd "$scratch"

fail() {
  echo "out_of_tree_test: $*" >&2
  exit 1
}

# refuses CODE WORDS COMMAND...: the command exits with CODE and says WORDS in one line.
refuses() {
  local code=$1 words=$2 status=0
  shift 2
  "$@" > out.txt 2> err.txt || status=$?
  [ "$status" = "$code" ] || fail "'$*' exits with $status, not $code: $(cat err.txt)"
  grep -qF -- "$words" err.txt || fail "'$*' does not say '$words': $(cat err.txt)"
  [ "$(wc -l < err.txt)" = 1 ] || fail "'$*' says more than a sentence: $(cat err.txt)"
}

cmake --install "$build" --component sdk --prefix "$scratch/sdk" > install.txt
[ -z "$(find sdk -name '*.so' -o -name dynkit -type f)" ] || fail "the SDK brings more than itself"

# check_language LANGUAGE EXPECTED: the template of a language, from `new` to its fixed points;
# EXPECTED is Python over `found`, `stable` and the points x.
check_language() {
  local language=$1 expected=$2 name=lab_model_$1
  "$program" plugin new --lang "$language" "$name" --dir "made/$name" > next.txt
  grep -qF "cmake --build build" next.txt || fail "plugin new does not say what to do next"
  [ -z "$(grep -rE '@(name|Name|id)@' "made/$name" || true)" ] || fail "a placeholder is left"
  [ -f "made/$name/.gitignore" ] && [ -f "made/$name/README.md" ] || fail "a file is missing"

  CFLAGS="-Wall -Wextra -Wpedantic -Wconversion -Werror" \
  CXXFLAGS="-Wall -Wextra -Wpedantic -Wconversion -Werror" \
    cmake -S "made/$name" -B "made/$name/build" -DCMAKE_PREFIX_PATH="$scratch/sdk" > configure.txt
  cmake --build "made/$name/build" > build.txt || { cat build.txt; fail "$name does not build"; }

  local library=made/$name/build/$name.so
  local symbols
  symbols=$(nm -D --defined-only "$library" | awk '{ print $NF }')
  [ "$symbols" = dynkit_plugin_v1 ] || fail "$library exports: $symbols"

  "$program" plugin list --plugin-path "made/$name/build" --json > list.json
  python3 - "$name" list.json << 'END' || fail "$name is not listed as it should be"
import json, sys
name, path = sys.argv[1:]
libraries = [l for l in json.load(open(path)) if l["path"].endswith("/" + name + ".so")]
assert len(libraries) == 1 and libraries[0]["refused"] == "", libraries
(component,) = libraries[0]["components"]
assert component["id"] == "org.example." + name, component
assert component["interface"] == "dynkit.model/1" and component["refused"] == "", component
END

  "$program" plugin check "$library" > check.txt 2>&1 || fail "plugin check: $(cat check.txt)"

  "$program" run "made/$name/experiment.toml" --plugin-path "made/$name/build" \
    --out "run_$language" > run.txt 2> run_errors.txt || fail "run: $(cat run_errors.txt)"
  "$program" data convert "run_$language/results.h5" x.csv \
    --array analyses/fixed_points/x > convert.txt
  python3 - "run_$language/run.json" "$expected" << 'END' || fail "$name: $(cat run.txt x.csv)"
import json, sys
summary = json.load(open(sys.argv[1]))["analyses"]["fixed_points"]["summary"]
rows = [line.split(",") for line in open("x.csv").read().splitlines()]
x = [[float(cell) for cell in row] for row in rows if row[0][0] in "-.0123456789"]
assert summary["derivative"] == "exact", summary
assert eval(sys.argv[2], {}, {"found": summary["found"], "stable": summary["stable"], "x": x})
END
}

# One rest state, on both nullclines; three of two competing populations, the middle one unstable.
# 1e-9: Newton's tolerance of 1e-10 over the smallest slope.
check_language c 'found == 1 and stable == 1 and all(
  abs(v - v**3 / 3 - w) < 1e-9 and abs(v + 0.7 - 0.8 * w) < 1e-9 for v, w in x) and len(x) == 1'
check_language cpp 'found == 3 and stable == 2 and len(x) == 3 and any(
  abs(a - 0.5) + abs(b - 0.5) < 1e-9 for a, b in x)'

refuses 2 "'made/lab_model_c' exists already" "$program" plugin new other --dir made/lab_model_c
refuses 2 "plugin name 'MyModel' is not in lower_snake_case" "$program" plugin new MyModel
refuses 2 "plugin name '../up' is not in lower_snake_case" "$program" plugin new ../up
refuses 2 "plugin name 'a__b' is not in lower_snake_case" "$program" plugin new a__b
refuses 2 "plugin name 'install' is a target of CMake's own" "$program" plugin new install
refuses 2 "component id 'lorenz' is not in reverse-DNS form" "$program" plugin new good --id lorenz
refuses 2 "--lang" "$program" plugin new good --lang cobol
[ ! -e good ] && [ ! -e MyModel ] && [ ! -e a__b ] || fail "a refused name left a folder behind"
