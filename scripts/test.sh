#!/usr/bin/env bash
# Runs every test, on SQLite and on a throw-away PostgreSQL, with a throw-away Redis. Arguments go to cargo-nextest.
# Ends on cargo-nextest's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh
PATH="$PATH:$(tools_folder)/bin"

profile=default
if [ -n "${CI:-}" ]; then profile=ci; fi

scripts/build-web.sh
scripts/build.sh
# cargo-nextest does not run the examples in the documentation.
cargo test --workspace --doc --quiet
(cd web && npm test --silent)
scripts/with-services.sh cargo nextest run --workspace --profile "$profile" "$@"
