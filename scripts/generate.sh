#!/usr/bin/env bash
# generate.sh          writes the generated files anew
# generate.sh --check  only says whether the committed ones are what the code would write now
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

# Each line: the file, and what the program is asked to print it.
generated=(
  "docs/openapi.json openapi"
)

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
built=no
stale=()
for line in "${generated[@]}"; do
  read -r file question <<<"$line"
  if [ "${1:-}" = --check ] && [ ! -f "$file" ]; then continue; fi
  if [ "$built" = no ]; then
    scripts/build.sh
    built=yes
  fi
  program="${CARGO_TARGET_DIR:-target}/debug/trackside"
  # shellcheck disable=SC2086 # the question may be several words
  "$program" $question >"$new/file" </dev/null
  [ -s "$new/file" ] || give_up "'trackside $question' printed nothing, so $file was left as it is."
  if [ "${1:-}" = --check ]; then
    cmp -s "$new/file" "$file" || stale+=("$file")
  else
    mkdir -p "$(dirname "$file")"
    cp "$new/file" "$file"
    echo "wrote $file"
  fi
done
# What was released is a promise (API-07). scripts/baseline.sh puts it there.
if [ "${1:-}" = --check ] && [ -f docs/openapi.released.json ]; then
  [ "$built" = yes ] || scripts/build.sh
  "${CARGO_TARGET_DIR:-target}/debug/trackside" openapi --against docs/openapi.released.json ||
    give_up "the interface breaks clients of the last release, as listed above. Keep what was there, or make it v2."
fi
# The schemas of events, the table of permissions and the page of triggers and actions are written, and otherwise checked, by tests.
if [ "${1:-}" != --check ]; then
  TRACKSIDE_GENERATE=1 cargo test --workspace --quiet --test it -- catalogue:: permissions:: >/dev/null
  TRACKSIDE_GENERATE=1 cargo test --workspace --quiet --lib -- integrations::page:: >/dev/null
  echo "wrote docs/events/, docs/permissions.md and docs/triggers-and-actions.md"
fi
if [ ${#stale[@]} -gt 0 ]; then
  give_up "out of date: ${stale[*]}. Run 'make generate' and commit the result."
fi
