#!/usr/bin/env bash
# Who may include whom, and what may stand where. Prints each breach; exit 1 if there is one.
# Usage: layering_test.sh SOURCE_FOLDER
set -u
cd "$1" || exit 2
breaches=0

# report RULE LINES: LINES are breaches of RULE, if there are any.
report() {
  [ -n "$2" ] || return 0
  printf '%s:\n%s\n' "$1" "$2"
  breaches=1
}

sources() { find "$@" \( -name '*.h' -o -name '*.hpp' -o -name '*.c' -o -name '*.cpp' \) -type f; }
# includes PATTERN FOLDER...: include lines that match
includes() {
  local pattern=$1
  shift
  sources "$@" | sort | xargs -r grep -nE "^ *# *include *[<\"]($pattern)"
}

report "the SDK's C headers include C and SDK headers only" \
  "$(find sdk/include -name '*.h' | xargs grep -nE '^ *# *include' |
     grep -vE '<(stddef|stdint)\.h>|"dynkit/[a-z_]+\.h"')"
report "the SDK includes nothing of ours and no third party" \
  "$(includes 'dynkit/core|Eigen|ceres|fmt|boost|H5|hdf5|nlohmann|toml|CLI|tbb|cvodes?|sundials' sdk)"
report "a plugin includes the SDK, its own folder and its third party only" \
  "$(includes 'dynkit/core|\.\./|core/|plugins/' plugins)"
report "core names no plugin" \
  "$(sources core | xargs grep -niwE 'rnn|gru|lstm|gated_node|low_rank_rnn|langevin|lorenz|flip_flop|parameter_sweep|fixed_points|org\.dynkit' )"
report "no third party in a public header" \
  "$(includes 'Eigen|ceres|fmt|boost|H5|hdf5|nlohmann|toml|CLI|tbb|cvodes?|sundials' sdk/include core/include)"

# Each third party has its home.
home() {
  local pattern=$1
  shift
  report "<$pattern> is included outside $*" \
    "$(includes "$pattern" sdk core plugins cli | grep -vE "^($(IFS='|'; echo "$*"))/")"
}
home 'ceres' plugins/analyses core/training
home 'sundials|cvodes?|arkode' core/numerics
home 'boost' core/host
home 'hdf5|H5' core/data
home 'toml' core/experiment
home 'CLI' cli
home 'tbb|oneapi' core/host
home 'zlib' core/data core/report

# Layers of core: a private header stands in the folder that includes it, so a quoted include
# without "dynkit/" must exist in the including layer.
while IFS= read -r line; do
  file=${line%%:*}
  header=$(sed -E 's/.*"([^"]+)".*/\1/' <<< "$line")
  layer=$(cut -d/ -f1-2 <<< "$file")
  [ -e "$(dirname "$file")/$header" ] || [ -e "$layer/$header" ] ||
    report "a layer includes a private header of another" "$line"
done < <(sources core | xargs grep -nE '^ *# *include *"' | grep -v '"dynkit/')

# public LAYER HEADER...: LAYER must not include these public headers.
forbidden() {
  local layer=$1 pattern=$2
  report "core/$layer knows a layer that it may not know" \
    "$(includes "dynkit/core/($pattern)\.hpp" "core/$layer")"
}
experiment='experiment|run'
report_headers='report|result'
data='arrays_io|hdf5'
numerics='integrate|tangent|system'
host='library|registry|settings|model|services|random'
forbidden base "$experiment|$report_headers|$data|$numerics|$host"
forbidden host "$experiment|$report_headers|$data|$numerics"
forbidden data "$experiment|$report_headers|$numerics|$host"
forbidden report "$experiment|$data|$numerics|$host"
forbidden numerics "$experiment|$report_headers|$data"

report "only cli prints, and only cli/main.cpp may end the process" \
  "$(sources core sdk plugins | xargs grep -nE '\b(std::cout|std::cerr|std::puts|fputs|printf *\(|fprintf *\(|(std::)?exit *\(|abort *\()' |
     grep -vE 'snprintf|// ')"

exit $breaches
