#!/usr/bin/env bash
# The second step of the GitHub action: runs the matrix. Inputs come from the environment, never from the command text, and become arguments.
set -uo pipefail

main=${COREMATRIX_ACTION_MAIN:?}
mirror=${COREMATRIX_ACTION_MIRROR:-}
[ -z "$mirror" ] || export COREMATRIX_DEBIAN_MIRROR="$mirror"
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
[ "$untrusted" != auto ] || untrusted=$(node "$GITHUB_ACTION_PATH/docs/ci/action/from-fork.mjs")
[ "$untrusted" = false ] || args+=(--untrusted)

objects=()
while IFS= read -r line; do
  [ -z "$line" ] || objects+=("$line")
done <<<"${COREMATRIX_OBJECTS:-}"

node "$main" run "${args[@]}" -- ${objects[@]+"${objects[@]}"}
code=$?
if [[ $code == [23] && -z ${COREMATRIX_DEBIAN_MIRROR:-} ]] && ! grep -q /debian <<<"$(apt-get update --print-uris 2>/dev/null)"; then
  echo "apt of this runner has no Debian mirror, where the kernels are: name one with the input 'mirror' of the action" >&2
fi
# The step with the comment has a summary file of its own, which is empty.
summary=${RUNNER_TEMP:?}/corematrix/summary.md
mkdir -p "${summary%/*}"
[ ! -s "${GITHUB_STEP_SUMMARY:-}" ] || cp "$GITHUB_STEP_SUMMARY" "$summary"
{
  printf 'exit-code=%s\n' "$code"
  printf 'report=%s\n' "$(printf %s "$out" | tr -d '\r\n')"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
