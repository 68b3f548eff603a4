# SPDX-License-Identifier: MIT
#
# What the tests with systemd share: one line for each check, a bundle of busybox, ctr-oci. Sourced with `build` and
# `work` set.
# shellcheck shell=sh disable=SC2154
failed=0 count=0
exec 2>&1
is() { # SENTENCE ACTUAL WANTED
    count=$((count + 1))
    if [ "$2" = "$3" ]; then echo "ok $count - $1"; else
        failed=$((failed + 1))
        printf 'not ok %s - %s\n#   is: %s\n#   not: %s\n' "$count" "$1" "$2" "$3"
    fi
}
rt() { "$build/bin/ctr-oci" --systemd-cgroup --root "$work/run" "$@"; }
make_root() {
    mkdir -p "$work/bundle/root/bin"
    cp /bin/busybox "$work/bundle/root/bin/"
    for applet in sh sleep cat echo true ls grep sort; do ln -s busybox "$work/bundle/root/bin/$applet"; done
    if [ "$(stat -c %u "$build/lib/ctr/plugins/cgroup-systemd.so")" != 0 ]; then echo "plugins are not root's" >&2; exit 125; fi
}
# CGROUPS-PATH ARGS [MORE MEMBERS [MORE RESOURCES [MORE MOUNTS]]]
bundle() {
    cat > "$work/bundle/config.json" << JSON
{"ociVersion": "1.0.2", "root": {"path": "root"}, "process": {"cwd": "/", "args": $2, "user": {"uid": 0, "gid": 0}},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"} $5] $3,
 "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "cgroup"}], "cgroupsPath": "$1",
  "resources": {"memory": {"limit": 67108864}, "cpu": {"quota": 50000, "period": 100000, "shares": 512}, "pids": {"limit": 20},
   "devices": [{"allow": false, "access": "rwm"}] $4}}}
JSON
}
in_bundle() { (cd "$work/bundle" && rt "$@"); }
# Runs in the background: what it leaves behind may hold no pipe.
background() { in_bundle run -d "$1" > "$work/out" 2>&1 < /dev/null; echo "$? $(cat "$work/out")"; }
end_of_checks() {
    echo "1..$count"
    [ $failed = 0 ] || { echo "# $failed of $count failed"; exit 1; }
}
