#!/usr/bin/env bash
# Builds the program and the tests in one go. The harness starts the real `trackside` that lies beside the tests,
# and naming both here gives them the same features, so that nothing is built twice.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo build --workspace --bins --tests
