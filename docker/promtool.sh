#!/bin/sh
# Prints the path of a promtool: that of PATH, else Debian's, which is fetched once into build/promtool and not
# installed (installing the package would start a server).
set -eu
cd "$(dirname "$0")/.."
if command -v promtool; then
  exit 0
fi
tool=build/promtool/usr/bin/promtool
if [ ! -x "$tool" ]; then
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
    echo "promtool: not in PATH, and no apt-get to fetch Debian's package prometheus" >&2
    exit 1
  }
  rm -rf build/promtool
  mkdir -p build/promtool
  (cd build/promtool && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; }) >&2 || {
    echo "promtool: apt-get download prometheus failed" >&2
    exit 1
  }
  dpkg-deb -x build/promtool/*.deb build/promtool
fi
echo "$PWD/$tool"
