# SPDX-License-Identifier: MIT
#
# What the engines' tests share: a corner of the machine of their own, an image, checks. Sourced by POSIX sh.
#
#   PROGRAM.sh [BUILD]                     drives the engine with BUILD/bin/ctr-oci
#   RUNTIME=/usr/sbin/runc PROGRAM.sh      drives it with another runtime: what fails there too is the machine's or the
#                                          engine's
#
# enter() runs the script again in mount, network and pid namespaces of its own, with a /run of its own: whatever an
# engine starts dies with the script, its bridges, firewall rules and mounts are nobody else's. What is left then is a
# temporary directory and empty cgroups, all below or beside `parent`. Status: 0, 1 if a check failed, 77 if the test
# cannot be had here.
# shellcheck shell=sh disable=SC2034,SC2154

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C

skip() {
    echo "SKIP: $*"
    exit 77
}

# need COMMAND PACKAGE
need() { command -v "$1" >/dev/null 2>&1 || skip "no $1 (Debian package $2)"; }

leave() {
    status=$?
    trap - EXIT
    # The last of the namespace's processes may be on their way out.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        find /sys/fs/cgroup -depth -type d -path "*/$parent*" -exec rmdir {} + 2>/dev/null
        [ -n "$(find /sys/fs/cgroup -type d -path "*/$parent*" 2>/dev/null)" ] || break
        sleep 0.2
    done
    left=$(find /sys/fs/cgroup -type d -path "*/$parent*" 2>/dev/null)
    if [ -n "$left" ]; then
        printf 'not ok - cgroups are left: %s\n' "$left"
        status=1
    fi
    rm -rf "$work"
    exit "$status"
}

# enter "$0" "$@"
enter() {
    here=$(cd "$(dirname "$1")" && pwd)
    build=${2:-$here/../../build}
    RUNTIME=${RUNTIME:-$build/bin/ctr-oci}
    if [ -z "${CTR_ENGINES_WORK-}" ]; then
        [ "$(id -u)" = 0 ] || skip "needs root"
        need busybox busybox-static
        [ -x "$RUNTIME" ] || skip "no $RUNTIME"
        # Short: unix sockets are in it.
        work=$(mktemp -d /tmp/ctr-engines.XXXXXX)
        parent=ctr-engines-${work##*.}
        chmod 755 "$work"
        trap leave EXIT
        # Not exec: this process cleans up. Not in the foreground: it is to hear signals.
        CTR_ENGINES_WORK=$work RUNTIME=$RUNTIME unshare --mount --net --pid --ipc --uts --mount-proc --fork --kill-child --propagation private -- "$@" </dev/null &
        inside=$!
        trap 'kill -KILL $inside; wait $inside; exit 130' INT TERM
        wait $inside
        exit
    fi
    work=$CTR_ENGINES_WORK
    parent=ctr-engines-${work##*.}
    export HOME="$work" TMPDIR="$work"
    unset XDG_RUNTIME_DIR DOCKER_HOST CONTAINER_HOST CONTAINERD_ADDRESS
    cd "$work" || exit 1 # conmon leaves a file where podman was started
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -m 1777 /run/lock
    ip link set lo up 2>/dev/null
    exec 2>&1 # one stream keeps its order
    count=0 failed=0
    make_image
    echo "# runtime: $RUNTIME"
}

finish() {
    echo "1..$count"
    [ "$failed" = 0 ] || { echo "# $failed of $count failed"; exit 1; }
    exit 0
}

# ---- Checks

begin() { printf '# %s\n' "$*"; }
ok() {
    count=$((count + 1))
    echo "ok $count - $1"
}
# not_ok SENTENCE LINE...
not_ok() {
    count=$((count + 1))
    failed=$((failed + 1))
    echo "not ok $count - $1"
    shift
    for line; do printf '%s\n' "$line" | sed 's/^/#     /'; done
}
# is SENTENCE ACTUAL WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got:    $2" "wanted: $3"; fi; }
# holds SENTENCE CONDITION...
holds() {
    sentence=$1
    shift
    if "$@"; then ok "$sentence"; else not_ok "$sentence" "false: $*"; fi
}
# check SENTENCE STATUS PATTERN COMMAND...: what the command says (both streams) is like the shell's pattern, and it
# ends so.
check() {
    sentence=$1 wanted=$2 pattern=$3
    shift 3
    said=$("$@" 2>&1)
    status=$?
    # shellcheck disable=SC2254 # a pattern is what is meant
    case $status:$said in
    "$wanted":$pattern) ok "$sentence" ;;
    *) not_ok "$sentence" "status $status of: $*" "$(printf '%s\n' "$said" | tail -20)" "wanted $wanted: $pattern" ;;
    esac
}
# within TENTHS COMMAND...: until it succeeds
within() {
    tenths=$1
    shift
    while ! "$@" >/dev/null 2>&1; do
        tenths=$((tenths - 1))
        [ "$tenths" -gt 0 ] || return 1
        sleep 0.1
    done
}
# on_terminal COMMAND...: with a terminal of its own, on which nobody types. The words may have no blanks.
# It is opened for both, so that it has neither a writer to wait for nor an end.
# Clients say so on it if the program ended before they told it the terminal's size: patterns begin with a star.
on_terminal() {
    script -qec "$*" /dev/null <>"$work/nobody" >"$work/typescript"
    typed=$?
    tr -d '\r' <"$work/typescript"
    return $typed
}

