#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The first command of README.md: from a fresh Debian 12 to a running container. Installs packages, builds, makes a root
# file system of busybox, imports it and runs it on the default drivers, looks at it from inside, shows the plan, and
# does it once more on btrfs.
#
# The machine's own network, images and containers are not touched: everything lives in one temporary directory and in
# two network namespaces, one that plays the machine and one that plays the world outside. All of it is gone at the end,
# on failure and Ctrl-C too.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/tests/support/setup.sh"
become_root "$root/tests/demo.sh" "$@"

work="" server=""
machine=ctr-demo-machine-$$ world=ctr-demo-world-$$
clean_up() {
    trap '' INT TERM
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    if [ -n "$work" ]; then
        for data in "$work/data" "$work/btrfs"; do
            [ -d "$data" ] || continue
            "$build/bin/ctr" --plugin-dir "$build/lib/ctr/plugins" --config "$work/config.json" --data-root "$data" --run-root "$work/run" recover >/dev/null 2>&1 || true
        done
        mountpoint -q "$work/btrfs" && umount "$work/btrfs" # its loop device goes with it
        mountpoint -q "$work" && umount "$work"
        rm -rf --one-file-system "$work"
    fi
    for each in "$machine" "$world"; do ip netns del "$each" 2>/dev/null || true; done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

section "1  Debian packages"
# shellcheck disable=SC2086 # lists of names
install_packages $build_packages $demo_packages

section "2  build"
if [ -e "$root/build/CMakeCache.txt" ]; then build_ctr; else build_ctr -DCTR_BUILD_TESTS=OFF; fi

section "3  a machine to play with"
for module in overlay bridge veth nf_tables nft_masq nft_chain_nat; do modprobe -q "$module" 2>/dev/null || true; done
grep -qw overlay /proc/filesystems || die "this kernel ($(uname -r)) has no overlayfs (module overlay); the default storage driver needs it"
work=$(mktemp -d /var/tmp/ctr-demo.XXXXXX)
# overlayfs cannot stand on overlayfs, as when this runs in a container itself.
[ "$(stat -f -c %T "$work")" != overlayfs ] || mount -t tmpfs -o mode=0700 ctr-demo "$work"

in_machine() { nsenter --net="/run/netns/$machine" -- "$@"; }
ip netns add "$machine"
ip netns add "$world"
ip -n "$machine" link add uplink type veth peer name downlink netns "$world" || die "this kernel cannot make veth pairs (module veth)"
ip -n "$machine" link add probe type bridge || die "this kernel cannot make bridges (module bridge)"
ip -n "$machine" link del probe
ip -n "$machine" link set lo up
ip -n "$machine" addr add 192.0.2.2/24 dev uplink
ip -n "$machine" link set uplink up
ip -n "$machine" route add default via 192.0.2.1
ip -n "$world" addr add 192.0.2.1/24 dev downlink
ip -n "$world" link set downlink up
mkdir "$work/www"
say "hello from the world outside" >"$work/www/index.html"
nsenter --net="/run/netns/$world" -- busybox httpd -f -p 192.0.2.1:80 -h "$work/www" &
server=$!
say "network namespace $machine: the machine, 192.0.2.2, where ctr runs"
say "network namespace $world: outside, 192.0.2.1, with a web server; it knows no way back to containers, only NAT helps"

# A config of our own, so that the machine's does not matter; it says nothing but where our cgroups go. All drivers are
# the defaults.
cat >"$work/config.json" <<'CONFIG'
{"cgroup-v1": {"parent": "/ctr-demo"}, "cgroup-v2": {"parent": "/ctr-demo"}}
CONFIG
data=$work/data
ctr() {
    # --plugin-dir: found next to the program anyway, but below a user's home directory root would not trust them.
    in_machine "$build/bin/ctr" --plugin-dir "$build/lib/ctr/plugins" --config "$work/config.json" --data-root "$data" --run-root "$work/run" "$@"
}

# A plan for the eye: short paths, short lines, one row for many of a kind.
shorten() {
    sed "s|$work|DIR|g" | cut -c1-140 | awk '
        $4 " " $5 == last { more++; next }
        more { printf "           ... %d more of these\n", more; more = 0 }
        { last = $4 " " $5; print }'
}

section "4  a root file system and an image"
rootfs=$work/rootfs
mkdir -p "$rootfs/bin" "$rootfs/etc" "$rootfs/proc" "$rootfs/sys" "$rootfs/dev" "$rootfs/tmp" "$rootfs/root"
cp "$(command -v busybox)" "$rootfs/bin/busybox"
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$rootfs/bin/$applet"; done
say "root:x:0:0:root:/root:/bin/sh" >"$rootfs/etc/passwd"
say "root:x:0:" >"$rootfs/etc/group"
tar -C "$rootfs" -cf "$work/busybox.tar" .
say "\$ ctr image import busybox.tar busybox"
ctr image import "$work/busybox.tar" busybox
say "\$ ctr image ls"
ctr image ls

section "5  a container"
cat >"$work/look.sh" <<'LOOK'
status() { awk -v key="$1:" '$1 == key {print $2}' /proc/self/status; }
limit() { for file in "$@"; do [ ! -e "$file" ] || { cat "$file"; return; }; done; echo "?"; }
row() { printf '  %-14s %s\n' "$1" "$2"; }
row "host name"    "$(hostname)"
row "process"      "$$"
row "root"         "$(awk '$5 == "/" {sub(/.* - /, ""); print $1; exit}' /proc/self/mountinfo)"
row "address"      "$(ip -4 -o addr show eth0 | awk '{print $4}') by $(ip route | awk '/default/ {print $3}')"
row "outside says" "$(printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 nc 192.0.2.1 80 | tail -n 1)"
row "memory"       "$(limit /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max) bytes"
row "processes"    "$(limit /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max) at most"
row "open files"   "$(ulimit -n) at most"
row "capabilities" "$(status CapEff)"
row "seccomp"      "mode $(status Seccomp)"
row "to mount"     "$(mount -t tmpfs none /tmp 2>&1 && echo allowed)"
row "to unshare"   "$(unshare -m true 2>&1 && echo allowed)"
LOOK
say "\$ ctr run --rm --name demo --hostname demo --memory 64m --pids-limit 32 --ulimit nofile=256 -v look.sh:/look.sh:ro busybox sh /look.sh"
ctr run --rm --name demo --hostname demo --memory 64m --pids-limit 32 --ulimit nofile=256 -v "$work/look.sh:/look.sh:ro" busybox sh /look.sh | tee "$work/seen"

# What a reader would check by eye, checked.
expect() {
    grep -Eq "$1" "$work/seen" || die "the container should have shown: $2"
}
expect 'host name +demo$' "its own host name"
expect 'process +1$' "process 1"
expect 'root +overlay' "a root on overlayfs"
expect 'outside says +hello from the world outside' "what the web server outside says"
expect 'memory +67108864 ' "its memory limit"
expect 'processes +32 ' "its limit of processes"
expect 'open files +256 ' "its limit of open files"
expect 'capabilities +00000000a80425fb' "docker's 14 capabilities"
expect 'seccomp +mode 2' "a seccomp filter"
expect 'to mount .*(denied|not permitted)' "a refused mount"
expect 'to unshare .*not permitted' "a refused unshare"

say
say "Limits are real:"
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
    say "(this machine has swap: a program above its memory limit would be swapped out, not killed)"
else
    say "\$ ctr run --rm --memory 32m busybox sh -c 'head -c 100m /dev/zero | tail'"
    status=0
    ctr run --rm --memory 32m busybox sh -c 'head -c 100m /dev/zero | tail >/dev/null; exit $?' >/dev/null 2>&1 || status=$?
    [ "$status" -eq 137 ] || die "a program that takes 100 MB of 32 should have been killed (137), but ended with $status"
    say "  ends with $status: killed when it took more"
fi
say "\$ ctr run --rm --pids-limit 8 busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done'"
forks=$(ctr run --rm --pids-limit 8 busybox sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait' 2>&1 || true)
case $forks in *fork*) say "  $(printf '%s\n' "$forks" | head -1)" ;; *) die "the ninth process should have failed, but: $forks" ;; esac

