#!/bin/sh
# A plain nightly job, for cron. It needs corematrix on the path (Node 20.19 or newer, QEMU) and corematrix.yaml beside this script; with
# permission to open /dev/kvm it is faster. `corematrix doctor` shows what is missing.
# The baseline is the newest night that ended with 0. A night that fails does not replace it, until you write its date into the file
# `baseline`. Without a baseline, as in the first night, every unexpected failure counts.
set -u
cd "$(dirname "$0")" || exit 2
reports=${REPORTS:-nightly}
mkdir -p "$reports" || exit 2
today=$(date -u +%Y-%m-%d)

set -- --out "$reports/$today" --history "$reports/history.jsonl"
baseline=$(cat "$reports/baseline" 2>/dev/null)
if [ -n "$baseline" ] && [ -e "$reports/$baseline/results.json" ]; then
  set -- "$@" --baseline "$reports/$baseline" --gate regressions
else
  echo "no baseline in $reports: every unexpected failure counts" >&2
  baseline=none
fi
"${COREMATRIX:-corematrix}" run "$@"
code=$?
if [ "$code" = 0 ]; then
  echo "$today" >"$reports/baseline"
else
  echo "exit code $code: the baseline stays $baseline; to accept the failures of this night: echo $today >$reports/baseline" >&2
fi
exit "$code"
