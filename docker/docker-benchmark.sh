#!/bin/sh
# Builds, deploys, loads and hurts a cluster of four nodes, and reports. Every measurement is `erlmcp bench`;
# this script only decides what runs where.
#
#   docker/docker-benchmark.sh STAGE...
#
#   --build      the image (local: the program)
#   --deploy     start node1 to node4 and wait until they are healthy
#   --load       the guide's seven phases, 100 to 100,000 connections
#   --sustained  the same number of sessions for a longer time
#   --metrics    what the nodes use: docker/logs/metrics.json
#   --stress     churn, 150 % overload, a node that stalls
#   --recovery   restart, stop and start, network partition (local: a node that stalls), under load
#   --report     all reports again, with a summary
#   --full       all of the above
#   --clean      stop and remove what this script made, nothing else
#   --local      the same stages on processes of this machine; so it is where no engine answers
#   --help       this text
#
# Any subset, in this order whatever the order given. Stages after --deploy need a running cluster.
# Exit status: 0, 1 if a stage failed or a target was missed, 2 wrong usage, 3 the cluster does not run.
#
# Variables:
#   BENCH_CONNECTIONS  100000   phases of the load stage beyond it are left out, and the report says so
#   BENCH_SESSIONS     10000    sessions of the sustained stage; 1000 in stress and recovery
#   BENCH_RATE         5000     calls a second; a fifth of it in the recovery stage
#   BENCH_DURATION     60s      of the sustained stage
#   BENCH_STEP         10s      of each phase of stress and recovery
#   BENCH_SCALE        1        factor for the times of the guide's phases
#   BENCH_FLAGS                 more flags for each erlmcp bench, such as --require-targets
#   BENCH_LOGS         docker/logs
#   BENCH_BASE         127.0.0.1    address of the first local node; the others have those that follow it
#   BENCH_BIN                   the program; else that of the image, or bin/erlmcp
#   DOCKER_IMAGE, ERLMCP_CPU_LIMIT, ERLMCP_MEMORY_LIMIT and others: see docker/docker-compose.cluster.yml
set -u
cd "$(dirname "$0")/.." || exit 1

VERSION=${VERSION:-0.7.0}
DOCKER_IMAGE=${DOCKER_IMAGE:-erlmcp:$VERSION-cluster}
LOGS=${BENCH_LOGS:-docker/logs}
FILE=docker/docker-compose.cluster.yml
NODES=4
RATE=${BENCH_RATE:-5000}
STEP=${BENCH_STEP:-10s}
BASE=${BENCH_BASE:-127.0.0.1}
export VERSION DOCKER_IMAGE

say() { echo "benchmark: $*"; }

die() {
  status=$1
  shift
  echo "benchmark: $*" >&2
  exit "$status"
}

usage() { sed -n '2,/^set -u/p' "$0" | sed -e '/^set -u/d' -e 's/^# \{0,1\}//'; }

# ---- where: containers or processes

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose -f "$FILE" "$@"
  elif command -v docker-compose >/dev/null 2>&1; then
    docker-compose -f "$FILE" "$@"
  else
    die 1 "neither docker compose nor docker-compose is here; --local needs neither"
  fi
}

# clamp keeps limits within the engine's size: an engine refuses a container with more CPUs than it has.
clamp() {
  cpus=$(docker info --format '{{.NCPU}}')
  memory=$(docker info --format '{{.MemTotal}}')
  if [ -n "${ERLMCP_CPU_LIMIT:-}" ] && awk "BEGIN{exit !($ERLMCP_CPU_LIMIT > $cpus)}"; then
    say "ERLMCP_CPU_LIMIT $ERLMCP_CPU_LIMIT is more than the engine's $cpus CPUs: $cpus is used"
    ERLMCP_CPU_LIMIT=$cpus
    export ERLMCP_CPU_LIMIT
  fi
  want=$(bytes "${ERLMCP_MEMORY_LIMIT:-2G}")
  if [ "$want" -gt "$memory" ]; then
    say "a memory limit of ${ERLMCP_MEMORY_LIMIT:-2G} is more than the engine's $((memory / 1048576)) MiB: that is used"
    ERLMCP_MEMORY_LIMIT=$memory
    ERLMCP_MEMORY_RESERVATION=$((memory / 2))
    export ERLMCP_MEMORY_LIMIT ERLMCP_MEMORY_RESERVATION
  elif [ $((want * NODES)) -gt "$memory" ]; then
    say "note: $NODES nodes of ${ERLMCP_MEMORY_LIMIT:-2G} together may use more than the engine's $((memory / 1048576)) MiB"
  fi
}

# bytes turns 2G, 512m or 1024k into a number.
bytes() {
  echo "$1" | awk '{n=$1+0; u=tolower(substr($1,length($1)));
    if(u=="b"){u=tolower(substr($1,length($1)-1,1))}
    printf "%.0f", n*(u=="g"?1073741824:u=="m"?1048576:u=="k"?1024:1)}'
}

