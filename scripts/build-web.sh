#!/usr/bin/env bash
# Builds the web app into web/dist, from where the program takes it, unless what lies there is newer than everything it
# is made of.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

need_node
npm_packages web

made=web/dist/index.html
if [ -f "$made" ] && [ -z "$(find web/src web/public web/vite web/*.json web/*.ts web/index.html docs/openapi.json -newer "$made" -print -quit)" ]; then
  exit 0
fi
echo "trackside: building the web app"
(cd web && npm run --silent build >/dev/null) || give_up "the web app could not be built; what is wrong stands above."
