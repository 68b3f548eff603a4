#!/bin/sh
# SPDX-License-Identifier: MIT
#
# containerd, with ctr-oci as its runtime: by its own client ctr, and as Kubernetes drives it (CRI, by cri.py). See
# lib.sh.
. "$(dirname "$0")/lib.sh"
need containerd containerd
need containerd-shim-runc-v2 containerd
[ -x /usr/bin/ctr ] || skip "no /usr/bin/ctr (Debian package containerd)" # by its path: ours has the same name
enter "$0" "$@"

# restrict_oom_score_adj: without CAP_SYS_RESOURCE a pause container could not have the -998 that it is to have.
cat >"$work/config.toml" <<CONF
version = 2
root = "$work/root"
state = "$work/state"
[grpc]
  address = "$work/c.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/opt"
[plugins."io.containerd.grpc.v1.cri"]
  disable_tcp_service = true
  restrict_oom_score_adj = true
  sandbox_image = "localhost/pause:latest"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$work/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "mine"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mine]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mine.options]
  BinaryName = "$RUNTIME"
  SystemdCgroup = false
CONF
mkdir "$work/cni"
cat >"$work/cni/10-net.conflist" <<CONF
{"cniVersion": "0.4.0", "name": "net", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true,
 "ipam": {"type": "host-local", "subnet": "10.129.78.0/24", "dataDir": "$work/leases"}}]}
CONF
if [ -d /var/lib/cni ]; then mount -t tmpfs tmpfs /var/lib/cni; fi
containerd -c "$work/config.toml" >"$work/log" 2>&1 &
daemon=$!
# The namespace is the cgroup's directory.
c() { /usr/bin/ctr -a "$work/c.sock" -n "$parent" "$@"; }
within 100 c version || {
    tail -20 "$work/log"
    echo "not ok - containerd does not answer"
    exit 1
}
oci_archive "$work/box.tar" localhost/box:latest '["/bin/sh"]'
oci_archive "$work/pause.tar" localhost/pause:latest '["/bin/sleep","1000000"]'
box=localhost/box:latest
run="run --snapshotter ${STORAGE:-overlayfs} --runc-binary $RUNTIME"
# shellcheck disable=SC2086 # words
r() { c $run --rm "$@"; }

begin "By its own client"
check "an image is imported" 0 "*box*" c images import "$work/box.tar"
check "output and status are the program's" 8 "hello" r $box one /bin/sh -c 'echo hello; exit 8'
check "a program that is not there" 1 "*nosuch*" r $box one nosuch
# shellcheck disable=SC2016 # the container's shell
check "environment, directory" 0 "one /tmp" r --env A=one --cwd /tmp $box one sh -c 'echo $A $(pwd)'
mkdir "$work/dir" && echo outside >"$work/dir/file"
check "a directory of the machine, read-only root" 0 "outside*Read-only*" r --read-only --mount "type=bind,src=$work/dir,dst=/dir,options=rbind:ro" $box one sh -c 'cat /dir/file; touch /x 2>&1 || true'
check "with a terminal" 6 "*/dev/pts/0" on_terminal /usr/bin/ctr -a "$work/c.sock" -n "$parent" $run --rm -t $box one sh -c "'tty; exit 6'"
check "seccomp" 0 "Seccomp:*2" r --seccomp $box one grep Seccomp: /proc/self/status
check "the machine's network" 0 "$(stat -L -c %i /proc/self/ns/net)" r --net-host $box one stat -L -c %i /proc/self/ns/net
# shellcheck disable=SC2086 # words
check "in the background" 0 "" c $run -d --memory-limit 67108864 $box two sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done'
check "tasks" 0 "*two*RUNNING*" c tasks ls
check "exec" 4 "inside" c tasks exec --exec-id e1 two sh -c 'echo inside; exit 4'
check "exec with a terminal" 0 "*/dev/pts/*" on_terminal /usr/bin/ctr -a "$work/c.sock" -n "$parent" tasks exec -t --exec-id e2 two tty
check "exec of what is not there" 1 "*nosuch*" c tasks exec --exec-id e3 two nosuch
check "pause" 0 "" c tasks pause two
check "it is paused" 0 "*two*PAUSED*" c tasks ls
check "resume" 0 "" c tasks resume two
check "ps" 0 "PID*" c tasks ps two
check "metrics" 0 "*memory*67108864*" c tasks metrics two
check "kill" 0 "" c tasks kill -s TERM two
stopped() { c tasks ls | grep -q 'two.*STOPPED'; }
holds "it ends" within 50 stopped
check "its status is what its handler said" 0 "*exit code 9*" c tasks delete two
check "delete" 0 "" c containers delete two
# shellcheck disable=SC2086 # words
c $run -d $box three sleep 1000
check "delete of a running one" 0 "*" c tasks delete -f three
c containers delete three

begin "As Kubernetes drives it"
python=/usr/bin/python3 # Debian's, which has its packages
if $python -c 'import grpc, grpc_tools' 2>/dev/null; then
    $python -m grpc_tools.protoc -I"$here" --python_out="$work" --grpc_python_out="$work" "$here/cri.proto"
    for archive in box pause; do /usr/bin/ctr -a "$work/c.sock" -n k8s.io images import "$work/$archive.tar" >/dev/null; done
    pod_network=node
    if [ -x /usr/lib/cni/bridge ]; then pod_network=pod; fi
    # Its lines are TAP without numbers.
    PYTHONPATH=$work $python "$here/cri.py" "$work/c.sock" "/$parent/pods" "$work" $pod_network >"$work/cri.log" 2>&1
    status=$?
    while read -r line; do
        case $line in
        "ok "*) ok "${line#ok - }" ;;
        "not ok "*) not_ok "${line#not ok - }" ;;
        *) printf '# %s\n' "$line" ;;
        esac
    done <"$work/cri.log"
    is "the client has finished" $status 0
else
    echo "skipped: CRI: no gRPC for python (Debian packages python3-grpcio, python3-grpc-tools)"
fi

check "nothing is left of them" 0 "" c containers ls -q
[ "$failed" = 0 ] || grep -E 'level=(error|fatal)' "$work/log" | tail -5
kill "$daemon"
wait "$daemon"
finish
