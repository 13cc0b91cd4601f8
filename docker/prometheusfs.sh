#!/bin/sh
# Lays out an image of Debian's prometheus in build/prometheus/image, for hosts without a registry. The packages
# are unpacked, not installed; the C library is that of this host, which has to be a Debian or like one.
set -eu
umask 022
cd "$(dirname "$0")/.."

packages='prometheus fonts-glyphicons-halflings libjs-bootstrap4 libjs-d3 libjs-eonasdan-bootstrap-datetimepicker
  libjs-jquery libjs-jquery-hotkeys libjs-moment libjs-moment-timezone libjs-mustache libjs-popper.js libjs-rickshaw'
work=build/prometheus
root=$work/rootfs

fail() {
  echo "prometheusfs: $*" >&2
  exit 1
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
  fail "no registry gives prom/prometheus, and this host has no apt-get to fetch Debian's package"
rm -rf "$work"
mkdir -p "$work/deb" "$work/tree" "$work/image" "$root"
# shellcheck disable=SC2086 # a list of names
(cd "$work/deb" && { apt-get download -qq $packages || { apt-get update -qq && apt-get download -qq $packages; }; }) >&2 ||
  fail "apt-get download of Debian's prometheus failed"
for deb in "$work"/deb/*.deb; do
  dpkg-deb -x "$deb" "$work/tree"
done

(cd "$root" && mkdir -p bin etc/prometheus usr/share/javascript prometheus tmp)
cp "$work/tree/usr/bin/prometheus" "$work/tree/usr/bin/promtool" "$root/bin/"
# The shared libraries, with the loader, under their own paths.
ldd "$root/bin/prometheus" | grep -o '/[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
cp -a "$work/tree/usr/share/prometheus" "$work/tree/usr/share/fonts-glyphicons" "$root/usr/share/"
# moment-timezone has 200 MB of data; the pages need one file of it.
zones=usr/share/javascript/moment-timezone
mkdir -p "$root/$zones"
cp -L "$work/tree/$zones/moment-timezone-with-data.min.js" "$root/$zones/"
for part in "$work"/tree/usr/share/javascript/*; do
  [ "$(basename "$part")" = moment-timezone ] || cp -a "$part" "$root/usr/share/javascript/"
done
[ ! -d "$work/tree/usr/share/nodejs" ] || cp -a "$work/tree/usr/share/nodejs" "$root/usr/share/"
printf 'root:x:0:0:root:/:/bin/false\nprometheus:x:1000:1000:prometheus:/prometheus:/bin/false\n' >"$root/etc/passwd"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp docker/prometheus-2.x.yml "$root/etc/prometheus/prometheus.yml"
cp -r docker/rules "$root/etc/prometheus/rules"
rm -rf "$root/etc/prometheus/rules/tests"

tar -C "$root" --mtime=@0 --numeric-owner --owner=0 --group=0 --exclude=./prometheus --exclude=./tmp -cf "$work/image/rootfs.tar" .
tar -C "$root" --mtime=@0 --numeric-owner --owner=1000 --group=1000 -rf "$work/image/rootfs.tar" ./prometheus
tar -C "$root" --mtime=@0 --numeric-owner --owner=0 --group=0 --mode=1777 -rf "$work/image/rootfs.tar" ./tmp
rm -rf "$work/tree" "$work/deb"
echo "prometheusfs: $work/image/rootfs.tar, $(du -k "$work/image/rootfs.tar" | cut -f1) KiB"
