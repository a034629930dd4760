#!/usr/bin/env bash
# The GitHub action runs this. Inputs come from the environment, never from the command text, and become arguments.
set -uo pipefail

main="${GITHUB_ACTION_PATH:?}/dist/harness/cli/main.js"
out="${COREMATRIX_OUT:-corematrix-report}"
args=(--out "$out" --verbose)

# Adds an option for every non-empty line of a text.
each() {
  local line
  while IFS= read -r line; do
    [ -z "$line" ] || args+=("$1" "$line")
  done <<<"$2"
}

each --kernel "${COREMATRIX_KERNELS:-}"
each --config "${COREMATRIX_CONFIG:-}"
each --shard "${COREMATRIX_SHARD:-}"
each --format "${COREMATRIX_FORMATS:-}"
# The first run has no baseline yet.
if [ -n "${COREMATRIX_BASELINE:-}" ] && [ -e "$COREMATRIX_BASELINE" ]; then
  args+=(--baseline "$COREMATRIX_BASELINE")
  each --gate "${COREMATRIX_GATE:-}"
elif [ -n "${COREMATRIX_BASELINE:-}" ]; then
  echo "no baseline at $COREMATRIX_BASELINE: every unexpected failure counts" | tr -d '\r\n:' >&2
  echo >&2
fi
[ "${COREMATRIX_FROZEN:-false}" != true ] || args+=(--frozen)

# Only the workflow can trust a pull request from a fork, and only by the word `false`.
untrusted="${COREMATRIX_ACTION_UNTRUSTED:-auto}"
[ "$untrusted" != auto ] || untrusted=$(node "$GITHUB_ACTION_PATH/docs/ci/from-fork.mjs")
[ "$untrusted" = false ] || args+=(--untrusted)

objects=()
while IFS= read -r line; do
  [ -z "$line" ] || objects+=("$line")
done <<<"${COREMATRIX_OBJECTS:-}"

node "$main" run "${args[@]}" -- ${objects[@]+"${objects[@]}"}
code=$?
{
  printf 'exit-code=%s\n' "$code"
  printf 'report=%s\n' "$(printf %s "$out" | tr -d '\r\n')"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
