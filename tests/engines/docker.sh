#!/bin/sh
# SPDX-License-Identifier: MIT
#
# docker, with ctr-oci as a runtime beside its own, and as its default. See lib.sh.
. "$(dirname "$0")/lib.sh"
need dockerd docker.io
need docker docker.io
enter "$0" "$@"

cat >"$work/daemon.json" <<CONF
{"runtimes": {"mine": {"path": "$RUNTIME"}}}
CONF
bridge="--bridge none --iptables=false --ip-masq=false"
if iptables -t nat -L >/dev/null 2>&1; then bridge=""; fi
# shellcheck disable=SC2086 # words
dockerd --config-file "$work/daemon.json" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "unix://$work/d.sock" \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$parent" --default-runtime mine $bridge >"$work/log" 2>&1 &
daemon=$!
export DOCKER_HOST="unix://$work/d.sock" DOCKER_CONFIG="$work/config"
within 300 docker version || {
    tail -20 "$work/log"
    echo "not ok - dockerd does not answer"
    exit 1
}
d() { docker "$@"; }
run="run --rm --network none"
# shellcheck disable=SC2086 # words
r() { d $run "$@"; }
state() { d inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$1"; }

begin "Running"
check "an image is imported" 0 "sha256:*" d import "$work/rootfs.tar" box:latest
check "our runtime is there" 0 "*mine*" d info --format '{{.DefaultRuntime}} {{.Runtimes}}'
check "output and status are the program's" 3 "hello" r box sh -c 'echo hello; exit 3'
check "standard input reaches it" 0 "typed" sh -c "echo typed | docker $run -i box cat"
check "a program that is not there: 127" 127 "*nosuch*" r box nosuch
check "a file that is no program: 126" 126 "*/etc/passwd*" r box /etc/passwd
check "with a terminal" 6 "*/dev/pts/0" on_terminal docker $run -it box sh -c "'tty; exit 6'"
check "killed by a signal: 128 and the signal" 137 "" r --pid host box sh -c 'kill -9 $$'
# shellcheck disable=SC2016 # the container's shell
check "name, environment, directory" 0 "box one /tmp" r --hostname box -e A=one -w /tmp box sh -c 'echo $(hostname) $A $(pwd)'
check "a user by name, with a group" 0 "uid=1000(ann) gid=1000(ann) groups=*2000(boat)*" r --user ann box id
check "ids without a name, and a group more" 0 "uid=7 gid=8 groups=*9*" r --user 7:8 --group-add 9 box id
check "root may be read-only, with a tmpfs for a user" 0 "*Read-only*yes*1024*" r --read-only --tmpfs /t:size=1m --user 1000:1000 box sh -c 'touch /home/ann/x 2>&1; echo yes >/t/x; cat /t/x; df -k /t'
check "a tmpfs over a directory" 0 "755" r --tmpfs /etc/new --mount type=tmpfs,destination=/etc,tmpfs-mode=755 box stat -c %a /etc
mkdir "$work/dir" && echo outside >"$work/dir/file"
check "a directory of the machine, read-only" 1 "outside*Read-only*" r -v "$work/dir:/dir:ro" box sh -c 'cat /dir/file; touch /dir/x 2>&1'
check "a volume begins with what the image has, and stays" 0 "" r -v vol:/home/ann box touch /home/ann/kept
check "the next container has it" 0 "kept" r -v vol:/v box ls /v
mine_or_all_caps && check "privileged: all devices and capabilities" 0 "*0*kmsg" r --privileged box sh -c 'mount -t tmpfs x /tmp; echo $?; ls /dev/kmsg'
check "not so without" 1 "*permission denied*" r box mount -t tmpfs x /tmp
check "capabilities and no new privileges" 0 "CapEff:*0000000000000001*NoNewPrivs:*1" r --cap-drop all --cap-add chown --security-opt no-new-privileges box grep -E 'CapEff|NoNew' /proc/self/status
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' >"$work/seccomp.json"
check "a seccomp profile of ours" 1 "*Function not implemented" r --security-opt seccomp="$work/seccomp.json" box mkdir /tmp/x
check "docker's default profile" 0 "Seccomp:*2" r box grep Seccomp: /proc/self/status
check "and none" 0 "Seccomp:*0" r --security-opt seccomp=unconfined box grep Seccomp: /proc/self/status
check "sysctl, limits, OOM score" 0 "1000*100*500" r --sysctl kernel.shmmax=1000 --ulimit nofile=100:200 --oom-score-adj 500 box sh -c 'cat /proc/sys/kernel/shmmax; ulimit -n; cat /proc/self/oom_score_adj'
check "a device, under another name" 0 "*1, *3*" r --device /dev/null:/dev/mine box ls -l /dev/mine
check "a device without the right to write" 1 "*not permitted*" r --device /dev/kmsg:/dev/mine:r box sh -c 'echo x >/dev/mine'
check "namespaces of the machine" 0 "$(stat -L -c %i /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid)" r --ipc host --uts host --pid host box stat -L -c %i /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid
check "the machine's network" 0 "$(stat -L -c %i /proc/self/ns/net)" d run --rm --network host box stat -L -c %i /proc/self/ns/net
check "shared memory of a size" 0 "*2048*" r --shm-size 2m box df -k /dev/shm
if command -v docker-init >/dev/null; then
    check "--init" 5 "docker-init" r --init box sh -c 'cat /proc/1/comm; exit 5'
else
    echo "skipped: --init: no docker-init (Debian package tini)"
fi
if [ -z "$bridge" ]; then
    check "on the bridge it has an address, and reaches the gateway" 0 "*1 packets received*" d run --rm box sh -c 'ping -c1 -w5 $(ip route | sed -n "s/^default via \([^ ]*\).*/\1/p")'
else
    echo "skipped: docker's bridge: iptables does not work in a network namespace here"
fi

begin "A container in the background"
start() {
    name=$1
    shift
    d run -d --network none --name "$name" "$@" >"$work/started" || not_ok "$name starts" "$(cat "$work/started")"
}
start one -m 64m --pids-limit 100 box sh -c 'echo begun; trap "exit 9" TERM; while :; do sleep 0.1; done'
holds "its log" within 30 sh -c 'docker logs one | grep -qx begun'
check "its state" 0 "running 0" state one
check "its limits" 0 "67108864*100" d exec one sh -c "$limits"
check "exec: output, status, user, directory, environment" 4 "ann /tmp two" d exec -u ann -w /tmp -e B=two one sh -c 'echo $(whoami) $(pwd) $B; exit 4'
check "exec with a terminal" 3 "*/dev/pts/*" on_terminal docker exec -it one sh -c "'tty; exit 3'"
check "exec with standard input" 0 "typed" sh -c 'echo typed | docker exec -i one cat'
# docker 20.10 makes 126 of both.
check "exec of what is not there" 126 "*nosuch*" d exec one nosuch
check "exec of a file that is no program" 126 "*" d exec one /etc/passwd
mine_or_all_caps && check "exec --privileged" 0 "CapEff:*[13]ff[ef]ffffff" d exec --privileged one grep CapEff /proc/self/status
check "top" 0 "*PID*sh -c*" d top one
check "stats" 0 "one *B / 64MiB *" d stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' one
check "cp into it" 0 "*" d cp "$work/dir/file" one:/root/copied
check "cp out of it" 0 "*outside" sh -c "docker cp one:/root/copied '$work/back' && cat '$work/back'"
check "update" 0 "one" d update -m 96m --memory-swap 128m --pids-limit 90 one
check "the new limits" 0 "100663296*90" d exec one sh -c "$limits"
check "pause" 0 "one" d pause one
check "it is paused" 0 "paused 0" state one
check "unpause" 0 "one" d unpause one
check "restart" 0 "one" d restart -t 5 one
check "it runs again" 0 "running 0" state one
check "the daemon's new life finds it" 0 "running 0" sh -c "kill -HUP $daemon; docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' one"
check "stop" 0 "one" d stop -t 5 one
check "its status is what its handler said" 0 "exited 9" state one
check "start" 0 "one" d start one
check "kill" 0 "one" d kill -s KILL one
check "wait" 0 "137" d wait one
check "rm" 0 "one" d rm one
start two --restart on-failure:1 box sh -c 'sleep 0.2; exit 8'
restarted() { [ "$(d inspect --format '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' two)" = "1 exited 8" ]; }
holds "a restart policy" within 50 restarted
check "a health check" 0 "*" d run -d --network none --name three --health-cmd 'test -e /etc/passwd' --health-interval 100ms box sleep 1000
healthy() { [ "$(d inspect --format '{{.State.Health.Status}}' three)" = healthy ]; }
holds "says that it is well" within 50 healthy
check "another container joins its namespaces" 0 "*sleep 1000*" d run --rm --network container:three --pid container:three box ps
check "rm -f of a running one" 0 "two*three" d rm -f two three
check "killed for lack of memory" 0 "true 137" sh -c "docker run --network none --name hog -m 16m --memory-swap 16m box tail /dev/zero; docker inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' hog; docker rm hog >/dev/null"

check "nothing is left of them" 0 "" d ps -aq
kill "$daemon"
wait "$daemon"
finish
