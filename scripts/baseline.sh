#!/usr/bin/env bash
# Makes the present OpenAPI document the one that later changes are held against (API-07). A part of every release, see
# docs/recipes/make-a-release.md.
#
# baseline.sh         refuses what breaks clients of the release before
# baseline.sh --anew  asks nothing: before the first release, when nobody was promised anything
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

case "${1:-}" in
  "") scripts/generate.sh --check ;;
  --anew) ;;
  *) give_up "'$1' is no option; there is --anew." ;;
esac
cp docs/openapi.json docs/openapi.released.json
echo "wrote docs/openapi.released.json"
