#!/bin/sh
# Builds the images, and says which way.
#   docker/build.sh [erlmcp|prometheus]...       default: erlmcp
#
# Where a registry answers, erlmcp comes from docker/Dockerfile.cluster (Alpine) and prometheus from
# prom/prometheus. Elsewhere erlmcp is docker/Dockerfile.scratch and prometheus that of Debian. The tags are
# the same.
#
#   VERSION           version of erlmcp, 0.7.0
#   DOCKER_IMAGE      tag, erlmcp:$VERSION-cluster         PROMETHEUS_IMAGE  tag, erlmcp-prometheus:$VERSION
#   ERLMCP_BASE       auto | registry | scratch            ERLMCP_REGISTRY_TIMEOUT  seconds for auto, 20
#   GO_IMAGE, BASE_IMAGE                                   other bases of Dockerfile.cluster
set -eu
cd "$(dirname "$0")/.."

VERSION=${VERSION:-0.7.0}
DOCKER_IMAGE=${DOCKER_IMAGE:-erlmcp:$VERSION-cluster}
PROMETHEUS_IMAGE=${PROMETHEUS_IMAGE:-erlmcp-prometheus:$VERSION}
ERLMCP_BASE=${ERLMCP_BASE:-auto}
ERLMCP_REGISTRY_TIMEOUT=${ERLMCP_REGISTRY_TIMEOUT:-20}
REVISION=${REVISION:-$(git describe --always --abbrev=12 --exclude '*' --dirty 2>/dev/null || true)}
export VERSION REVISION

say() { echo "build: $*"; }

fail() {
  echo "build: $*" >&2
  exit 1
}

# reachable: is image $1 here, or does a registry give it in time?
reachable() {
  docker image inspect "$1" >/dev/null 2>&1 && return 0
  reason=$(timeout "$ERLMCP_REGISTRY_TIMEOUT" docker pull -q "$1" 2>&1 >/dev/null) && return 0
  reason=${reason:-no answer within $ERLMCP_REGISTRY_TIMEOUT s}
  say "no registry: $(echo "$reason" | tail -n 1)"
  return 1
}

# from_registry decides for base image $1.
from_registry() {
  case $ERLMCP_BASE in
  registry) return 0 ;;
  scratch) return 1 ;;
  auto) reachable "$1" ;;
  *) fail "ERLMCP_BASE is $ERLMCP_BASE, want auto, registry or scratch" ;;
  esac
}

size() { docker image inspect "$1" --format '{{.Size}}' | awk '{printf "%.1f MB", $1 / 1e6}'; }

build_erlmcp() {
  if from_registry "${BASE_IMAGE:-alpine:3.20}"; then
    set -- --build-arg VERSION="$VERSION" --build-arg REVISION="$REVISION"
    [ -z "${GO_IMAGE:-}" ] || set -- "$@" --build-arg GO_IMAGE="$GO_IMAGE"
    [ -z "${BASE_IMAGE:-}" ] || set -- "$@" --build-arg BASE_IMAGE="$BASE_IMAGE"
    docker build -f docker/Dockerfile.cluster -t "$DOCKER_IMAGE" "$@" .
    say "$DOCKER_IMAGE from docker/Dockerfile.cluster, $(size "$DOCKER_IMAGE")"
    return
  fi
  docker/rootfs.sh
  docker build -f docker/Dockerfile.scratch -t "$DOCKER_IMAGE" --build-arg VERSION="$VERSION" build/image
  say "$DOCKER_IMAGE from docker/Dockerfile.scratch, $(size "$DOCKER_IMAGE")"
}

build_prometheus() {
  if from_registry "${PROMETHEUS_BASE:-prom/prometheus:v3.8.0}"; then
    docker build -f docker/Dockerfile.prometheus -t "$PROMETHEUS_IMAGE" \
      --build-arg BASE_IMAGE="${PROMETHEUS_BASE:-prom/prometheus:v3.8.0}" docker
    say "$PROMETHEUS_IMAGE from docker/Dockerfile.prometheus, $(size "$PROMETHEUS_IMAGE")"
    return
  fi
  docker/prometheusfs.sh
  docker build -f docker/Dockerfile.prometheus-debian -t "$PROMETHEUS_IMAGE" build/prometheus/image
  say "$PROMETHEUS_IMAGE from docker/Dockerfile.prometheus-debian, $(size "$PROMETHEUS_IMAGE")"
}

command -v docker >/dev/null || fail "the docker command is not here"
docker version >/dev/null 2>&1 || fail "no engine answers; is the Docker daemon running, and may you use it?"
[ $# -gt 0 ] || set -- erlmcp
for image; do
  case $image in
  erlmcp | prometheus) "build_$image" ;;
  *) fail "unknown image $image, want erlmcp or prometheus" ;;
  esac
done
