#!/bin/sh
# Builds, deploys, loads and hurts a cluster of four nodes or more, and reports. Every measurement is
# `erlmcp bench`; this script only decides what runs where.
#
#   docker/docker-benchmark.sh STAGE...
#
#   --build      the image (local: the program)
#   --deploy     start the nodes and wait until they are healthy and see each other
#   --load       the guide's seven phases, 100 to 100,000 connections
#   --knee       the highest rate with p99 under 100 ms, at 10,000 and at 100,000 sessions, median of BENCH_REPEAT
#   --sustained  10,000 sessions for a longer time
#   --metrics    what the nodes use: docker/logs/metrics.json
#   --stress     churn, 150 % overload, a node that stalls
#   --recovery   restart, stop and start, partition with and without the fixed address (local: a node that stalls,
#                one that is killed), under load
#   --report     one report of all: docker/logs/report (local: docker/logs/local/report)
#   --full       all of the above
#   --clean      stop and remove what this script made in this checkout, nothing else
#   --local      the same stages on processes of this machine; so it is where no engine answers
#   --help       this text
#
# Any subset, in this order whatever the order given. Stages after --deploy need a running cluster, made by this
# script or by hand. Exit status: 0, 1 if a stage failed or a target was missed, 2 wrong usage, 3 the cluster does
# not run, or not all of it.
#
# Four nodes hold BENCH_CONNECTIONS if a process may open that many files, else as many as it takes: workers beside
# node1 to node4 (local: more processes). --deploy says what was asked, what the limits allow and what was done.
#
# Variables:
#   BENCH_CONNECTIONS  100000   phases of the load stage and a knee beyond it are left out, and the report says so
#   BENCH_NODES        4        nodes, at least
#   BENCH_SESSIONS     10000    sessions of the sustained stage and of the first knee; 1000 in stress and recovery
#   BENCH_RATE         5000     calls a second; a fifth of it in the recovery stage
#   BENCH_DURATION     60s      of the sustained stage
#   BENCH_STEP         10s      of each phase of stress and recovery
#   BENCH_SCALE        1        factor for the times of the guide's phases
#   BENCH_PROBE        5s       of each rate that the knee stage tries
#   BENCH_REPEAT       3        searches of the knee stage at each number of sessions
#   BENCH_FLAGS                 more flags for each erlmcp bench, such as --require-targets
#   BENCH_LOGS         docker/logs, with --local docker/logs/local
#   BENCH_BASE         127.0.0.1    address of the first local node; the others have those that follow it
#   BENCH_BIN                   the program; else that of the image, or bin/erlmcp
#   DOCKER_IMAGE, ERLMCP_CPU_LIMIT, ERLMCP_MEMORY_LIMIT and others: see docker/docker-compose.cluster.yml
set -u
cd "$(dirname "$0")/.." || exit 1

VERSION=${VERSION:-0.7.0}
DOCKER_IMAGE=${DOCKER_IMAGE:-erlmcp:$VERSION-cluster}
LOGS=${BENCH_LOGS:-docker/logs}
FILE=docker/docker-compose.cluster.yml
# Compose labels what it makes with the project and the folder of the file: both together are this script, here.
PROJECT=erlmcp-benchmark
HOME_DIR=$PWD/docker
MIN_NODES=${BENCH_NODES:-4}
CONNECTIONS=${BENCH_CONNECTIONS:-100000}
RATE=${BENCH_RATE:-5000}
STEP=${BENCH_STEP:-10s}
BASE=${BENCH_BASE:-127.0.0.1}
# Files that a node keeps for other things than clients.
RESERVED_FILES=512
export VERSION DOCKER_IMAGE

say() { echo "benchmark: $*"; }

die() {
  status=$1
  shift
  echo "benchmark: $*" >&2
  exit "$status"
}

usage() { sed -n '2,/^set -u/p' "$0" | sed -e '/^set -u/d' -e 's/^# \{0,1\}//'; }

