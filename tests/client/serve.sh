# For the tests of clients: a Python environment with their packages, and a server to talk to.
# Sourced, after scripts/lib.sh.

# client_python NAME PACKAGE==VERSION...: prints a python that has exactly these packages, and what
# they need. They go to NAME/ in DYNSPLIT_CACHE, once.
client_python() {
  local home=$CACHE/$1
  shift
  if [[ $(cat "$home/packages" 2>/dev/null) != "$*" ]]; then
    say "installing $*"
    rm -rf "$home"
    "$(find_pip)" -m venv "$home/venv"
    "$home/venv/bin/python" -m pip --disable-pip-version-check --quiet install "$@" </dev/null >&2
    echo "$*" >"$home/packages"
  fi
  echo "$home/venv/bin/python"
}

# serve PROGRAM ARGUMENT...: starts dynsplit serve on a free port of the loopback, and stops it when
# the script ends. Sets `port`.
serve() {
  server_log=$(mktemp)
  "$1" serve --port 0 --threads 1 "${@:2}" 2>"$server_log" &
  server=$!
  trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$server_log"' EXIT
  local i
  for ((i = 0; i < 600; ++i)); do
    if grep -q "serving" "$server_log"; then break; fi
    kill -0 "$server" 2>/dev/null || die "the server ended: $(cat "$server_log")"
    sleep 0.1
  done
  port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$server_log" | head -n 1)
}
