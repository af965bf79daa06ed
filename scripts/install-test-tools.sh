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
faketime=no
for library in /usr/lib/faketime /usr/lib/*/faketime /usr/local/lib/faketime; do
  [ ! -e "$library/libfaketimeMT.so.1" ] || faketime=yes
done
[ "$faketime" = yes ] || missing+=(libfaketime)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v chromium >/dev/null || missing+=(chromium)
command -v curl >/dev/null || missing+=(curl)
command -v jq >/dev/null || missing+=(jq)
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

# GitHub's example payloads and the library that signs them; what reads our OpenAPI document; the web app and what drives
# its stories.
need_node
for folder in tests/*/ web/; do
  if [ -f "$folder/package-lock.json" ]; then npm_packages "${folder%/}"; fi
done

# The fuzzer of the interface has a Python of its own, so that it meets no other packages.
contract="$(tools_folder)/contract"
if ! cmp -s tests/contract/requirements.txt "$contract/requirements.txt"; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
  rm -rf "$contract"
  python3 -m venv "$contract" ||
    give_up "python3 could not make a virtual environment. Install Python 3.10 or newer with its venv module, then run the command again."
  "$contract/bin/pip" install --quiet --disable-pip-version-check -r tests/contract/requirements.txt </dev/null ||
    give_up "pip could not install what tests/contract/requirements.txt names. Is a package index reachable ('pip download schemathesis')?"
  cp tests/contract/requirements.txt "$contract/requirements.txt"
fi
