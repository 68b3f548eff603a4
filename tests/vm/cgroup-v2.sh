#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cgroup-v2.sh BUILD: runs containers on a machine that has nothing but cgroup v2, with the drivers that ctr chooses by
# itself, and looks at them from outside and from inside. Run as root by `vmrun --cgroup v2 [--disk btrfs:1G] -- sh
# cgroup-v2.sh BUILD`. One line for each check; ends with 1 if one failed, or 125 if it could not begin.
#
# Mostly busybox, whose applets need no new program: executing one costs 50 ms here.
build=$1
work=/tmp/ctr-test
ctr_program=$build/bin/ctr
failed=0 count=0
exec 2>&1 # one stream keeps its order
slow=2 # raise it for a very slow machine

begin() { printf '# %s\n' "$*"; }
ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() {
    count=$((count + 1))
    failed=$((failed + 1))
    echo "not ok $count - $1"
    shift
    for line; do echo "$line" | sed 's/^/#     /'; done
}
# is SENTENCE ACTUAL WANTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got: $2" "wanted: $3"; fi; }
# like SENTENCE ACTUAL PATTERN, of the shell's kind
# shellcheck disable=SC2254 # a pattern is what is meant
like() { case $2 in $3) ok "$1" ;; *) not_ok "$1" "got: $2" "wanted: $3" ;; esac; }
# holds SENTENCE CONDITION...
holds() {
    sentence=$1
    shift
    if "$@"; then ok "$sentence"; else not_ok "$sentence" "false: $*"; fi
}
# runs NAME: ctr says so
runs() { ctr ps | grep -q "^$1 .*running"; }
# within TENTHS COMMAND...: until it succeeds
within() {
    tenths=$(($1 * slow))
    shift
    while ! "$@" 2> /dev/null; do
        tenths=$((tenths - 1))
        [ "$tenths" -gt 0 ] || return 1
        usleep 100000
    done
}

# The status of a background `ctr run`; one that does not end is killed, so that the other checks have their turn.
has_ended() { case $(cut -d' ' -f3 "/proc/$1/stat" 2> /dev/null) in Z | '') ;; *) return 1 ;; esac; }
end_of() {
    within 100 has_ended "$1" || { echo "# ctr run did not end"; kill -KILL "$1"; }
    wait "$1"
}
ctr() { "$ctr_program" --data-root "$data" --run-root "$work/run" "$@"; }
# In the background; $! must be ctr itself, not a subshell.
start() {
    "$ctr_program" --data-root "$data" --run-root "$work/run" run "$@" &
    owner=$!
}
run() { ctr run --rm --network none "$@"; } # the network has checks of its own, and costs half of the time
# What is on the machine and could be left over; bridge and table stay on purpose ("keep"). A dying network namespace
# takes its veth pair along a little later.
things() {
    find /sys/fs/cgroup -type d
    cut -d' ' -f5- /proc/self/mountinfo | sort
    for link in /sys/class/net/*; do [ "${link##*/}" = ctr0 ] || echo "$link"; done
    nft list tables 2> /dev/null | grep -vx 'table inet ctr_ctr0'
    losetup -a
    find "$work/run" "$data" -path '*containers*/*' -o -path '*leases/*' -o -path '*refs/*' 2> /dev/null
    for process in /proc/[0-9]*; do
        read -r comm < "$process/comm" && case $comm in sleep | ctr | yes | dd | cat) echo "process ${process#/proc/} $comm" ;; esac
    done 2> /dev/null
}
same_things() { things > "$work/now" && cmp -s "$work/before" "$work/now"; }
nothing_left() {
    if within 10 same_things; then ok "nothing is left $1"; else not_ok "nothing is left $1" "$(diff "$work/before" "$work/now")"; fi
}
# The directory of a running container's cgroup.
cgroup_of() { echo "/sys/fs/cgroup/ctr/$1"; }
is_running() { ctr ps -q | grep -qx "$1"; }
is_populated() { grep -qx 'populated 1' "$(cgroup_of "$1")/cgroup.events"; }
# A program runs in it: no longer ctr's own child, which shows ctr's file name.
is_there() { is_populated "$1" && read -r pid < "$(cgroup_of "$1")/cgroup.procs" && [ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$ctr_program")" ] && is_running "$1"; }
at_least() { [ "$1" -ge "$2" ]; }

# ---- An image, and plugins whose owner ctr trusts.
[ -x "$ctr_program" ] || { echo "no $ctr_program" >&2; exit 125; }
mkdir -p "$work/run" "$work/root/bin" "$work/root/etc" "$work/root/tmp" "$work/root/root" "$work/data"
chmod 711 "$work/run"
if [ "$(stat -c %u "$build/lib/ctr/plugins/overlay.so")" != 0 ]; then
    mkdir -p "$work/build/lib"
    cp -r "$build/bin" "$work/build/"
    cp -r "$build/lib/ctr" "$work/build/lib/"
    ctr_program=$work/build/bin/ctr