# ---- containers

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose -p $PROJECT -f "$FILE" "$@"
  elif command -v docker-compose >/dev/null 2>&1; then
    docker-compose -p $PROJECT -f "$FILE" "$@"
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
  limit=$(bytes "${ERLMCP_MEMORY_LIMIT:-2G}")
  if [ "$limit" -gt "$memory" ]; then
    say "a memory limit of ${ERLMCP_MEMORY_LIMIT:-2G} is more than the engine's $((memory / 1048576)) MiB: that is used"
    ERLMCP_MEMORY_LIMIT=$memory
    ERLMCP_MEMORY_RESERVATION=$((memory / 2))
    export ERLMCP_MEMORY_LIMIT ERLMCP_MEMORY_RESERVATION
  elif [ $((limit * NODES)) -gt "$memory" ]; then
    say "note: $NODES nodes of ${ERLMCP_MEMORY_LIMIT:-2G} together may use more than the engine's $((memory / 1048576)) MiB"
  fi
}

# bytes turns 2G, 512m or 1024k into a number.
bytes() {
  echo "$1" | awk '{n=$1+0; u=tolower(substr($1,length($1)));
    if(u=="b"){u=tolower(substr($1,length($1)-1,1))}
    printf "%.0f", n*(u=="g"?1073741824:u=="m"?1048576:u=="k"?1024:1)}'
}

# owner is who made the container or network $2 (its kind is $1): ours, other, or nothing if it is not there.
owner() {
  labels=.Labels
  [ "$1" = network ] || labels=.Config.Labels
  label=$(docker "$1" inspect "$2" \
    --format "{{index $labels \"com.docker.compose.project\"}} {{index $labels \"com.docker.compose.project.working_dir\"}}" 2>/dev/null) || return 0
  case $label in
  "$PROJECT $HOME_DIR") echo ours ;;
  "$PROJECT ") if [ "$1" = network ]; then echo ours; else echo other; fi ;; # networks have no label of the folder
  *) echo other ;;
  esac
}

# strangers are the things with the names of this cluster that this script did not make.
strangers() {
  for n in 1 2 3 4; do
    [ "$(owner container erlmcp-node$n)" != other ] || echo "erlmcp-node$n"
  done
  [ "$(owner network erlmcp-cluster)" != other ] || echo "network erlmcp-cluster"
}

# ours are the containers that this script made, stopped ones too.
ours() {
  docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" \
    --filter "label=com.docker.compose.project.working_dir=$HOME_DIR"
}

# boxes are the names of the running containers of the cluster: node1 to node4, and the workers of the same project.
boxes() {
  project=$(docker inspect erlmcp-node1 --format '{{index .Config.Labels "com.docker.compose.project"}}' 2>/dev/null)
  docker ps --format '{{.Names}}' --filter 'name=^erlmcp-node[1-4]$' | sort
  [ -z "$project" ] || docker ps --format '{{.Names}}' --filter label=com.docker.compose.service=worker \
    --filter "label=com.docker.compose.project=$project" | sort
}

# address is where the host reaches a container, empty if it is not in the network.
address() {
  docker inspect "$1" --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' 2>/dev/null | awk '{print $1}'
}

# ---- processes

# local_address is that of local node $1.
local_address() { echo "${BASE%.*}.$((${BASE##*.} + $1 - 1))"; }

