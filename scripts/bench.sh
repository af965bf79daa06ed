#!/usr/bin/env bash
# bench.sh [--with-n8n] [BENCH…]
#
# Builds the release program and the benches, runs them one after another on databases that wait for the disk, and
# prints one table. Without names it runs all but `app`: access backtest idle judge list large runs w1 w6 condition.
# `app` opens the web app in Chromium: what its first load weighs, what Lighthouse says, frames, and how soon others see a change.
# PEERS_BENCH names a folder with the peers' scripts (django/run.sh, nodered/run.sh, n8n/run.sh, queues/run.sh): then those run too, in
# turn with ours, since only figures of one go can be compared. n8n is large and slow, so it wants its flag.
# The lines behind the table are kept in target/bench/.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/need.sh
source scripts/need.sh

n8n=no
names=()
for argument in "$@"; do
  case $argument in
    --with-n8n) n8n=yes ;;
    -*) give_up "bench.sh knows no $argument. Usage: bench.sh [--with-n8n] [access|app|backtest|idle|judge|list|large|runs|w1|w6|condition]…" ;;
    *) names+=("$argument") ;;
  esac
done
if [ ${#names[@]} = 0 ]; then names=(access backtest idle judge list large runs w1 w6 condition); fi

if [ "${TRACKSIDE_BENCH_INSIDE:-}" != yes ]; then
  scripts/install-test-tools.sh
  scripts/build-web.sh
  cargo build --release --workspace --bins
  cargo bench --quiet --workspace --bench speed --bench condition --no-run
  export TRACKSIDE_BENCH_INSIDE=yes
  exec scripts/with-services.sh --durable scripts/bench.sh "$@"
fi

folder="${CARGO_TARGET_DIR:-target}/bench"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
lines="$folder/$(date +%Y-%m-%dT%H%M%S).jsonl"
: >"$lines"
say() { printf '%s\n' "$*" >&2; }

peer() { # peer NAME COMMAND…: a peer that cannot be installed here must not stop ours
  local name=$1
  shift
  if [ -z "${PEERS_BENCH:-}" ]; then return 0; fi
  if [ ! -x "$PEERS_BENCH/$name/run.sh" ] && [ ! -f "$PEERS_BENCH/$name/run.sh" ]; then
    say "bench: there is no $name/run.sh in PEERS_BENCH, so this peer is left out"
    return 0
  fi
  say "bench: the peer $name"
  env "$@" bash "$PEERS_BENCH/$name/run.sh" | tee -a "$lines" || say "bench: the peer $name failed; its row is missing"
}

# The peers' scripts keep their PostgreSQL and Redis for one another; the last one out stops them.
stop_peers_services() {
  local peers=${PEERS:-${TMPDIR:-/tmp}/trackside-peers} file
  for file in "$peers/pg/data/postmaster.pid" "$peers/redis/pid"; do
    if [ -f "$file" ]; then kill -INT "$(head -n 1 "$file")" 2>/dev/null || true; fi
  done
}
if [ -n "${PEERS_BENCH:-}" ]; then trap stop_peers_services EXIT; fi

for name in "${names[@]}"; do
  say "bench: $name"
  if [ "$name" = condition ]; then
    cargo bench --quiet --workspace --bench condition >&2
    continue
  fi
  if [ "$name" = app ]; then
    program="${CARGO_TARGET_DIR:-$PWD/target}/release/trackside"
    (cd web && TRACKSIDE_BIN="$program" npx --no-install playwright test -c benches) | grep -v '^\[' >&2
    continue
  fi
  cargo bench --quiet --workspace --bench speed -- "$name" | tee -a "$lines"
  case $name in
    list) peer django WL=w4 ;;
    w1)
      peer nodered KEEPALIVE=off
      peer nodered KEEPALIVE=keepalive
      if [ "$n8n" = yes ]; then peer n8n EXPR=legacy; fi
      ;;
    w6) peer queues WHICH="bullmq pgboss" ;;
  esac
done

cores=$(nproc)
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)
echo
echo "$cores × ${processor:-unknown processor}, $memory GiB, Linux $(uname -r), $(date +%Y-%m-%d), load before $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo
cargo bench --quiet --workspace --bench speed -- table "$lines"
say "bench: the lines are in $lines"