fi
cp /bin/busybox "$work/root/bin/"
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"; done
echo root:x:0:0:root:/root:/bin/sh > "$work/root/etc/passwd"
tar -C "$work/root" -cf "$work/box.tar" .
data=$work/data

begin "The machine: Linux $(uname -r), cgroup v2"
is "cgroup v2 is all there is" "$(grep -c ' cgroup2 ' /proc/mounts) $(grep -c ' cgroup ' /proc/mounts)" "1 0"
is "an image is imported" "$(ctr image import "$work/box.tar" box > /dev/null && ctr image ls -q)" box:latest
like "ctr chooses the driver of cgroup v2" "$(ctr info)" "*driver of cgroup *cgroup-v2*driver of network *bridge*driver of storage *overlay*"
things > "$work/before"

begin "A container with limits, on overlay, bridge and cgroup-v2"
start --name limits --memory 64m --cpus 0.5 --pids-limit 20 box sleep 1000
within 150 is_there limits
within 150 runs limits
c=$(cgroup_of limits)
like "ps shows it with the three drivers" "$(ctr ps)" "*limits*running*cgroup-v2,bridge,overlay*sleep 1000*"
is "memory.max is what --memory says" "$(cat "$c/memory.max")" 67108864
is "cpu.max is what --cpus says" "$(cat "$c/cpu.max")" "50000 100000"
is "pids.max is what --pids-limit says" "$(cat "$c/pids.max")" 20
is "the container is in this cgroup and no other" "$(cat "/proc/$(head -n 1 "$c/cgroup.procs")/cgroup")" "0::/ctr/limits"
holds "the machine has its veth on the bridge" [ "$(ls /sys/class/net/ctr0/brif | wc -l)" = 1 ]
kill -TERM "$owner"
usleep 300000
holds "a signal of which the container's first process knows nothing leaves it running" is_there limits
ctr rm -f limits
end_of "$owner"
is "rm -f ends it, and ctr run says how" $? 137
nothing_left "after rm -f"

begin "Seen from inside"
inside=$(ctr run --rm --memory 32m --pids-limit 9 box sh -c '
    cat /proc/self/cgroup; stat -f -c %T /sys/fs/cgroup; cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; ls -d /sys/fs/cgroup/ctr
    mkdir /sys/fs/cgroup/mine; ip -4 -o addr show eth0; ping -c 1 -w 20 10.129.0.1 | grep -c "64 bytes"' 2>&1)
like "the container sees its own cgroup as the root" "$inside" "0::/
*"
like "its /sys/fs/cgroup is its own cgroup, with its limits" "$inside" "*33554432
9
ls: /sys/fs/cgroup/ctr: No such file or directory*"
like "it cannot make cgroups there" "$inside" "*mkdir*Read-only file system*"
like "it has an address and reaches the gateway" "$inside" "*inet 10.129.*/16*
1"

begin "Limits are enforced"
run --memory 64m box dd if=/dev/zero of=/dev/null bs=32M count=1 2> /dev/null
is "a program within its memory limit ends with 0" $? 0
run --memory 64m box dd if=/dev/zero of=/dev/null bs=200M count=1
is "a memory hog is killed: 137" $? 137
start --rm --network none --name bomb --pids-limit 24 box sh -c 'bomb() { bomb | bomb & }; bomb; while :; do sleep 1; done' > "$work/bomb" 2>&1
within 150 is_there bomb
bomb_hit() { hits=$(sed -n 's/^max //p' "$(cgroup_of bomb)/pids.events") && [ "$hits" -gt 0 ]; }
holds "a fork bomb meets its limit" within 150 bomb_hit
holds "it never has more than its 24 processes" [ "$(cat "$(cgroup_of bomb)/pids.current")" -le 24 ]
ctr rm -f bomb
end_of "$owner"
is "rm -f ends all of it" $? 137
start --rm --network none --name busy --cpus 0.2 box sh -c 'while :; do :; done'
within 150 is_there busy
throttled() { [ "$(sed -n 's/^nr_throttled //p' "$(cgroup_of busy)/cpu.stat")" -gt 2 ]; }
holds "a busy loop is throttled" within 100 throttled
ctr rm -f busy
end_of "$owner"
nothing_left "after the limits"

begin "Devices, by a BPF program"
like "usual devices can be used" "$(run box sh -c 'head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo x > /dev/null && echo written; [ -c /dev/full ] && echo full')" "3
5
written
full"
like "a device that is not allowed cannot be opened, even with all capabilities" "$(run --cap-add ALL box sh -c 'mknod /tmp/kmsg c 1 11 && echo made; echo "ctr test" > /tmp/kmsg' 2>&1)" "made
*Operation not permitted"
# The same without that program: it was the program that refused.
mkdir -p "$work/bundle"
bundle() { # DEVICE RULES, ARGS
    cat > "$work/bundle/config.json" << JSON
{"ociVersion": "1.0.2", "root": {"path": "$work/root"},
 "process": {"cwd": "/", "args": $2, "user": {"uid": 0, "gid": 0}, "oomScoreAdj": -500, "capabilities": {"bounding": ["CAP_MKNOD"], "effective": ["CAP_MKNOD"], "permitted": ["CAP_MKNOD"]}},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}],
 "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "cgroup"}], "cgroupsPath": "/bundles/one", "resources": {"devices": $1}}}
JSON
    ctr run --rm --bundle "$work/bundle" 2>&1
}
is "it can be opened where a rule allows it" "$(bundle '[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]' \
    '["sh", "-c", "mknod /tmp/kmsg c 1 11; echo hello > /tmp/kmsg && echo opened; cat /proc/self/oom_score_adj"]')" "opened
