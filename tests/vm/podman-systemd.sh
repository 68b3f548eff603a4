#!/bin/sh
# SPDX-License-Identifier: MIT
#
# podman-systemd.sh BUILD: podman with the cgroup manager systemd and ctr-oci as its runtime, where systemd is PID 1 on
# cgroup v2. Run as root by `vmrun --systemd --disk ext4:1G -- [env RUNTIME=/usr/sbin/runc] busybox sh podman-systemd.sh
# BUILD`. The same checks hold for runc.
#
# A podman command costs seconds here, so there are few.
build=$1
work=/scratch/podman-test # podman's overlays need another file system than an overlay below them
. "$(dirname "$0")/checks.sh"
runtime=${RUNTIME:-$build/bin/ctr-oci}
command -v podman > /dev/null || { echo "skipped: podman is missing (Debian package podman)"; exit 77; }
mkdir -p $work/root/bin || { echo "no disk at /scratch" >&2; exit 125; }
cp /bin/busybox $work/root/bin/
for applet in sh sleep cat echo true; do ln -s busybox "$work/root/bin/$applet"; done
tar -C $work/root -cf $work/box.tar .

cat > $work/containers.conf << CONF
[containers]
netns = "none"
[engine]
cgroup_manager = "systemd"
events_logger = "file"
CONF
export CONTAINERS_CONF=$work/containers.conf
unset INVOCATION_ID # podman would take the test for a service, and leave conmon in its cgroup
p() { podman --cgroup-manager systemd --root $work/storage --runroot /run/podman-test --tmpdir /run/podman-test/tmp --storage-driver overlay --runtime "$runtime" "$@"; }
scopes() { find /sys/fs/cgroup -name 'libpod-*' -type d; systemctl list-units --all --plain --no-legend 'libpod-*'; }
within() { # TENTHS COMMAND...
    tenths=$1
    shift
    until "$@"; do
        tenths=$((tenths - 1))
        [ $tenths -gt 0 ] || return 1
        usleep 100000
    done
}
no_scopes() { [ -z "$(scopes)" ]; }
mounts() { grep -c " $work/" /proc/self/mountinfo; }

echo "# $("$runtime" --version | head -n 1), $(podman --version)"
is "an image is imported" "$(p import -q $work/box.tar box:latest | grep -c '^sha256:')" 1
before=$(mounts) # podman's own
is "run: output and status are the program's, and it sees its cgroup as the root" "$(p run --rm box sh -c 'cat /proc/self/cgroup; exit 3'; echo $?)" "0::/
3"
is "a program that is not there: 127" "$(p run --rm box nosuch > /dev/null 2>&1; echo $?)" 127
within 100 no_scopes
is "no scope is left" "$(scopes)" ""

id=$(p run -d --name one -m 64m --pids-limit 30 --cpus 0.5 --stop-timeout 30 box sh -c 'trap "exit 9" TERM; while :; do sleep 0.2; done')
c=/sys/fs/cgroup/machine.slice/libpod-$id.scope
show() { systemctl show -p "$1" --value "libpod-$id.scope"; }
# crun would put the processes into a cgroup below the scope; the limits stand in the scope for all runtimes.
is "run -d: the container is in its scope" "$(grep -c . "$c/cgroup.procs" | sed 's/[12]/some/')" some
is "its limits are in the files" "$(cat "$c/memory.max" "$c/pids.max" "$c/cpu.max" | tr '\n' ' ')" "67108864 30 50000 100000 "
is "systemd knows them" "$(show ActiveState) $(show Slice) $(show MemoryMax) $(show TasksMax) $(show CPUQuotaPerSecUSec)" "active machine.slice 67108864 30 500ms"
is "conmon has a scope of its own" "$(systemctl show -p ActiveState --value "libpod-conmon-$id.scope")" active
is "exec: in the scope, with its status" "$(p exec one sh -c 'cat /proc/self/cgroup; exit 4'; echo $?)" "0::/
4"
p pause one > /dev/null
is "pause freezes it" "$(grep frozen "$c/cgroup.events")" "frozen 1"
p unpause one > /dev/null
is "unpause thaws it" "$(grep frozen "$c/cgroup.events")" "frozen 0"
p stop one > /dev/null
is "stop: the program ends as it wants" "$(p inspect --format '{{.State.Status}} {{.State.ExitCode}}' one)" "exited 9"
is "its scope is gone" "$(ls -d "$c" 2> /dev/null; show LoadState)" not-found
is "rm" "$(p rm one)" one
within 100 no_scopes
is "no scope is left" "$(scopes)" ""
is "no mount is left" "$(mounts)" "$before"
is "the runtime knows no container" "$("$runtime" list -q)" ""
end_of_checks
