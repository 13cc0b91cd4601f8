#!/bin/sh
# Lays out the root file system of the scratch image in build/rootfs and packs it as build/image/rootfs.tar,
# with owners and modes. Needs Go, tar, and a static busybox: that of BUSYBOX, else the host's, else Debian's
# package busybox-static, which is unpacked, not installed. Runs as any user.
#
#   VERSION  version of the binary     REVISION  its commit     BUSYBOX  path of a static busybox     GO  the go command
set -eu
umask 022
cd "$(dirname "$0")/.."

VERSION=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
REVISION=${REVISION:-$(git describe --always --abbrev=12 --exclude '*' --dirty 2>/dev/null || true)}
GO=${GO:-go}
root=build/rootfs
image=build/image

fail() {
  echo "rootfs: $*" >&2
  exit 1
}

static() { # is $1 a static program of Linux?
  [ -x "$1" ] && LC_ALL=C ldd "$1" 2>&1 | grep -qE 'not a dynamic executable|statically linked'
}

# find_busybox prints the path of a static busybox.
find_busybox() {
  if [ -n "${BUSYBOX:-}" ]; then
    static "$BUSYBOX" || fail "BUSYBOX=$BUSYBOX is not a static program"
    echo "$BUSYBOX"
    return
  fi
  for candidate in "$(command -v busybox || true)" /bin/busybox build/busybox/bin/busybox; do
    if [ -n "$candidate" ] && static "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    fail "no static busybox here, and no apt-get to fetch one; set BUSYBOX to the path of one"
  rm -rf build/busybox
  mkdir -p build/busybox
  (cd build/busybox && { apt-get download -qq busybox-static || { apt-get update -qq && apt-get download -qq busybox-static; }; }) >&2 ||
    fail "apt-get download busybox-static failed; set BUSYBOX to the path of a static busybox"
  dpkg-deb -x build/busybox/*.deb build/busybox
  echo build/busybox/bin/busybox
}

busybox=$(find_busybox)
rm -rf "$root" "$image"
mkdir -p "$image" "$root"
(cd "$root" && mkdir -p bin etc/ssl/certs opt/erlmcp/bin proc sys dev run/erlmcp tmp usr var/lib/erlmcp var/log/erlmcp)

CGO_ENABLED=0 "$GO" build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION -X main.revision=$REVISION" \
  -o "$root/opt/erlmcp/bin/erlmcp" ./cmd/erlmcp

cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
# Two of Debian's applets do not do here what people type: ping wants a capability, netstat refuses -p.
rm -f "$root/bin/ping" "$root/bin/ping6" "$root/bin/netstat"
CGO_ENABLED=0 "$GO" build -C tools/ping -trimpath -buildvcs=false -ldflags '-s -w' -o "$PWD/$root/bin/ping" .
ln -s ping "$root/bin/ping6"
cp docker/netstat.sh "$root/bin/netstat"
chmod 755 "$root/bin/netstat"
# busybox's shell prefers its own applets to programs; aliases put that right where a person types (ENV).
echo 'alias netstat=/bin/netstat ping=/bin/ping ping6=/bin/ping6' >"$root/etc/shinit"
ln -s bin "$root/sbin"
ln -s ../bin "$root/usr/bin"
ln -s ../bin "$root/usr/sbin"

printf 'root:x:0:0:root:/:/bin/sh\nerlmcp:x:1000:1000:erlmcp:/var/lib/erlmcp:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nerlmcp:x:1000:\n' >"$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  if [ -r "$bundle" ]; then
    cp "$bundle" "$root/etc/ssl/certs/ca-certificates.crt"
    break
  fi
done

# What the node writes to belongs to its user; everything else to root, so that it cannot change itself.
tar -C "$root" --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -cf "$image/rootfs.tar" \
  --exclude=./tmp --exclude=./run/erlmcp --exclude=./var/lib/erlmcp --exclude=./var/log/erlmcp .
tar -C "$root" --mtime=@0 --numeric-owner --owner=1000 --group=1000 -rf "$image/rootfs.tar" \
  ./run/erlmcp ./var/lib/erlmcp ./var/log/erlmcp
tar -C "$root" --mtime=@0 --numeric-owner --owner=0 --group=0 --mode=1777 -rf "$image/rootfs.tar" ./tmp
echo "rootfs: $image/rootfs.tar, $(du -k "$image/rootfs.tar" | cut -f1) KiB, erlmcp $VERSION"
