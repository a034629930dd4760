#!/usr/bin/env bash
# The GitHub action runs this before it saves the cache: removes what is older than a week and what this run did not read.
set -u
main=${COREMATRIX_ACTION_MAIN:-}
# Without a program there was no run, or the preparation failed.
[ -n "$main" ] || exit 0
node "$main" kernels prune --keep-days 7 || echo 'the cache was not pruned; it is saved as it is' >&2
