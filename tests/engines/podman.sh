#!/bin/sh
# SPDX-License-Identifier: MIT
#
# podman, with ctr-oci as its runtime. See lib.sh.
. "$(dirname "$0")/lib.sh"
need podman podman
enter "$0" "$@"

podman_config "$work"
for directory in /var/lib/cni /etc/cni; do
    if [ -d $directory ]; then mount -t tmpfs tmpfs $directory; fi
done
podman_all="podman --root $work/root --runroot $work/runroot --tmpdir $work/tmp --storage-driver ${STORAGE:-overlay} --runtime $RUNTIME"
# shellcheck disable=SC2086 # words
p() { $podman_all "$@"; }
run="run --rm --cgroup-parent /$parent"
r() { p $run "$@"; }
# start NAME OPTIONS... IMAGE COMMAND...
start() {
    name=$1
    shift
    p run -d --cgroup-parent "/$parent" --name "$name" "$@" >"$work/started" || not_ok "$name starts" "$(cat "$work/started")"
}
state() { p inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1"; }
has_state() { [ "$(state "$1")" = "$2" ]; }

begin "Running"
check "an image is imported" 0 "*sha256*" p import "$work/rootfs.tar" box:latest
check "podman finds its version" 0 "*version*" p info --format '{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
check "output and status are the program's" 3 "hello" r box sh -c 'echo hello; exit 3'
check "standard input reaches it" 0 "typed" sh -c "echo typed | $podman_all $run -i box cat"
check "a program that is not there: 127" 127 "*nosuch*" r box nosuch
check "a file that is no program: 126" 126 "*/etc/passwd*" r box /etc/passwd
check "an option that podman refuses: 125" 125 "*" r --no-such-option box true
check "with a terminal" 6 "*/dev/pts/0" on_terminal $podman_all $run -it box sh -c "'tty; exit 6'"
check "killed by a signal: 128 and the signal" 137 "" r --pid host box sh -c 'kill -9 $$'
# shellcheck disable=SC2016 # the container's shell
check "name, environment, directory" 0 "box one /tmp" r --hostname box -e A=one -w /tmp box sh -c 'echo $(hostname) $A $(pwd)'
check "a user with groups by name" 0 "uid=1000(ann) gid=1000(ann) groups=1000(ann),2000(boat)" r --user ann box id
check "root may be read-only, with a tmpfs for a user" 0 "*Read-only*yes" r --read-only --tmpfs /t --user 1000:1000 box sh -c 'touch /home/ann/x 2>&1; echo yes >/t/x; cat /t/x'
check "a tmpfs on a directory has that one's mode and content" 0 "755*root" r --tmpfs /etc/new --tmpfs /etc box sh -c 'stat -c %a /etc; head -c4 /etc/group'
mkdir "$work/dir" && echo outside >"$work/dir/file"
check "a directory of the machine, read-only" 1 "outside*Read-only*" r -v "$work/dir:/dir:ro" box sh -c 'cat /dir/file; touch /dir/x 2>&1'
check "a volume begins with what the image has, and stays" 0 "*" r -v vol:/home/ann box touch /home/ann/kept
check "the next container has it" 0 "kept" r -v vol:/v box ls /v
check "privileged: all devices and capabilities" 0 "*0*kmsg" r --privileged box sh -c 'mount -t tmpfs x /tmp; echo $?; ls /dev/kmsg'
check "capabilities and no new privileges" 0 "CapEff:*0000000000000001*NoNewPrivs:*1" r --cap-drop all --cap-add chown --security-opt no-new-privileges box grep -E 'CapEff|NoNew' /proc/self/status
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' >"$work/seccomp.json"
check "a seccomp profile of ours" 1 "*Function not implemented" r --security-opt seccomp="$work/seccomp.json" box mkdir /tmp/x
check "podman's default profile" 0 "Seccomp:*2" r box grep Seccomp: /proc/self/status
check "sysctl, limits, OOM score" 0 "1000*100*500" r --sysctl kernel.shmmax=1000 --ulimit nofile=100:200 --ulimit nproc=4096:4096 --oom-score-adj 500 box sh -c 'cat /proc/sys/kernel/shmmax; ulimit -n; cat /proc/self/oom_score_adj'
check "a device, under another name" 0 "*1, *3*" r --device /dev/null:/dev/mine box ls -l /dev/mine
check "a user namespace" 0 "*0 *100000 *65536" r --uidmap 0:100000:65536 box cat /proc/self/uid_map
check "a user namespace, as a user, with a volume" 0 "1000 1000" r --uidmap 0:100000:65536 --gidmap 0:200000:65536 --user ann -v vol:/v box sh -c 'echo $(id -u) $(id -g)'
check "namespaces of the machine" 0 "$(stat -L -c %i /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid)" r --ipc host --uts host --pid host box stat -L -c %i /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid
if [ -x /usr/libexec/podman/catatonit ]; then
    check "--init" 5 "podman-init" r --init box sh -c 'cat /proc/1/comm; exit 5'
else
    echo "skipped: --init: no catatonit (Debian package catatonit)"
fi

begin "A container in the background"
start one -m 64m --pids-limit 100 --health-cmd 'test -e /tmp/healthy' --health-interval disable box sh -c 'echo begun; trap "exit 9" TERM; while :; do sleep 0.1; done'
holds "its log" within 30 sh -c "$podman_all logs one | grep -qx begun"
check "its state" 0 "running 0" state one
check "the runtime's own list has it" 0 "*running*" "$RUNTIME" list
check "its limits" 0 "67108864*100" p exec one sh -c "$limits"
check "exec: output, status, user, directory, environment" 4 "ann /tmp two" p exec -u ann -w /tmp -e B=two one sh -c 'echo $(whoami) $(pwd) $B; exit 4'
check "exec with a terminal" 0 "*/dev/pts/*" on_terminal $podman_all exec -it one tty
check "exec of what is not there: 127" 127 "*" p exec one nosuch
check "exec of a file that is no program: 126" 126 "*" p exec one /etc/passwd
check "exec -d" 0 "*" p exec -d one touch /tmp/detached
holds "and it happens" within 30 p exec one test -e /tmp/detached
check "healthcheck fails" 1 "*unhealthy*" p healthcheck run one
p exec one touch /tmp/healthy
check "and succeeds" 0 "*" p healthcheck run one
check "top" 0 "PID*COMMAND*1*sh*" p top one pid comm
check "stats" 0 "one *B / 67.11MB*" p stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' one
check "cp into it" 0 "" p cp "$work/dir/file" one:/tmp/copied
check "cp out of it" 0 "outside" sh -c "$podman_all cp one:/tmp/copied '$work/back' && cat '$work/back'"
check "pause" 0 "*" p pause one
check "it is paused" 0 "paused 0" state one
check "no exec then" 255 "*" p exec one true
check "unpause" 0 "*" p unpause one
check "it goes on" 0 "running 0" state one
if p help update >/dev/null 2>&1; then
    check "update" 0 "*" p update --memory 96m one
    check "the new limit" 0 "100663296*" p exec one sh -c "$limits"
fi
check "restart" 0 "*" p restart -t 5 one
check "it runs again" 0 "running 0" state one
check "stop" 0 "*" p stop -t 5 one
check "its status is what its handler said" 0 "exited 9" state one
check "start" 0 "*" p start one
check "kill with a signal" 0 "*" p kill -s KILL one
check "wait" 0 "137" p wait one
check "rm" 0 "*" p rm one
start two box sleep 1000
check "rm -f of a running one" 0 "*" p rm -f -t 0 two
check "create, init and start are three" 0 "*initialized*started*exited 7" sh -c "
    $podman_all create --cgroup-parent /$parent --name three box sh -c 'echo started; exit 7' >/dev/null; $podman_all init three >/dev/null
    $podman_all inspect --format '{{.State.Status}}' three; $podman_all start -a three; $podman_all inspect --format '{{.State.Status}} {{.State.ExitCode}}' three; $podman_all rm three >/dev/null"
check "killed for lack of memory" 0 "* 137" sh -c "
    $podman_all run --cgroup-parent /$parent --name hog -m 16m --memory-swap 16m box tail /dev/zero; $podman_all inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' hog; $podman_all rm hog >/dev/null"

begin "A pod"
check "a pod is made" 0 "*" p pod create --name pod --cgroup-parent "/$parent" --infra-image box --infra-command "sleep 1000" --share ipc,uts,net --hostname podhost
check "a container in it" 0 "podhost" p run --rm --pod pod box hostname
p run -d --pod pod --name member box sleep 1000 >/dev/null
check "they share a namespace" 0 "same" sh -c "
    a=\$($podman_all exec member readlink /proc/self/ns/ipc); b=\$($podman_all run --rm --pod pod box readlink /proc/self/ns/ipc); [ \"\$a\" = \"\$b\" ] && echo same"
check "pod stop" 0 "*" p pod stop -t 0 pod
check "pod rm" 0 "*" p pod rm -f pod

begin "A bridge"
if [ -x /usr/lib/cni/bridge ] || [ -x /usr/lib/podman/netavark ]; then
    check "a network is made" 0 "*" p network create --subnet 10.129.77.0/24 net
    check "a container has an address there, and reaches the gateway" 0 "*10.129.77.*1 packets received*" r --network net box sh -c 'ip -4 addr show eth0; ping -c1 -w5 10.129.77.1'
else
    echo "skipped: a bridge: no CNI plugins (Debian package containernetworking-plugins)"
fi

check "nothing is left of them" 0 "" p ps -aq
is "nor does the runtime know any" "$("$RUNTIME" list -q 2>&1)" ""
finish
