#!/usr/bin/env bash
# What `dynkit plugin check` has to say of a plugin.
#
#   expect_verdict.sh DYNKIT FILE pass
#   expect_verdict.sh DYNKIT FILE refused TEXT          it is no plugin for this host, TEXT says why
#   expect_verdict.sh DYNKIT FILE CHECK VERDICT TEXT    CHECK ends so, and its message holds TEXT
set -u
dynkit=$1 file=$2 expected=$3

# expect CODE TEXT: the exit code is CODE and the output holds TEXT.
expect() {
  if [ "$code" -ne "$1" ] || ! grep -qF -- "$2" <<< "$output"; then
    printf '%s\nexit code %s, expected %s with: %s\n' "$output" "$code" "$1" "$2"
    exit 1
  fi
}

case $expected in
pass)
  output=$("$dynkit" plugin check "$file" 2>&1)
  code=$?
  expect 0 ' 0 failed'
  grep -E 'skipped' <<< "$output" # which checks do not apply, for the log
  ;;
refused)
  output=$("$dynkit" plugin check "$file" 2>&1)
  code=$?
  expect 3 "$4"
  ;;
*)
  # Long enough for a busy machine, short enough to wait for a plugin that hangs.
  output=$("$dynkit" plugin check "$file" --only "$expected" --time-limit 10 2>&1)
  code=$?
  expect 1 "$4"
  expect 1 "${5:-}"
  ;;
esac
exit 0
