#!/usr/bin/env bash
# Makes sure that everything `make test` needs is on this machine, or says what is missing and how to get it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

need_rust
for component in rustfmt clippy-driver; do
  command -v "$component" >/dev/null ||
    give_up "$component is missing. Run 'rustup component add rustfmt clippy', then run the command again."
done

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
postgres_bin >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  install_packages "${missing[@]}"
  postgres_bin >/dev/null || give_up "PostgreSQL's initdb is not to be found, though its package is installed.
Looked in /usr/lib/postgresql/*/bin, in 'pg_config --bindir' and on the PATH."
fi

# Tests run under cargo-nextest only: it gives each test a process of its own and ends what hangs.
if ! command -v cargo-nextest >/dev/null && [ ! -x "$(tools_folder)/bin/cargo-nextest" ]; then
  echo "trackside: cargo-nextest is missing; building it from crates.io into $(tools_folder) (some minutes, once)"
  cargo install cargo-nextest --locked --quiet --root "$(tools_folder)" </dev/null ||
    give_up "cargo-nextest could not be built. Install it as https://nexte.st tells, then run the command again."
fi

# GitHub's example payloads and the library that signs them. npm leaves its own copy of the lock file behind when it
# is done, so an older one than ours means that there is something to install.
octokit=tests/octokit
if [ ! "$octokit/node_modules/.package-lock.json" -nt "$octokit/package-lock.json" ]; then
  (cd "$octokit" && npm ci --silent --ignore-scripts </dev/null) ||
    give_up "npm could not install what tests/octokit/package-lock.json names. Is a registry reachable ('npm ping')?"
fi
