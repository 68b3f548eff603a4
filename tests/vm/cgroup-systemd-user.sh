#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cgroup-systemd-user.sh BUILD: `ctr-oci --systemd-cgroup` for a user without privilege, whose own systemd makes the
# scope. Run as root by `vmrun --systemd -- busybox sh cgroup-systemd-user.sh BUILD`. One line for each check; ends with
# 1 if one failed.
build=$1
work=/tmp/ctr-test
. "$(dirname "$0")/checks.sh"
[ -e /usr/lib/x86_64-linux-gnu/security/pam_systemd.so ] || { echo "skipped: no pam_systemd (Debian package libpam-systemd)"; exit 77; }
[ -e /usr/lib/systemd/user/dbus.socket ] || { echo "skipped: users have no D-Bus (Debian package dbus-user-session)"; exit 77; }
make_root

# A user of this machine alone, and what a login would start.
uid=4711
echo "ctrtest:x:$uid:$uid::/tmp:/bin/sh" >> /etc/passwd
echo "ctrtest:x:$uid:" >> /etc/group
echo 'ctrtest:!:19000:0:99999:7:::' >> /etc/shadow
# The real setpriv, not the applet.
u() { /usr/bin/setpriv --reuid $uid --regid $uid --clear-groups env -u DBUS_SESSION_BUS_ADDRESS HOME=/tmp XDG_RUNTIME_DIR=/run/user/$uid "$@"; }
rt() { u "$build/bin/ctr-oci" --systemd-cgroup "$@"; }
user_bundle() {
    bundle "$@"
    sed -i 's/{"type": "cgroup"}\]/{"type": "cgroup"}, {"type": "user"}], "uidMappings": [{"containerID": 0, "hostID": '$uid', "size": 1}], "gidMappings": [{"containerID": 0, "hostID": '$uid', "size": 1}]/' "$work/bundle/config.json"
}
top=/user.slice/user-$uid.slice/user@$uid.service
c=/sys/fs/cgroup$top/user.slice/libpod-x1.scope
show() { u systemctl --user show -p "$1" --value libpod-x1.scope; }

mkdir -p /run/user/$uid && chown $uid:$uid /run/user/$uid
chown -R $uid:$uid "$work" # mount points are made in the root
user_bundle user.slice:libpod:x1 '["true"]'
is "without a systemd of his the user is told" "$(in_bundle run x1 2>&1 | grep -c 'no systemd of this user runs')" 1
rmdir /run/user/$uid 2> /dev/null || rm -rf /run/user/$uid
systemctl start user@$uid.service || { echo "the user's systemd does not start" >&2; exit 125; }

user_bundle user.slice:libpod:x1 '["sh", "-c", "cat /proc/self/cgroup; exit 9"]'
is "the container sees its cgroup as the root, and its status comes back" "$(in_bundle run x1; echo "$?")" "0::/
9"
is "nothing is left of it" "$(ls -d $c 2> /dev/null; show LoadState)" not-found

user_bundle user.slice:libpod:x1 '["sleep", "1000"]'
is "it runs in the background" "$(background x1)" "0 "
is "the user's systemd has the scope" "$(show ActiveState) $(show Slice) $(show Delegate) $(show ControlGroup)" "active user.slice yes $top/user.slice/libpod-x1.scope"
is "with the limits" "$(show MemoryMax) $(show TasksMax) $(show CPUQuotaPerSecUSec)" "67108864 20 500ms"
is "the files have them" "$(cat $c/memory.max $c/pids.max $c/cpu.max | tr '\n' ' ')" "67108864 20 50000 100000 "
is "a process of exec is in the scope" "$(rt exec x1 sh -c 'cat /proc/self/cgroup; exit 4'; echo $?)" "0::/
4"
rt exec -d x1 sleep 77 < /dev/null > /dev/null 2>&1
is "systemd sees it too" "$(show TasksCurrent)" 2
rt update --memory 33554432 --pids-limit 30 x1
is "update sets the files and the properties" "$(cat $c/memory.max $c/pids.max | tr '\n' ' ')$(show MemoryMax) $(show TasksMax)" "33554432 30 33554432 30"
rt pause x1
is "pause freezes it" "$(grep frozen $c/cgroup.events)" "frozen 1"
rt resume x1
is "resume thaws it" "$(grep frozen $c/cgroup.events)" "frozen 0"
rt delete --force x1
is "delete takes all away" "$(ls -d $c 2> /dev/null; show LoadState)" not-found
user_bundle user.slice:libpod:x1 '["true"]' '' ', "blockIO": {"weight": 100}'
is "a controller that the user was not given is refused by name" "$(in_bundle run x1 2>&1 | grep -c 'needs the controller io')" 1
end_of_checks
