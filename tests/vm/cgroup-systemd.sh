#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cgroup-systemd.sh BUILD: `ctr-oci --systemd-cgroup` where systemd is PID 1. Run as root by `vmrun --systemd -- busybox
# sh cgroup-systemd.sh BUILD`. One line for each check; ends with 1 if one failed.
# shellcheck disable=SC2034 # for checks.sh
build=$1
work=/tmp/ctr-test
. "$(dirname "$0")/checks.sh"
make_root
c=/sys/fs/cgroup/machine.slice/ctr-x1.scope
show() { systemctl show -p "$1" --value ctr-x1.scope; }

bundle machine.slice:ctr:x1 '["sh", "-c", "cat /proc/self/cgroup; exit 9"]'
is "the container sees its cgroup as the root, and its status comes back" "$(in_bundle run x1; echo "$?")" "0::/
9"
is "nothing is left of it" "$(ls -d $c 2> /dev/null; show LoadState)" not-found

bundle machine.slice:ctr:x1 '["sleep", "1000"]' ', "annotations": {"org.systemd.property.TimeoutStopSec": "uint64 7"}'
is "it runs in the background" "$(background x1)" "0 "
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
is "a second container of the same unit is refused" "$(in_bundle run -d x2 > "$work/out" 2>&1 < /dev/null || { grep -q 'ctr-x1.scope' "$work/out" && echo refused; })" refused
is "and leaves the first alone" "$(show ActiveState)" active
rt delete --force x1
is "delete takes all away" "$(ls -d $c 2> /dev/null; show LoadState)" not-found

bundle a:b:c '["true"]'
is "what is no slice is refused" "$(in_bundle run x3 2>&1 | grep -c 'not the name of a slice')" 1
bundle machine.slice:ctr:x1 '["true"]' ', "annotations": {"org.systemd.property.ExecStop": "\u0027x\u0027"}'
is "an annotation that could run something is refused" "$(in_bundle run x4 2>&1 | grep -c 'may not set this property')" 1

end_of_checks
