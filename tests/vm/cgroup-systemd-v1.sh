#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cgroup-systemd-v1.sh BUILD: `ctr-oci --systemd-cgroup` where systemd is PID 1 on cgroup v1, legacy or hybrid. Run as
# root by `vmrun --systemd --cgroup v1|hybrid -- busybox sh cgroup-systemd-v1.sh BUILD`. One line for each check; ends
# with 1 if one failed.
# shellcheck disable=SC2034 # for checks.sh
build=$1
work=/tmp/ctr-test
. "$(dirname "$0")/checks.sh"
make_root

scope=machine.slice/ctr-x1.scope
at() { echo "/sys/fs/cgroup/$1/$scope"; } # HIERARCHY
show() { systemctl show -p "$1" --value ctr-x1.scope; }
left() { find /sys/fs/cgroup -name ctr-x1.scope; }
values() { for file; do cat "$file"; done | tr '\n' ' '; }
# Of all hierarchies of a process, those in which it is elsewhere than in the scope.
elsewhere() { grep -v ":/$scope\$" "/proc/$1/cgroup"; }
pid_of() { rt state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }

hybrid=''
[ ! -d /sys/fs/cgroup/unified ] || hybrid=yes
echo "# Linux $(uname -r), systemd on cgroup v1${hybrid:+, hybrid}"
is "/sys/fs/cgroup is not cgroup v2" "$(stat -f -c %T /sys/fs/cgroup)" tmpfs
is "no cpuset below machine.slice yet" "$(ls -d /sys/fs/cgroup/cpuset/machine.slice 2> /dev/null)" ""

bundle machine.slice:ctr:x1 '["sh", "-c", "cat /proc/self/cgroup | grep -v :/$; ls /sys/fs/cgroup/memory/memory.limit_in_bytes; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; ls -d /sys/fs/cgroup/systemd/machine.slice 2>\u00261; exit 9"]' \
    '' '' ', {"destination": "/sys", "type": "sysfs", "source": "sysfs"}, {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]}'
is "the container sees its cgroups as the roots, and its status comes back" "$(in_bundle run x1; echo "$?")" "/sys/fs/cgroup/memory/memory.limit_in_bytes
67108864
ls: /sys/fs/cgroup/systemd/machine.slice: No such file or directory
9"
is "nothing is left of it" "$(left; show LoadState)" not-found
is "and no cpuset that was made for it" "$(ls -d /sys/fs/cgroup/cpuset/machine.slice 2> /dev/null)" ""

bundle machine.slice:ctr:x1 '["sleep", "1000"]' ', "annotations": {"org.systemd.property.TimeoutStopSec": "uint64 7"}' \
    ', "network": {"classID": 1048577}, "blockIO": {"throttleReadBpsDevice": []}, "hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]'
sed -i 's/"shares": 512/"shares": 512, "cpus": "0"/' "$work/bundle/config.json"
is "it runs in the background" "$(background x1)" "0 "
pid=$(pid_of x1)
is "in each hierarchy it is in the scope" "$(grep -c ":/$scope\$" "/proc/$pid/cgroup") of $(grep -c . "/proc/$pid/cgroup")$(elsewhere "$pid")" \
    "$(left | wc -l) of $(left | wc -l)"
is "systemd has the scope" "$(show ActiveState) $(show Slice) $(show Delegate) $(show TasksCurrent)" "active machine.slice yes 1"
is "with the limits" "$(show MemoryLimit) $(show TasksMax) $(show CPUQuotaPerSecUSec) $(show CPUShares) $(show DevicePolicy)" "67108864 20 500ms 512 strict"
is "and what the annotation says" "$(show TimeoutStopUSec)" 7s
files() { values "$(at memory)/memory.limit_in_bytes" "$(at pids)/pids.max" "$(at cpu)/cpu.cfs_quota_us" "$(at cpu)/cpu.cfs_period_us" "$(at cpu)/cpu.shares"; }
is "the files of systemd's hierarchies have them" "$(files)" "67108864 20 50000 100000 512 "
is "the others have theirs" "$(values "$(at cpuset)/cpuset.cpus" "$(at net_cls)/net_cls.classid" "$(at hugetlb)/hugetlb.2MB.limit_in_bytes")" "0 1048577 4194304 "
devices=$(sort "$(at devices)/devices.list")
is "devices are denied but for the usual ones" "$(echo "$devices" | grep -c -e '^a' -e '^c 1:11') $(echo "$devices" | grep -c -x -e 'c 1:3 rwm' -e 'c 136:\* rwm')" "0 2"
systemctl daemon-reload
is "a daemon-reload leaves the limits" "$(files)" "67108864 20 50000 100000 512 "
is "and the devices" "$(sort "$(at devices)/devices.list")" "$devices"
is "a process of exec is in the scope, in each hierarchy" "$(rt exec x1 sh -c 'grep -v :/$ /proc/self/cgroup; exit 4'; echo $?)" 4
rt exec -d x1 sleep 77 < /dev/null > /dev/null 2>&1
is "systemd sees it too" "$(show TasksCurrent) $(systemctl status ctr-x1.scope --no-pager | grep -c 'sleep 77')" "2 1"
is "ps counts both" "$(rt ps --format json x1 | tr -d '[] \n' | tr ',' '\n' | grep -c .)" 2
rt update --memory 33554432 --pids-limit 30 --cpu-quota 20000 x1
is "update sets the files" "$(files)" "33554432 30 20000 100000 512 "
is "and the properties" "$(show MemoryLimit) $(show TasksMax) $(show CPUQuotaPerSecUSec)" "33554432 30 200ms"
rt pause x1
is "pause freezes it" "$(cat "$(at freezer)/freezer.state") $(rt state x1 | grep -o '"status": *"[a-z]*"' | tr -d ' ')" 'FROZEN "status":"paused"'
rt resume x1
is "resume thaws it" "$(cat "$(at freezer)/freezer.state")" THAWED
is "a second container of the same unit is refused" "$(in_bundle run -d x2 > "$work/out" 2>&1 < /dev/null || { grep -q 'ctr-x1.scope' "$work/out" && echo refused; })" refused
is "and leaves the first alone" "$(show ActiveState) $(cat "$(at freezer)/freezer.state") $(elsewhere "$pid")" "active THAWED "
rt kill x1 KILL
tenths=300
while [ -e "/proc/$pid" ] && [ $tenths -gt 0 ]; do tenths=$((tenths - 1)); usleep 100000; done
is "kill ends the first process" "$(rt state x1 | grep -o '"status": *"[a-z]*"' | tr -d ' ')" '"status":"stopped"'
rt delete x1
is "delete takes all away" "$(left; show LoadState)" not-found
is "the slice too where we made it" "$(ls -d /sys/fs/cgroup/cpuset/machine.slice 2> /dev/null)" ""

bundle machine.slice:ctr:x1 '["sleep", "1000"]'
is "it can begin again" "$(background x1)" "0 "
rt delete --force x1
is "delete --force ends and takes all away" "$(left; show LoadState)" not-found
bundle machine.slice:ctr:x1 '["true"]' '' ', "unified": {"memory.high": "1"}'
is "files of cgroup v2 are refused" "$(in_bundle run x1 2>&1 | grep -c 'files of cgroup v2')" 1
bundle a:b:c '["true"]'
is "what is no slice is refused" "$(in_bundle run x1 2>&1 | grep -c 'not the name of a slice')" 1
is "and nothing is left of them" "$(left; show LoadState)" not-found
end_of_checks