# address is where the host reaches a container, empty if it does not run.
address() {
  docker inspect "erlmcp-node$1" --format \
    '{{if .State.Running}}{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}{{end}}' 2>/dev/null | awk '{print $1}'
}

# targets sets TARGETS, or ends the script where the cluster does not run.
targets() {
  TARGETS=
  n=0
  while [ $((n += 1)) -le $NODES ]; do
    if [ "$where" = local ]; then
      host=${BASE%.*}.$((${BASE##*.} + n - 1))
    else
      host=$(address $n)
    fi
    [ -z "$host" ] || TARGETS="$TARGETS node$n=http://$host:8080/mcp"
  done
  # shellcheck disable=SC2086
  [ -n "$TARGETS" ] && "$BIN" bench metrics --over 1ms $TARGETS >/dev/null 2>&1 && return 0
  return 1
}

need_cluster() {
  program
  targets || die 3 "stage $1: the cluster does not run, or a node is not healthy; start it with $0 --deploy${local_flag:+ $local_flag}"
}

# program finds the erlmcp that measures: in containers that of the image, so that both are of one build.
program() {
  [ -z "${BIN:-}" ] || return 0
  if [ -n "${BENCH_BIN:-}" ]; then
    BIN=$BENCH_BIN
  elif [ "$where" = local ]; then
    BIN=bin/erlmcp
    [ -x $BIN ] || die 1 "$BIN is not there; build it with $0 --build --local"
  else
    docker image inspect "$DOCKER_IMAGE" >/dev/null 2>&1 || die 1 "there is no image $DOCKER_IMAGE; build it with $0 --build"
    mkdir -p "$LOGS"
    BIN=$LOGS/erlmcp
    box=$(docker create "$DOCKER_IMAGE") || die 1 "docker create $DOCKER_IMAGE failed"
    docker cp -q "$box:/opt/erlmcp/bin/erlmcp" "$BIN" 2>/dev/null || docker cp "$box:/opt/erlmcp/bin/erlmcp" "$BIN" >/dev/null
    docker rm "$box" >/dev/null
    [ -x "$BIN" ] || die 1 "$DOCKER_IMAGE has no /opt/erlmcp/bin/erlmcp"
  fi
}

# bench runs erlmcp bench against the cluster, with its report in a folder of the logs.
bench() {
  out=$1
  shift
  # shellcheck disable=SC2086
  "$BIN" bench --out "$LOGS/$out" "$@" ${BENCH_FLAGS:-} $TARGETS
}

# ---- stages

build() {
  if [ "$where" = local ]; then
    make build
    return
  fi
  before=$(docker image inspect "$DOCKER_IMAGE" --format '{{.Id}}' 2>/dev/null)
  docker/build.sh || return 1
  after=$(docker image inspect "$DOCKER_IMAGE" --format '{{.Id}}') || return 1
  mkdir -p "$LOGS"
  [ "$before" = "$after" ] || echo "$after" >>"$LOGS/images"
}

deploy() {
  program
  mkdir -p "$LOGS"
  if [ "$where" = local ]; then
    if running; then
      say "the cluster runs already, process $(cat "$LOGS/cluster.pid")"
    else
      setsid "$BIN" cluster --nodes $NODES --base-address "$BASE" >"$LOGS/cluster.log" 2>&1 </dev/null &
      echo $! >"$LOGS/cluster.pid"
    fi
  else
    clamp
    compose up -d || return 1
  fi
  tries=0
  until targets && whole; do
    tries=$((tries + 1))
    if [ $tries -ge 60 ] || { [ "$where" = local ] && ! running; }; then
      say "the nodes are not healthy, or do not see each other, after $tries s:"
      if [ "$where" = local ]; then tail -n 20 "$LOGS/cluster.log"; else compose ps; fi
      return 1
    fi
    sleep 1
  done
  # shellcheck disable=SC2086
  say "$NODES nodes are healthy and see each other:" $TARGETS
}

# running: is the local cluster of this script up?
running() {
  [ -f "$LOGS/cluster.pid" ] || return 1
  pid=$(cat "$LOGS/cluster.pid")
  [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q ' cluster --nodes'
}

load() {
  limit=
  [ "${BENCH_CONNECTIONS:-100000}" = 100000 ] || limit="--connections $BENCH_CONNECTIONS"
  # shellcheck disable=SC2086
  bench load --profile guide --rate "$RATE" --scale "${BENCH_SCALE:-1}" $limit
}

sustained() {
  bench sustained --profile sustained --connections "${BENCH_SESSIONS:-10000}" --rate "$RATE" --duration "${BENCH_DURATION:-60s}"
}

metrics() {
  boxes=
  [ "$where" = local ] || boxes="--container erlmcp-node1,erlmcp-node2,erlmcp-node3,erlmcp-node4"
  # shellcheck disable=SC2086
  "$BIN" bench metrics $boxes --out "$LOGS/metrics.json" $TARGETS
}

# child is the process of a local node.
child() {
  for p in $(cat /proc/"$(cat "$LOGS/cluster.pid")"/task/*/children); do
    tr '\0' ' ' <"/proc/$p/cmdline" | grep -q "node$1@" && echo "$p" && return
  done
}

stress() {
  if [ "$where" = local ]; then
    set -- --fault-pid "$(child 2)"
  else
    set -- --fault-command 'docker pause erlmcp-node2' --heal-command 'docker unpause erlmcp-node2'
  fi
  bench stress --profile stress --connections "${BENCH_SESSIONS:-1000}" --rate "$RATE" --duration "$STEP" "$@"
}

# recover runs the recovery profile with a fault, then wants every node healthy and the cluster whole.
recover() {
  name=$1
  shift
  say "recovery: $name"
  bench "recovery-$name" --profile recovery --connections "${BENCH_SESSIONS:-1000}" --rate $((RATE / 5)) --duration "$STEP" "$@"
  result=$?
  tries=0
  until targets && whole; do
    tries=$((tries + 1))
    if [ $tries -ge 60 ]; then
      say "recovery: $name: the cluster is not whole after $tries s"
      return 1
    fi
    sleep 1
  done
  say "recovery: $name: $NODES nodes are healthy and see each other"
  return $result
}

# whole: does each node see all others?
whole() {
  # shellcheck disable=SC2086
  "$BIN" bench metrics --over 1ms --expect-members $NODES $TARGETS >/dev/null 2>&1
}

recovery() {
  if [ "$where" = local ]; then
    recover stall --fault-pid "$(child 2)"
    return
  fi
  failed=0
  recover restart --fault-command 'docker restart erlmcp-node1' || failed=1
  recover failover --fault-command 'docker stop erlmcp-node1' --heal-command 'docker start erlmcp-node1' || failed=1
  recover partition --fault-command 'docker network disconnect erlmcp-cluster erlmcp-node1' \
    --heal-command 'docker network connect --ip 172.26.0.11 --alias node1 --alias node1.erlmcp.local erlmcp-cluster erlmcp-node1' || failed=1
  return $failed
}

report() {
  set --
  for d in load sustained stress recovery-stall recovery-restart recovery-failover recovery-partition; do
    [ ! -f "$LOGS/$d/results.json" ] || set -- "$@" "$LOGS/$d"
  done
  [ $# -gt 0 ] || {
    say "report: there are no results in $LOGS"
    return 1
  }
  "$BIN" bench report "$@"
}

clean() {
  if [ "$where" = local ]; then
    if running; then
      kill "$(cat "$LOGS/cluster.pid")"
      tries=0
      while running && [ $tries -lt 60 ]; do
        tries=$((tries + 1))
        sleep 1
      done
      running && return 1
    fi
    rm -f "$LOGS/cluster.pid"
    say "no node of this script runs; reports stay in $LOGS"
    return
  fi
  compose down -v || return 1
  if [ -f "$LOGS/images" ]; then
    while read -r id; do
      docker image inspect "$id" >/dev/null 2>&1 && docker rmi "$id" >/dev/null && say "image $id removed"
    done <"$LOGS/images"
    rm -f "$LOGS/images"
  fi
  say "containers, network and volumes of $FILE are gone; reports stay in $LOGS"
}

# ---- main

where=containers
local_flag=
wanted=
[ $# -gt 0 ] || {
  usage
  exit 2
}
for arg in "$@"; do
  case $arg in
  --help | -h)
    usage
    exit 0
    ;;
  --local) where=local local_flag=--local ;;
  --full) wanted="$wanted build deploy load sustained metrics stress recovery report" ;;
  --build | --deploy | --load | --sustained | --metrics | --stress | --recovery | --report | --clean) wanted="$wanted ${arg#--}" ;;
  *)
    echo "benchmark: $arg is not a stage; $0 --help lists them" >&2
    exit 2
    ;;
  esac
done
[ -n "$wanted" ] || die 2 "no stage is given; $0 --help lists them"
if [ "$where" = containers ] && ! docker info >/dev/null 2>&1; then
  say "no engine answers (docker info): the stages run on local processes, as with --local"
  where=local local_flag=--local
fi

failures=
for stage in build deploy load sustained metrics stress recovery report clean; do
  case " $wanted " in
  *" $stage "*) ;;
  *) continue ;;
  esac
  say "== $stage"
  case $stage in
  load | sustained | metrics | stress | recovery) need_cluster $stage ;;
  report) program ;;
  esac
  if ! $stage; then
    failures="$failures $stage"
    say "stage $stage FAILED"
    case $stage in build | deploy) break ;; esac
  fi
done
[ -z "$failures" ] || die 1 "failed:$failures"
