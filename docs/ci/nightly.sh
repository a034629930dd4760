#!/bin/sh
# A plain nightly job, for cron: the report of the last night is the baseline of the next, and only regressions fail it.
set -u
cd "$(dirname "$0")" || exit 2
reports=${REPORTS:-nightly}
today=$reports/$(date -u +%Y-%m-%d)

set -- --out "$today" --history "$reports/history.jsonl"
# These names sort by date.
last=$(find "$reports" -mindepth 2 -maxdepth 2 -name results.json ! -path "$today/*" 2>/dev/null | sort | tail -n 1)
[ -z "$last" ] || set -- "$@" --baseline "$last" --gate regressions
exec "${COREMATRIX:-corematrix}" run "$@"