# podman_config DIRECTORY: containers.conf and registries.conf in $work; networks are kept in DIRECTORY. No network
# unless a check asks for one. Without CAP_SYS_RESOURCE podman's own limits could not be set.
podman_config() {
    cat >"$work/containers.conf" <<CONF
[containers]
netns = "none"
default_ulimits = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "$1/networks"
CONF
    : >"$work/registries.conf"
    export CONTAINERS_CONF="$work/containers.conf" CONTAINERS_REGISTRIES_CONF="$work/registries.conf"
}

# docker asks for all capabilities in a privileged container. Root of a machine that lacks one (in a container) gets an
# error of runc.
mine_or_all_caps() {
    case $RUNTIME in *ctr-oci) return 0 ;; esac
    [ "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" = "$(printf '%016x' $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)))" ] && return 0
    echo "skipped: privileged: this root has not all capabilities, and only ctr-oci goes on with those that there are"
    return 1
}

# In a container, on both versions of cgroups.
# shellcheck disable=SC2034
limits='cd /sys/fs/cgroup; cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes; cat pids.max 2>/dev/null || cat pids/pids.max'

# ---- The image: busybox, and a user

# oci_archive FILE NAME COMMAND: rootfs.tar as an OCI image layout in a tar
oci_archive() {
    layout=$work/layout
    blobs=$layout/blobs/sha256
    mkdir -p "$blobs"
    layer=$(sha256sum "$work/rootfs.tar" | cut -d' ' -f1)
    cp "$work/rootfs.tar" "$blobs/$layer"
    case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$(uname -m) ;; esac
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":%s,"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$architecture" "$3" "$layer" >"$layout/config"
    config=$(sha256sum "$layout/config" | cut -d' ' -f1)
    config_size=$(stat -c %s "$layout/config")
    mv "$layout/config" "$blobs/$config"
    printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
        "$config" "$config_size" "$layer" "$(stat -c %s "$work/rootfs.tar")" >"$layout/manifest"
    manifest=$(sha256sum "$layout/manifest" | cut -d' ' -f1)
    manifest_size=$(stat -c %s "$layout/manifest")
    mv "$layout/manifest" "$blobs/$manifest"
    printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"latest"}}]}' \
        "$manifest" "$manifest_size" "$2" >"$layout/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
    tar -C "$layout" -cf "$1" .
    rm -rf "$layout"
}

make_image() {
    root=$work/image
    (umask 022 && mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/proc" "$root/sys" "$root/dev" "$root/home/ann")
    mkdir -m 1777 "$root/tmp"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in $("$root/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    printf 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:ann:/home/ann:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nann:x:1000:\nboat:x:2000:ann\n' >"$root/etc/group"
    chown 1000:1000 "$root/home/ann"
    tar -C "$root" -cf "$work/rootfs.tar" .
    rm -rf "$root"
    mkfifo "$work/nobody"
}
