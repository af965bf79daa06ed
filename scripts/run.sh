#!/usr/bin/env bash
# Builds Trackside and starts it on SQLite in ./data. It prints its address when it is ready; opened in a browser,
# that address leads to the set-up page. Arguments go to `trackside serve`. Stop it with Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

need_rust
need_c_compiler
scripts/build-web.sh
echo "trackside: building (several minutes the first time)"
cargo build --release --package trackside-api --bin trackside
exec "${CARGO_TARGET_DIR:-target}/release/trackside" serve "$@"