section "6  what ctr did"
say "Every step below was added by a plugin, and is what ran. \`--format json\` for programs, \`--format shell\` for the same as a shell script."
say
say "\$ ctr plan --memory 64m busybox sh"
ctr plan --memory 64m busybox sh | shorten

section "7  another storage driver"
modprobe -q btrfs 2>/dev/null || true
modprobe -q loop 2>/dev/null || true
if ! grep -qw btrfs /proc/filesystems; then
    say "left out: this kernel ($(uname -r)) has no btrfs"
else
    truncate -s 256M "$work/disk.img"
    mkfs.btrfs -q "$work/disk.img" >/dev/null 2>&1
    mkdir "$work/btrfs"
    if ! mount -o loop "$work/disk.img" "$work/btrfs"; then
        say "left out: no loop device to be had here (module loop, /dev/loop-control)"
    else
        data=$work/btrfs
        say "a btrfs file system on a loop device; nothing changes but --data-root and --storage (in a config: \"storage\": {\"driver\": \"btrfs\"})"
        say "\$ truncate -s 256M disk.img; mkfs.btrfs -q disk.img; mount -o loop disk.img /mnt"
        say "\$ ctr --data-root /mnt image import busybox.tar busybox"
        ctr image import "$work/busybox.tar" busybox
        say "\$ ctr --data-root /mnt run --rm --storage btrfs busybox cat /proc/self/mountinfo   (the root's line of it)"
        # shellcheck disable=SC2016 # awk's own $
        ctr run --rm --storage btrfs busybox awk '$5 == "/" {print "  /  is ", $4; sub(/.* - /, ""); print "  on   ", $1}' /proc/self/mountinfo | tee "$work/seen"
        expect 'on +btrfs' "a root on btrfs"
        say "\$ ctr --data-root /mnt plan --storage btrfs busybox sh | grep btrfs"
        ctr plan --storage btrfs busybox sh | grep ' btrfs ' | shorten
    fi
fi

section "8  next"
say "Everything of this demo is removed again. To go on:"
say "  sudo cmake --install $build    puts ctr below /usr/local"
say "  tests/all.sh                   runs all tests"
say "  docs/ARCHITECTURE.md           where everything is"
