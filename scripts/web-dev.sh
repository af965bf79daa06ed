#!/usr/bin/env bash
# Serves the web app with hot reload, before a server that is running: TRACKSIDE_URL, or http://127.0.0.1:8080.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

need_node
npm_packages web
cd web
exec npm run --silent dev -- "$@"
