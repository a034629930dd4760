#!/usr/bin/env bash
# The first step of the GitHub action: installs corematrix and, if it is missing, QEMU, and opens /dev/kvm. Prints the output `main`, the
# program to run. Inputs come from the environment, never from the command text.
set -euo pipefail
LC_ALL=C

version=${COREMATRIX_ACTION_VERSION:-}
# The summary of an earlier use of the action in this job.
rm -f "${RUNNER_TEMP:?}/corematrix/summary.md"
[ -z "${COREMATRIX_ACTION_MIRROR:-}" ] || export COREMATRIX_DEBIAN_MIRROR="$COREMATRIX_ACTION_MIRROR"

if [ -z "$version" ]; then
  # Builds the checkout of the action, which needs compilers and, for libbpf, a Debian mirror.
  cd "${GITHUB_ACTION_PATH:?}"
  npm run --silent setup
  main=$GITHUB_ACTION_PATH/dist/harness/cli/main.js
elif [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z.+-]*$ ]]; then
  # A folder of its own, so that no .npmrc of the repository chooses the registry.
  folder=$RUNNER_TEMP/corematrix/package
  mkdir -p "$folder"
  cd "$folder"
  npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error -- "corematrix@$version"
  main=$folder/node_modules/corematrix/dist/harness/cli/main.js
  node "$main" setup --yes
else
  echo '::error title=corematrix::the input version is neither a version nor a tag of the package: expected for example 0.1.0 or latest'
  exit 2
fi
bash "${GITHUB_ACTION_PATH:?}/docs/ci/action/open-kvm.sh"

# A restored file looks as if it was just read. This resets the time, so that prune.sh can remove what this run does not read.
cache=${COREMATRIX_CACHE:-}
[ ! -d "$cache" ] || find "$cache" -type f -exec touch -a -d '1 year ago' -- {} + || true
printf 'main=%s\n' "$main" >>"${GITHUB_OUTPUT:?}"
