#!/usr/bin/env bash
# Runs the benches, with a PostgreSQL that waits for the disk and a Redis. Arguments go to `cargo bench`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-test-tools.sh
exec scripts/with-services.sh --durable cargo bench --workspace "$@"
