#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cgroup-systemd.sh BUILD: `ctr-oci --systemd-cgroup` where systemd is PID 1. Run as root by `vmrun --systemd -- busybox sh cgroup-systemd.sh BUILD`.
# One line for each check; ends with 1 if one failed.
build=$1
work=/tmp/ctr-test
failed=0 count=0
exec 2>&1
is() { # SENTENCE ACTUAL WANTED
    count=$((count + 1))
    if [ "$2" = "$3" ]; then echo "ok $count - $1"; else
        failed=$((failed + 1))
        printf 'not ok %s - %s\n#   is: %s\n#   not: %s\n' "$count" "$1" "$2" "$3"
    fi
}
mkdir -p "$work/bundle/root/bin"
cp /bin/busybox "$work/bundle/root/bin/"
for applet in sh sleep cat echo true; do ln -s busybox "$work/bundle/root/bin/$applet"; done
if [ "$(stat -c %u "$build/lib/ctr/plugins/cgroup-systemd.so")" != 0 ]; then echo "plugins are not root's" >&2; exit 125; fi
rt() { "$build/bin/ctr-oci" --systemd-cgroup --root "$work/run" "$@"; }
bundle() { # CGROUPS-PATH ARGS [MORE MEMBERS]
    cat > "$work/bundle/config.json" << JSON
{"ociVersion": "1.0.2", "root": {"path": "root"}, "process": {"cwd": "/", "args": $2, "user": {"uid": 0, "gid": 0}},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}] $3,
 "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "cgroup"}], "cgroupsPath": "$1",
  "resources": {"memory": {"limit": 67108864}, "cpu": {"quota": 50000, "period": 100000, "shares": 512}, "pids": {"limit": 20},
   "devices": [{"allow": false, "access": "rwm"}]}}}
JSON
}
c=/sys/fs/cgroup/machine.slice/ctr-x1.scope
show() { systemctl show -p "$1" --value ctr-x1.scope; }

bundle machine.slice:ctr:x1 '["sh", "-c", "cat /proc/self/cgroup; exit 9"]'
is "the container sees its cgroup as the root, and its status comes back" "$(cd "$work/bundle" && rt run x1; echo "$?")" "0::/
9"
is "nothing is left of it" "$(ls -d $c 2> /dev/null; show LoadState)" not-found

bundle machine.slice:ctr:x1 '["sleep", "1000"]' ', "annotations": {"org.systemd.property.TimeoutStopSec": "uint64 7"}'
is "it runs in the background" "$(cd "$work/bundle" && rt run -d x1 > "$work/out" 2>&1 < /dev/null; echo "$? $(cat "$work/out")")" "0 "
is "systemd has the scope" "$(show ActiveState) $(show Slice) $(show Delegate)" "active machine.slice yes"
is "with the limits" "$(show MemoryMax) $(show TasksMax) $(show CPUQuotaPerSecUSec) $(show DevicePolicy)" "67108864 20 500ms strict"
is "and what the annotation says" "$(show TimeoutStopUSec)" 7s
is "the files have them" "$(cat $c/memory.max $c/pids.max $c/cpu.max | tr '\n' ' ')" "67108864 20 50000 100000 "
weight=$(cat $c/cpu.weight)
systemctl daemon-reload
is "a daemon-reload leaves them" "$(cat $c/memory.max $c/pids.max $c/cpu.max $c/cpu.weight | tr '\n' ' ')" "67108864 20 50000 100000 $weight "
is "exec is in the scope" "$(rt exec x1 sh -c 'cat /proc/self/cgroup; exit 4'; echo $?)" "0::/
4"
rt update --memory 33554432 --pids-limit 30 x1
is "update sets the files and the properties" "$(cat $c/memory.max $c/pids.max | tr '\n' ' ')$(show MemoryMax) $(show TasksMax)" "33554432 30 33554432 30"
rt pause x1
is "pause freezes it" "$(grep frozen $c/cgroup.events)" "frozen 1"
rt resume x1
is "resume thaws it" "$(grep frozen $c/cgroup.events)" "frozen 0"
is "a second container of the same unit is refused" "$(cd "$work/bundle" && rt run -d x2 > "$work/out" 2>&1 < /dev/null || { grep -q 'ctr-x1.scope' "$work/out" && echo refused; })" refused
is "and leaves the first alone" "$(show ActiveState)" active
rt delete --force x1
is "delete takes all away" "$(ls -d $c 2> /dev/null; show LoadState)" not-found

bundle a:b:c '["true"]'
is "what is no slice is refused" "$(cd "$work/bundle" && rt run x3 2>&1 | grep -c 'not the name of a slice')" 1
bundle machine.slice:ctr:x1 '["true"]' ', "annotations": {"org.systemd.property.ExecStop": "\u0027x\u0027"}'
is "an annotation that could run something is refused" "$(cd "$work/bundle" && rt run x4 2>&1 | grep -c 'may not set this property')" 1

echo "1..$count"
[ $failed = 0 ] || { echo "# $failed of $count failed"; exit 1; }
