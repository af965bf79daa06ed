# shellcheck shell=bash
# Sourced by the scripts that set a machine up: says what is missing, and gets it where it can.

# Ends the script with a plain sentence.
give_up() {
  printf '\ntrackside: %s\n' "$*" >&2
  exit 1
}

# Prints how to become root ("" when already root), or fails when there is no way without a password.
root_prefix() {
  if [ "$(id -u)" = 0 ]; then
    echo ""
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    echo "sudo -n"
  else
    return 1
  fi
}

# Debian starts a server as soon as it is installed. Tests start their own, so the packages are asked not to,
# unless the machine already has a policy of its own.
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK="made by trackside's test set-up"

lift_policy() {
  if [ -f "$POLICY" ] && grep -q "$POLICY_MARK" "$POLICY"; then
    # shellcheck disable=SC2086 # the prefix is two words or none
    $(root_prefix) rm -f "$POLICY"
  fi
}

# install_packages PACKAGE…: from apt, without a question and without starting a service.
install_packages() {
  local packages="$*" prefix
  command -v apt-get >/dev/null || give_up "these are missing: $packages (Debian's names).
There is no apt-get here. Install them with this machine's own package manager, then run the command again."
  prefix=$(root_prefix) || give_up "these Debian packages are missing: $packages
This user may not install them (not root, and sudo would ask for a password). Run once:
  sudo apt-get update && sudo apt-get install -y $packages
then run the command again."
  echo "trackside: installing $packages"
  trap lift_policy EXIT
  if [ ! -e "$POLICY" ]; then
    printf '#!/bin/sh\n# %s\nexit 101\n' "$POLICY_MARK" | $prefix tee "$POLICY" >/dev/null
    $prefix chmod 755 "$POLICY"
  fi
  local apt="$prefix env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"
  local log
  log=$(mktemp)
  # A stale package list names versions that the mirror no longer has, so the list is fetched first.
  # shellcheck disable=SC2086 # words on purpose
  if ! { $apt update && $apt install -y --no-install-recommends $packages; } </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    give_up "apt-get could not install: $packages (its last words are above)."
  fi
  rm -f "$log"
  lift_policy
  trap - EXIT
}

# Rust is not installed for the user: which one, and how, is theirs to choose.
need_rust() {
  command -v cargo >/dev/null || give_up "Rust is missing (no cargo on the PATH). Get it from https://rustup.rs, then run the command again."
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  have=$(rustc --version | cut -d ' ' -f 2)
  if [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" != "$wanted" ]; then
    give_up "Rust $wanted or newer is needed, this is $have. Run 'rustup update stable' (https://rustup.rs), then run the command again."
  fi
}

# The crates that carry C code (SQLite, ring) and the linker.
need_c_compiler() {
  command -v cc >/dev/null || install_packages gcc libc6-dev
}

# postgres_bin: prints the folder that holds initdb and postgres, newest version first.
postgres_bin() {
  local folder
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(pg_config --bindir 2>/dev/null || true)"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
  if command -v initdb >/dev/null && command -v postgres >/dev/null; then
    dirname "$(command -v initdb)"
    return
  fi
  return 1
}

# Tools built by cargo for the tests go where they outlive a `cargo clean`, and not among the user's own.
tools_folder() {
  echo "${XDG_CACHE_HOME:-$HOME/.cache}/trackside/tools"
}

# The web app is built with Node.js; a distribution's own is often too old, so which one is the user's to choose.
need_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    give_up "Node.js with npm is missing. Get version 20.19 or newer from https://nodejs.org, then run the command again."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    give_up "Node.js 20.19 or newer is needed, this is $(node --version). Get it from https://nodejs.org, then run the command again."
}

# npm_packages FOLDER: installs what its lock file names. npm leaves its own copy of that file behind when it is done, so
# an older one than ours means that there is something to do.
npm_packages() {
  if [ ! "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
    (cd "$1" && npm ci --silent --no-fund --no-audit --ignore-scripts </dev/null) ||
      give_up "npm could not install what $1/package-lock.json names. Is a registry reachable ('npm ping')?"
  fi
}
