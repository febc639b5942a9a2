# What the scripts of servers have in common; each of them reads it with `.` and then calls `main "$@"`.
#
# They set NAME, VERSION, PROGRAM (the file that tells whether it is installed) and START_SECONDS_MAX, and define
#   install_into FOLDER       gets the server into an empty folder that becomes $HOME_FOLDER
#   serve PORT FOLDER         becomes the server; FOLDER is for its data
#   endpoint_of PORT          prints where it listens
set -eu

SERVICES=${DIM_SERVICES_DIR:-$HOME/.cache/data-in-motion/services}
HOME_FOLDER=$SERVICES/$NAME-$VERSION
RUNNING=$SERVICES/$NAME-running

fail() {
  echo "$NAME: $*" >&2
  exit 1
}

install_server() {
  if [ ! -e "$HOME_FOLDER/$PROGRAM" ]; then
    build=$SERVICES/$NAME-build.$$
    mkdir -p "$build"
    trap 'rm -rf "$build"' EXIT
    # Built aside and moved, so that an interrupted installation leaves nothing that looks installed.
    install_into "$build"
    rm -rf "$HOME_FOLDER"
    mv "$build" "$HOME_FOLDER"
  fi
  echo "$HOME_FOLDER/$PROGRAM"
}

expect_installed() {
  [ -e "$HOME_FOLDER/$PROGRAM" ] || fail "not installed: run \"$0 install\""
}

free_port() {
  node -e 'const s = require("node:net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

answers() {
  node -e 'const s = require("node:net").connect(+process.argv[1], "127.0.0.1"); s.on("connect", () => process.exit(0)); s.on("error", () => process.exit(1))' "$1"
}

start_server() {
  expect_installed
  port=${1:-$(free_port)}
  mkdir -p "$RUNNING"
  if [ -e "$RUNNING/$port.pid" ] && kill -0 "$(cat "$RUNNING/$port.pid")" 2>/dev/null; then
    fail "one runs on port $port already"
  fi
  folder=${2:-$(mktemp -d "${TMPDIR:-/tmp}/$NAME.XXXXXX")}
  mkdir -p "$folder"
  # A folder we made goes away with the server.
  [ -n "${2:-}" ] || echo "$folder" >"$RUNNING/$port.folder"
  (serve "$port" "$folder") >"$RUNNING/$port.log" 2>&1 &
  pid=$!
  echo "$pid" >"$RUNNING/$port.pid"
  tries=0
  until answers "$port"; do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt $((START_SECONDS_MAX * 5)) ]; then
      cat "$RUNNING/$port.log" >&2
      stop_server "$port"
      fail "it did not start on port $port"
    fi
    sleep 0.2
  done
  endpoint_of "$port"
}

stop_server() {
  port=$1
  if [ -e "$RUNNING/$port.pid" ]; then
    pid=$(cat "$RUNNING/$port.pid")
    kill "$pid" 2>/dev/null || true
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
      tries=$((tries + 1))
      sleep 0.1
    done
    # Some wait for connections that nobody closes.
    kill -9 "$pid" 2>/dev/null || true
  fi
  if [ -e "$RUNNING/$port.folder" ]; then
    rm -rf "$(cat "$RUNNING/$port.folder")"
  fi
  rm -f "$RUNNING/$port.pid" "$RUNNING/$port.folder" "$RUNNING/$port.log"
}

ports() {
  for file in "$RUNNING"/*.pid; do
    [ -e "$file" ] || continue
    name=${file##*/}
    echo "${name%.pid}"
  done
}

print_status() {
  found=1
  for port in $(ports); do
    if kill -0 "$(cat "$RUNNING/$port.pid")" 2>/dev/null; then
      echo "$(endpoint_of "$port") (process $(cat "$RUNNING/$port.pid"))"
      found=0
    fi
  done
  [ "$found" -eq 0 ] || echo "none runs"
  return "$found"
}

main() {
  case ${1:-} in
    install) install_server ;;
    start) start_server "${2:-}" "${3:-}" ;;
    stop)
      for port in ${2:-$(ports)}; do stop_server "$port"; done
      ;;
    status) print_status ;;
    path)
      expect_installed
      echo "$HOME_FOLDER/$PROGRAM"
      ;;
    *)
      sed -n '2,14s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
  esac
}
