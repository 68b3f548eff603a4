# SPDX-License-Identifier: MIT
#
# What demo.sh and all.sh share: being root, the Debian packages, the build. Sourced by POSIX sh, after `root` was set
# to the checkout.
# shellcheck shell=sh disable=SC2034,SC2154

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH DEBIAN_FRONTEND=noninteractive
umask 022 # a plugin that others could write is refused

# What the build and a running container need; what the tests need besides.
build_packages="g++ cmake make pkg-config libboost-dev libboost-program-options-dev nlohmann-json3-dev libnl-3-dev libnftables-dev
    libbtrfsutil-dev libseccomp-dev libarchive-dev libssl-dev libsystemd-dev libnftables1 iproute2 nftables util-linux mount kmod"
demo_packages="busybox-static btrfs-progs"
test_packages="libgtest-dev libgmock-dev busybox-static btrfs-progs strace crun runc clang-format-14 procps podman uidmap containerd docker.io catatonit
    containernetworking-plugins python3-grpcio python3-grpc-tools python3-pkg-resources
    clang-14 clang-tidy-14 libclang-rt-14-dev llvm-14 shellcheck"
# For those who look for faults: docs/DEBUGGING.md. Not needed by anything here.
editor_packages="gdb linux-perf clangd-14 ninja-build ccache"
# For tests/vm: another kernel, and systemd to run on it (nothing of it is started here). The machine is made for
# x86_64.
if [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ]; then
    test_packages="$test_packages qemu-system-x86 linux-image-amd64 cpio xz-utils e2fsprogs systemd dbus libpam-systemd dbus-user-session"
fi

say() { printf '%s\n' "$*"; }
section() { printf '\n==== %s\n\n' "$*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# become_root "$0" "$@": goes on as root, through sudo if need be.
become_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null || die "needs root: run it as root (su), or install sudo"
    say "not root: going on through sudo"
    exec sudo -- sh "$@"
}

# install_packages NAME...: those that are missing; asks the archive only then.
install_packages() {
    command -v dpkg-query >/dev/null || die "this command installs Debian packages and finds no dpkg here; README.md lists what to install by hand"
    missing=""
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "all Debian packages are installed already"
        return 0
    fi
    say "installing:$missing"
    apt-get update -qq </dev/null || die "apt-get update failed; is there a way to the Debian archive?"
    # shellcheck disable=SC2086 # a list of names
    apt-get install -y -qq --no-install-recommends $missing </dev/null >/tmp/ctr-apt.$$ 2>&1 || {
        tail -20 /tmp/ctr-apt.$$ >&2
        die "apt-get could not install:$missing (whole log: /tmp/ctr-apt.$$)"
    }
    rm -f /tmp/ctr-apt.$$
}

# Sets `build`. A build directory of somebody else is left alone: root's plugins must be root's.
choose_build_dir() {
    build=$root/build
    if [ -e "$build" ] && [ "$(stat -c %u "$build")" != "$(id -u)" ]; then build=$root/build-root; fi
}

# build_ctr [CMAKE-OPTION...]: configures and builds. Two lines if all is well.
build_ctr() {
    choose_build_dir
    generator=""
    if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja >/dev/null; then generator="-G Ninja"; fi
    mkdir -p "$build"
    # shellcheck disable=SC2086 # empty, or two words
    cmake -S "$root" -B "$build" $generator "$@" </dev/null >"$build/configure.log" 2>&1 || {
        cat "$build/configure.log" >&2
        die "cmake failed"
    }
    say "building in $build with $(nproc) jobs (log: $build/build.log) ..."
    begun=$(date +%s)
    cmake --build "$build" -j "$(nproc)" </dev/null >"$build/build.log" 2>&1 || {
        tail -40 "$build/build.log" >&2
        die "the build failed"
    }
    chmod go-w "$build/lib/ctr/plugins" "$build"/lib/ctr/plugins/*.so
    say "built in $(($(date +%s) - begun)) s"
}
