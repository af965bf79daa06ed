#!/usr/bin/env bash
# with-services.sh [--durable] COMMAND…
#
# Runs COMMAND with a throw-away PostgreSQL and a throw-away Redis on free ports of 127.0.0.1, named by
#   TRACKSIDE_TEST_PG     postgres://… of a superuser; each test makes databases of its own
#   TRACKSIDE_TEST_REDIS  redis://…
# and stops both and removes their folder when COMMAND ends, fails or is interrupted. Exits as COMMAND did.
# PostgreSQL does not wait for the disk, which is right for tests; --durable makes it wait, as benches need.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/need.sh
source "$here/need.sh"

durable=no
if [ "${1:-}" = --durable ]; then
  durable=yes
  shift
fi
[ $# -gt 0 ] || give_up "usage: with-services.sh [--durable] COMMAND…"

bin=$(postgres_bin) || give_up "PostgreSQL is missing. Run scripts/install-test-tools.sh first."
command -v redis-server >/dev/null || give_up "Redis is missing. Run scripts/install-test-tools.sh first."

# PostgreSQL refuses to run as root, so root lends its folder to the user `postgres`, who must be able to reach it.
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || give_up "PostgreSQL does not run as root, and there is no user 'postgres' to run it as.
Run the command as another user, or make one: useradd --system postgres"
  as_postgres() { (cd "$pg" && su -s /bin/bash -c 'exec "$@"' postgres -- bash "$@"); }
  folder=$(mktemp -d /tmp/trackside-services.XXXXXX)
else
  as_postgres() { "$@"; }
  folder=$(mktemp -d "${TMPDIR:-/tmp}/trackside-services.XXXXXX")
fi
pg="$folder/pg"
redis="$folder/redis"
postgres_pid=""
redis_pid=""
command_pid=""

# end_process PID SIGNAL: asks, waits up to ten seconds, then kills.
end_process() {
  local pid=$1 signal=$2 tries=0
  kill "-$signal" "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" = 200 ]; then kill -KILL "$pid" 2>/dev/null || true; fi
    if [ "$tries" -gt 240 ]; then return 0; fi
    sleep 0.05
  done
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
  trap '' INT TERM HUP
  if [ -n "$command_pid" ]; then
    # The command and what it started form one process group, made by `set -m` below.
    kill -TERM -- "-$command_pid" 2>/dev/null || true
    wait "$command_pid" 2>/dev/null || true
  fi
  # A start that was interrupted half-way has written its pid already.
  if [ -z "$postgres_pid" ] && [ -s "$pg/data/postmaster.pid" ]; then
    postgres_pid=$(head -n 1 "$pg/data/postmaster.pid")
  fi
  if [ -n "$postgres_pid" ]; then end_process "$postgres_pid" QUIT; fi
  if [ -n "$redis_pid" ]; then
    end_process "$redis_pid" TERM
    wait "$redis_pid" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# Below the range that systems hand out for outgoing connections. The bind is what decides; see the loops.
random_port() { echo $((20000 + RANDOM % 12000)); }
# Other users of this machine can reach loopback too.
random_secret() { od -An -tx1 -N16 /dev/urandom | tr -d ' \n'; }

start_postgres() {
  local secret port
  secret=$(random_secret)
  (umask 077 && mkdir "$pg" && printf '%s\n' "$secret" >"$pg/secret")
  if [ "$(id -u)" = 0 ]; then
    chmod 711 "$folder"
    chown -R postgres "$pg"
  fi
  as_postgres "$bin/initdb" --pgdata="$pg/data" --username=trackside --pwfile="$pg/secret" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 || {
    cat "$folder/initdb.log" >&2
    give_up "initdb failed (its words are above)."
  }
  {
    echo "listen_addresses = '127.0.0.1'"
    echo "unix_socket_directories = ''"
    echo "max_connections = 400"
    echo "timezone = 'UTC'"
    if [ "$durable" = no ]; then
      echo "fsync = off"
      echo "synchronous_commit = off"
      echo "full_page_writes = off"
    fi
  } >>"$pg/data/postgresql.conf"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$(random_port)
    if as_postgres "$bin/pg_ctl" start --wait --silent --timeout=60 --pgdata="$pg/data" --log="$pg/log" \
      --options="-p $port" </dev/null >/dev/null 2>&1; then
      postgres_pid=$(head -n 1 "$pg/data/postmaster.pid")
      export TRACKSIDE_TEST_PG="postgres://trackside:$secret@127.0.0.1:$port/postgres"
      return
    fi
  done
  tail -n 20 "$pg/log" >&2
  give_up "PostgreSQL did not start (its words are above)."
}

start_redis() {
  local secret port tries
  secret=$(random_secret)
  (umask 077 && mkdir "$redis")
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$(random_port)
    : >"$redis/log"
    # A file, so that the password is on no command line.
    printf '%s\n' "bind 127.0.0.1" "port $port" "requirepass $secret" "daemonize no" 'save ""' "appendonly no" \
      "dir $redis" "logfile $redis/log" >"$redis/conf"
    redis-server "$redis/conf" >"$redis/out" 2>&1 &
    redis_pid=$!
    for ((tries = 0; tries < 200; tries++)); do
      if grep -q 'Ready to accept connections' "$redis/log"; then
        export TRACKSIDE_TEST_REDIS="redis://default:$secret@127.0.0.1:$port"
        return
      fi
      kill -0 "$redis_pid" 2>/dev/null || break
      sleep 0.05
    done
    end_process "$redis_pid" TERM
    redis_pid=""
  done
  cat "$redis/log" "$redis/out" >&2
  give_up "Redis did not start (its words are above)."
}

start_postgres
start_redis

# A group of its own lets an interrupt reach all that the command started; `wait` lets the traps run meanwhile.
set -m
"$@" </dev/null &
command_pid=$!
set +m
code=0
wait "$command_pid" || code=$?
command_pid=""
exit "$code"