-500"
like "and not for what the rule does not allow" "$(bundle '[{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]' \
    '["sh", "-c", "mknod /tmp/kmsg c 1 11; exec 3<>/tmp/kmsg"]')" "*Operation not permitted"
nothing_left "after the devices"

begin "How it ends"
run box sh -c 'exit 5'
is "the status is the program's" $? 5
run box nothing-of-this-name 2> /dev/null
is "a missing program: 127" $? 127
run box /etc/passwd 2> /dev/null
is "a file that is no program: 126" $? 126
start --rm --network none --name term box sh -c 'trap "exit 9" TERM; echo up > /tmp/up; while :; do usleep 100000; done'
within 150 is_there term
usleep 500000
kill -TERM "$owner"
end_of "$owner"
is "SIGTERM to ctr run reaches the program" $? 9
is "limits may be raised, with CAP_SYS_RESOURCE" "$(run --ulimit nofile=1048576:1048576 box sh -c 'ulimit -Hn')" 1048576
like "a limit that the kernel does not have is refused" "$(bundle '[]' '["true"]' > /dev/null; ctr run --rm --network none --sysctl kernel.no_such=1 box true 2>&1; echo $?)" "*no_such*125"
ctr run --name kept --network none box sh -c 'echo kept > /root/file; exit 3'
like "without --rm it is kept, with its status" "$? $(ctr ps -a)" "3 *kept*stopped (3)*"
ctr rm kept
is "until it is removed" "$(ctr ps -aq)" ""
nothing_left "after all that"

ip=/sbin/ip # not the applet, which knows no network namespaces
if [ -x $ip ]; then
    begin "Outside: another network namespace that knows no way back to the containers"
    $ip netns add outside
    things > "$work/before"
    $ip link add out0 type veth peer name out1 netns outside
    $ip addr add 192.0.2.1/24 dev out0
    $ip link set out0 up
    $ip -n outside addr add 192.0.2.2/24 dev out1
    $ip -n outside link set out1 up
    is "NAT leads there" "$(ctr run --rm box ping -c 1 -w 20 192.0.2.2 | grep -c '64 bytes')" 1
    $ip link del out0
    nothing_left "after the networks"
else
    echo "# skipped: NAT: no $ip (Debian package iproute2)"
fi

begin "kill -9"
start --rm --name killed box sleep 1000
within 150 is_there killed
kill -KILL "$owner"
wait "$owner" 2> /dev/null
is_empty() { ! is_populated killed; }
holds "the container dies with its ctr" within 100 is_empty
like "ps says so" "$(ctr ps -a)" "*killed*its ctr was killed*"
is "recover takes it back" "$(ctr recover 2>&1)" killed
nothing_left "after recover"
is "a second recover has nothing to do" "$(ctr recover 2>&1)" ""
# On the way: from the journal's birth on, a start takes about half a second here.
for delay in 0 100000 300000 600000; do
    start --rm --name early box sleep 1000 2> /dev/null
    within 200 [ -e "$work/run/containers/early" ]
    usleep $delay
    kill -KILL "$owner"
    wait "$owner" 2> /dev/null
    recovered=$(ctr recover 2>&1)
    nothing_left "when ctr was killed $((delay / 1000)) ms after it began (recovered: ${recovered:-nothing})"
done

if grep -q ' /scratch btrfs ' /proc/mounts; then
    begin "Storage on btrfs"
    data=/scratch/data
    mkdir $data
    ctr image import "$work/box.tar" box > /dev/null
    like "btrfs is chosen there" "$(ctr info)" "*driver of storage *btrfs*"
    things > "$work/before"
    is "a container runs on a snapshot" "$(run box sh -c 'stat -f -c %t /; echo mine > /root/file; cat /root/file')" "9123683e
mine"
    is "the next one has its own" "$(run box ls /root)" ""
    nothing_left "after containers on btrfs"
else
    echo "# skipped: storage on btrfs: no disk with btrfs at /scratch (mkfs.btrfs is in Debian's btrfs-progs)"
fi

echo "1..$count"
[ $failed = 0 ] || { echo "# $failed of $count failed"; exit 1; }
