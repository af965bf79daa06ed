#!/usr/bin/env bash
# Everything that can be judged without running the product.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
scripts/check-house.sh
scripts/build-web.sh
(cd web && npm run --silent check)
cargo clippy --workspace --all-targets -- -D warnings
if command -v cargo-deny >/dev/null; then
  # Known vulnerabilities are looked up by `make audit`: their list lies outside the package registry.
  cargo deny --log-level error check bans licenses sources
else
  echo "trackside: cargo-deny is not installed, so licences and sources of the dependencies were not checked"
fi
scripts/generate.sh --check