# running: is the local cluster of this script up?
running() {
  [ -f "$LOGS/cluster.pid" ] || return 1
  pid=$(cat "$LOGS/cluster.pid")
  [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q " cluster --nodes [0-9]* --base-address $BASE "
}

# child is the process of local node $1, whoever started it.
child() {
  for p in /proc/[0-9]*; do
    tr '\0' '\n' <"$p/cmdline" 2>/dev/null | grep -qx -- "--node-name=node$1@$(local_address "$1")" && echo "${p#/proc/}" && return
  done
}

# ---- the cluster, wherever it is

# members asks the node at URL $1 how many members its cluster has.
members() { "$BIN" bench metrics --over 1ms "$1" 2>/dev/null | awk -F '[:,]' '/"cluster_members"/ {print $2 + 0}'; }

# targets sets NODES and TARGETS to the nodes that run; WHY says what is wrong with them, if anything is.
targets() {
  TARGETS= NODES=0 WHY=
  if [ "$where" = local ]; then
    NODES=$(members "http://$BASE:8080")
    [ "${NODES:-0}" -gt 0 ] || {
      NODES=0 WHY="no node answers at $BASE:8080"
      return 1
    }
    n=0
    while [ $((n += 1)) -le "$NODES" ]; do
      TARGETS="$TARGETS node$n=http://$(local_address $n):8080/mcp"
    done
  else
    for box in $(boxes); do
      host=$(address "$box")
      NODES=$((NODES + 1))
      TARGETS="$TARGETS ${box#erlmcp-}=http://${host:-0.0.0.0}:8080/mcp"
    done
    for n in 1 2 3 4; do
      state=$(docker inspect erlmcp-node$n --format '{{.State.Status}}' 2>/dev/null) || state="not there"
      [ "$state" = running ] || WHY="$WHY${WHY:+, }erlmcp-node$n is $state"
    done
    [ -z "$WHY" ] || return 1
  fi
  # shellcheck disable=SC2086
  WHY=$("$BIN" bench metrics --over 1ms --expect-members $NODES $TARGETS 2>&1 >/dev/null) && return 0
  WHY=${WHY#erlmcp: }
  return 1
}

# await_cluster waits a minute until every node is healthy and sees all others.
await_cluster() {
  tries=0
  until targets && [ "$NODES" -ge "${1:-1}" ]; do
    WHY=${WHY:-$NODES of $1 nodes are there}
    [ $((tries += 1)) -lt 60 ] || return 1
    [ "$where" != local ] || [ "${1:-}" = "" ] || running || return 1
    sleep 1
  done
}

need_cluster() {
  program
  targets || die 3 "stage $1: the cluster does not run, or not all of it: $WHY; start it with $0 --deploy${local_flag:+ $local_flag}"
}

# program finds the erlmcp that measures: in containers that of the image, so that both are of one build.
program() {
  [ -z "${BIN:-}" ] || return 0
  if [ -n "${BENCH_BIN:-}" ]; then
    BIN=$BENCH_BIN
    [ -x "$BIN" ] || die 1 "BENCH_BIN=$BIN is not a program"
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
  rm -rf "${LOGS:?}/$out"
  # shellcheck disable=SC2086
  "$BIN" bench "$@" --out "$LOGS/$out" ${BENCH_FLAGS:-} $TARGETS
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

# size decides how many nodes are needed, and says why.
size() {
  if [ "$where" = local ]; then
    files=$(ulimit -Hn)
  else
    files=$(docker run --rm --network none --entrypoint /bin/sh "$DOCKER_IMAGE" -c 'ulimit -Hn') || return 1
  fi
  [ "$files" != unlimited ] || files=1048576
  each=$((files - RESERVED_FILES))
  [ $each -gt 0 ] || die 1 "a node may open $files files only"
  NODES=$(((CONNECTIONS + each - 1) / each))
  [ $NODES -ge "$MIN_NODES" ] || NODES=$MIN_NODES
  [ "$where" = local ] || [ $NODES -ge 4 ] || NODES=4
  SIZE="asked: $CONNECTIONS connections; a node may open $files files, so it holds $each; done: $NODES nodes"
  say "$SIZE"
}

deploy() {
  program
  mkdir -p "$LOGS"
  size || return 1
  begun=$(date +%s)
  want=$NODES
  if [ "$where" = local ]; then
    if running; then
      say "the cluster runs already, process $(cat "$LOGS/cluster.pid")"
      want=1
    elif targets; then
      say "a cluster that this script did not start answers at $BASE:8080; the other stages can use it as it is. Give BENCH_BASE for one of this script"
      return 1
    else
      setsid "$BIN" cluster --nodes "$want" --base-address "$BASE" >"$LOGS/cluster.log" 2>&1 </dev/null &
      echo $! >"$LOGS/cluster.pid"
    fi
  else
    foreign=$(strangers | paste -sd , -)
    if [ -n "$foreign" ]; then
      say "here already, and not made by this script in $HOME_DIR: $foreign; the other stages can use them as they are"
      return 1
    fi
    clamp
    # In one group of the engine all nodes together would weigh as much as one worker of the generator.
    if [ "$(docker info --format '{{.CgroupDriver}} {{.CgroupVersion}}')" = 'cgroupfs 1' ]; then
      ERLMCP_CGROUP_PARENT=${ERLMCP_CGROUP_PARENT:-/}
      export ERLMCP_CGROUP_PARENT
    fi
    ERLMCP_CLUSTER_EXPECTED=$NODES
    export ERLMCP_CLUSTER_EXPECTED
    compose up -d --scale worker=$((NODES - 4)) || return 1
  fi
  if ! await_cluster "$want"; then
    say "the nodes are not healthy, or do not see each other: $WHY"
    if [ "$where" = local ]; then
      tail -n 20 "$LOGS/cluster.log"
      running || rm -f "$LOGS/cluster.pid"
    else
      compose ps
    fi
    return 1
  fi
  # shellcheck disable=SC2086
  say "$NODES nodes are healthy and see each other after $(($(date +%s) - begun)) s:" $TARGETS
  facts $(($(date +%s) - begun)) >"$LOGS/deploy.json"
}

# facts are what the report says about the cluster; $1 is how long it took to form.
facts() {
  image= image_bytes=0
  if [ "$where" = containers ]; then
    image=$DOCKER_IMAGE
    image_bytes=$(docker image inspect "$DOCKER_IMAGE" --format '{{.Size}}')
  fi
  printf '{"where": "%s", "nodes": %d, "size": "%s", "formed_s": %d, "image": "%s", "image_bytes": %d}\n' \
    "$where" "$NODES" "$SIZE" "$1" "$image" "$image_bytes"
}

load() {
  limit=
  [ "$CONNECTIONS" = 100000 ] || limit="--connections $CONNECTIONS"
  # shellcheck disable=SC2086
  bench load --profile guide --rate "$RATE" --scale "${BENCH_SCALE:-1}" $limit
}

knee() {
  failed=0
  for sessions in "${BENCH_SESSIONS:-10000}" 100000; do
    if [ "$sessions" -gt "$CONNECTIONS" ]; then
      say "knee: $sessions sessions are more than BENCH_CONNECTIONS=$CONNECTIONS: left out"
      continue
    fi
    bench "knee-$sessions" find-knee --connections "$sessions" --connect-rate 1500 --rate 8000 \
      --duration "${BENCH_PROBE:-5s}" --repeat "${BENCH_REPEAT:-3}" || failed=1
  done
  return $failed
}

sustained() {
  bench sustained --profile sustained --connections "${BENCH_SESSIONS:-10000}" --rate "$RATE" --duration "${BENCH_DURATION:-60s}"
}

metrics() {
  names=
  [ "$where" = local ] || names="--container $(boxes | paste -sd , -)"
  # shellcheck disable=SC2086
  "$BIN" bench metrics $names --expect-members $NODES --out "$LOGS/metrics.json" $TARGETS
}

# stalled sets FAULT to flags that make node2 stall.
stalled() {
  pid=$(child 2)
  [ -n "$pid" ] || {
    say "the process of node2 is not found"
    return 1
  }
  FAULT="--fault-pid $pid"
}

stress() {
  if [ "$where" = local ]; then
    stalled || return 1
    # shellcheck disable=SC2086
    set -- $FAULT
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
  had=$NODES
  if ! await_cluster "$had"; then
    say "recovery: $name: the cluster is not whole: $WHY"
    return 1
  fi
  say "recovery: $name: $NODES nodes are healthy and see each other"
  return $result
}

recovery() {
  failed=0
  if [ "$where" = local ]; then
    stalled || return 1
    # shellcheck disable=SC2086
    recover stall $FAULT || failed=1
    # shellcheck disable=SC2086
    recover kill $FAULT --fault-signal KILL --heal-signal none || failed=1
    return $failed
  fi
  recover restart --fault-command 'docker restart erlmcp-node1' || failed=1
  recover failover --fault-command 'docker stop erlmcp-node1' --heal-command 'docker start erlmcp-node1' || failed=1
  recover partition --fault-command 'docker network disconnect erlmcp-cluster erlmcp-node1' \
    --heal-command 'docker network connect --ip 172.26.0.11 --alias node1 --alias node1.erlmcp.local erlmcp-cluster erlmcp-node1' || failed=1
  # As the guide types it: the node comes back with another address, so the sessions that bench has there do not.
  recover partition-moved --fault-command 'docker network disconnect erlmcp-cluster erlmcp-node1' \
    --heal-command 'docker network connect erlmcp-cluster erlmcp-node1' || failed=1
  docker network disconnect erlmcp-cluster erlmcp-node1 &&
    docker network connect --ip 172.26.0.11 --alias node1 --alias node1.erlmcp.local erlmcp-cluster erlmcp-node1 || failed=1
  await_cluster || failed=1
  return $failed
}

report() {
  set --
  for d in load knee-"${BENCH_SESSIONS:-10000}" knee-100000 sustained stress recovery-stall recovery-kill recovery-restart \
    recovery-failover recovery-partition recovery-partition-moved; do
    [ ! -f "$LOGS/$d/results.json" ] || set -- "$@" "$LOGS/$d"
  done
  [ $# -gt 0 ] || {
    say "report: there are no results in $LOGS; run a stage such as --load before"
    return 1
  }
  "$BIN" bench report --facts "$LOGS/deploy.json" --metrics "$LOGS/metrics.json" --overhead "$LOGS/compare.json" --out "$LOGS/report" "$@"
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
      ! running || return 1
    fi
    rm -f "$LOGS/cluster.pid"
    say "no node of this script runs; reports stay in $LOGS"
    return
  fi
  if [ -n "$(ours)" ]; then
    compose down -v || return 1
  fi
  if [ -f "$LOGS/images" ]; then
    while read -r id; do
      docker image inspect "$id" >/dev/null 2>&1 && docker rmi "$id" >/dev/null && say "image $id removed"
    done <"$LOGS/images"
    rm -f "$LOGS/images"
  fi
  foreign=$(strangers | paste -sd , -)
  [ -z "$foreign" ] || say "left alone, since this script in $HOME_DIR did not make it: $foreign"
  say "what this script made is gone; reports stay in $LOGS"
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
  --full) wanted="$wanted build deploy load knee sustained metrics stress recovery report" ;;
  --build | --deploy | --load | --knee | --sustained | --metrics | --stress | --recovery | --report | --clean) wanted="$wanted ${arg#--}" ;;
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

[ "$where" = containers ] || LOGS=${BENCH_LOGS:-docker/logs/local}

failures=
for stage in build deploy load knee sustained metrics stress recovery report clean; do
  case " $wanted " in
  *" $stage "*) ;;
  *) continue ;;
  esac
  say "== $stage"
  case $stage in
  load | knee | sustained | metrics | stress | recovery) need_cluster $stage ;;
  report) program ;;
  esac
  if ! $stage; then
    failures="$failures $stage"
    say "stage $stage FAILED"
    case $stage in build | deploy) break ;; esac
  fi
done
[ -z "$failures" ] || die 1 "failed:$failures"
