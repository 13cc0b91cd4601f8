#!/bin/sh
# Runs the official MCP conformance suite against bin/conformance-server, once for each revision.
#   run.sh [REVISION...]
# The suite comes from $ERLMCP_CONFORMANCE or ../shared/conformance (a folder with an executable `run`),
# else from npm. Where neither is there, or Node is older than 20, it prints SKIP and the reason and
# succeeds. ROUNDS repeats the whole.
set -u
version=0.2.0-alpha.12
rounds=${ROUNDS:-1}
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1
[ $# -gt 0 ] || set -- 2025-03-26 2025-06-18 2025-11-25

skip() { echo "SKIP conformance: $*"; exit 0; }

command -v node >/dev/null 2>&1 || skip "node is not installed"
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || skip "node $major is older than 20"
[ -d examples/conformance-server ] || skip "examples/conformance-server does not exist"

packed=${ERLMCP_CONFORMANCE:-$root/../shared/conformance}
if [ -x "$packed/run" ]; then
  command -v xz >/dev/null 2>&1 || skip "xz is not installed, the packed suite cannot be opened"
  suite() { "$packed/run" "$1" "$2"; }
else
  command -v npm >/dev/null 2>&1 || skip "no ../shared/conformance and no npm"
  mkdir -p build/conformance
  entry=build/conformance/node_modules/@modelcontextprotocol/conformance/dist/index.js
  [ -f "$entry" ] ||
    npm install --loglevel=error --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 --prefix build/conformance "@modelcontextprotocol/conformance@$version" >build/conformance/npm.log 2>&1 ||
    skip "npm could not install @modelcontextprotocol/conformance@$version ($(grep -m 1 -o 'code .*' build/conformance/npm.log))"
  node "$entry" --help >/dev/null 2>&1 || skip "the suite does not start on node $major"
  suite() { node "$entry" server --url "$1" --spec-version "$2" --suite all; }
fi

go build -o bin/conformance-server ./examples/conformance-server || exit 1

# A free port from the kernel; the server is started at once, so a collision is unlikely.
port=$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
log=$(mktemp)
bin/conformance-server -http "127.0.0.1:$port" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$log"' EXIT
url="http://127.0.0.1:$port/mcp"

tries=0
until node -e 'require("net").connect(+process.argv[1],"127.0.0.1").on("connect",()=>process.exit(0)).on("error",()=>process.exit(1))' "$port"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ] || ! kill -0 "$server" 2>/dev/null; then
    echo "conformance: the server does not listen on $url:"; cat "$log"; exit 1
  fi
  sleep 0.1
done

failed=0 round=1
while [ "$round" -le "$rounds" ]; do
  for revision in "$@"; do
    suite "$url" "$revision" || failed=1
  done
  round=$((round + 1))
done
[ "$failed" = 0 ] || { echo "conformance: FAILED; the server's log ends with"; tail -n 20 "$log"; }
exit "$failed"
