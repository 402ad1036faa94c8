#!/usr/bin/env bash
# What `dynkit plugin check` has to say of a plugin.
#
#   expect_verdict.sh DYNKIT FILE pass
#   expect_verdict.sh DYNKIT FILE refused TEXT          it is no plugin for this host, TEXT says why
#   expect_verdict.sh DYNKIT FILE CHECK VERDICT TEXT    CHECK ends so, and its message holds TEXT
set -u
dynkit=$1 file=$2 expected=$3
limit=600 # seconds for each check: enough for sanitizers and busy machines

# expect CODE TEXT: the exit code is CODE and the output holds TEXT.
expect() {
  if [ "$code" -ne "$1" ] || ! grep -qF -- "$2" <<< "$output"; then
    printf '%s\nexit code %s, expected %s with: %s\n' "$output" "$code" "$1" "$2"
    exit 1
  fi
}

case $expected in
pass)
  output=$("$dynkit" plugin check "$file" --time-limit "$limit" 2>&1)
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
  [ "$4" = "TIMED OUT" ] && limit=10
  output=$("$dynkit" plugin check "$file" --only "$expected" --time-limit "$limit" 2>&1)
  code=$?
  expect 1 "$4"
  expect 1 "${5:-}"
  ;;
esac
exit 0
