#!/usr/bin/env bash
# The rules of the house that no compiler keeps: layering, length of files, nothing left unfinished.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
complain() {
  printf 'check-house: %s\n' "$*" >&2
  failed=1
}

# must_not_know FOLDER CRATE…: neither as a dependency of any kind nor under another name.
must_not_know() {
  local folder=$1 crate hits
  shift
  for crate in "$@"; do
    hits=$(grep -nE "^\"?$crate\"?[[:space:]]*[.=]|dependencies\.\"?$crate\"?\]|package[[:space:]]*=[[:space:]]*\"$crate\"" \
      "$folder/Cargo.toml" || true)
    if [ -n "$hits" ]; then
      complain "$folder must not know $crate ($folder/Cargo.toml:$hits). Imports run rules <- engine <- workers <- api <- tests."
    fi
  done
}
must_not_know rules sqlx rusqlite tokio reqwest axum trackside-engine trackside-workers trackside-api trackside-tests
must_not_know engine axum reqwest octocrab apalis trackside-workers trackside-api trackside-tests
must_not_know workers axum trackside-api trackside-tests
must_not_know api trackside-tests

ours() { git ls-files --cached --others --exclude-standard -- "$@" | grep -vE '(^|/)(generated|snapshots|node_modules)/' || true; }

while IFS= read -r file; do
  [ -f "$file" ] || continue
  lines=$(wc -l <"$file")
  if [ "$lines" -gt 600 ]; then complain "$file has $lines lines; above 600, split it by noun"; fi
done < <(ours '*.rs' '*.ts' '*.tsx' '*.sh')

while IFS= read -r hit; do
  complain "left unfinished: $hit"
done < <(ours '*.rs' '*.ts' '*.tsx' | tr '\n' '\0' |
  xargs -0 -r grep -nHE '\b(todo|unimplemented)!|#\[ignore|\b(it|test|describe)\.(only\b|skip\([^a-z(!])' 2>/dev/null || true)

while IFS= read -r file; do
  [ -x "$file" ] || [ "$file" = scripts/need.sh ] || complain "$file is not executable (chmod +x)"
done < <(ours 'scripts/*.sh')

if [ "$failed" != 0 ]; then exit 1; fi
