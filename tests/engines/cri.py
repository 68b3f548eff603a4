# SPDX-License-Identifier: MIT
#
# cri.py SOCKET CGROUP_PARENT DIRECTORY pod|node: does with containerd's CRI plugin what a kubelet does. containerd.sh calls it. One line for each
# check.
import os
import sys
import time

import cri_pb2 as api
import cri_pb2_grpc
import grpc

socket, parent, directory, network = sys.argv[1:]
kubelet = cri_pb2_grpc.RuntimeServiceStub(grpc.insecure_channel("unix://" + socket))
RUNNING, EXITED = 1, 2


def check(sentence, got, wanted):
    if got == wanted if not callable(wanted) else wanted(got):
        print("ok - " + sentence)
    else:
        print(f"not ok - {sentence}: got {got!r}" + ("" if callable(wanted) else f", wanted {wanted!r}"))


def refused(call, request):
    try:
        call(request)
    except grpc.RpcError as error:
        return error.details()
    return "accepted"


namespaces = api.NamespaceOption(network=api.POD if network == "pod" else api.NODE, pid=api.CONTAINER)
sandbox = api.PodSandboxConfig(
    metadata=api.PodSandboxMetadata(name="pod", uid="uid", namespace="default"),
    hostname="podhost" if network == "pod" else "",
    log_directory=directory + "/pods",
    linux=api.LinuxPodSandboxConfig(cgroup_parent=parent, sysctls={"kernel.shmmax": "2000"},
                                    security_context=api.LinuxSandboxSecurityContext(namespace_options=namespaces)))
pod = kubelet.RunPodSandbox(api.RunPodSandboxRequest(config=sandbox, runtime_handler="mine")).pod_sandbox_id
status = kubelet.PodSandboxStatus(api.SandboxRequest(pod_sandbox_id=pod)).status
check("RunPodSandbox: it is ready", status.state, 0)
if network == "pod":
    check("it has an address", status.network.ip.rsplit(".", 1)[0], "10.129.78")


def create(name, command, **security):
    config = api.ContainerConfig(
        metadata=api.ContainerMetadata(name=name), image=api.ImageSpec(image="localhost/box:latest"), command=command,
        envs=[api.KeyValue(key="WHO", value="kubelet")], log_path=name + ".log",
        mounts=[api.Mount(container_path="/dir", host_path=directory + "/dir", readonly=True)],
        linux=api.LinuxContainerConfig(
            resources=api.LinuxContainerResources(memory_limit_in_bytes=64 << 20, cpu_period=100000, cpu_quota=50000),
            security_context=api.LinuxContainerSecurityContext(
                namespace_options=namespaces, masked_paths=["/proc/kcore", "/proc/timer_list"],
                readonly_paths=["/proc/sys"], seccomp=api.SecurityProfile(profile_type=0), **security)))
    return kubelet.CreateContainer(
        api.CreateContainerRequest(pod_sandbox_id=pod, config=config, sandbox_config=sandbox)).container_id


def of(container):
    return api.ContainerRequest(container_id=container)


def run(container, command):
    done = kubelet.ExecSync(api.ExecSyncRequest(container_id=container, cmd=["sh", "-c", command], timeout=20))
    return done.exit_code, (done.stdout + done.stderr).decode().strip()


def state(container):
    return kubelet.ContainerStatus(of(container)).status


def ended(container):
    for _ in range(100):
        if state(container).state == EXITED:
            break
        time.sleep(0.1)
    return state(container).exit_code


LIMIT = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
one = create("one", ["sh", "-c", 'echo "begun by $WHO"; trap "exit 9" TERM; while :; do sleep 0.1; done'])
check("CreateContainer: it waits", state(one).state, 0)
kubelet.StartContainer(of(one))
check("StartContainer: it runs", state(one).state, RUNNING)
check("ExecSync: output and status", run(one, "echo inside; echo beside >&2; exit 6"), (6, "inside\nbeside"))
check("a program that is not there is refused", refused(kubelet.ExecSync, api.ExecSyncRequest(container_id=one, cmd=["nosuch"])),
      lambda text: "nosuch" in text)
check("its limit", run(one, LIMIT), (0, "67108864"))
check("the sandbox's sysctl", run(one, "cat /proc/sys/kernel/shmmax"), (0, "2000"))
check("its mount", run(one, "cat /dir/file; touch /dir/x 2>/dev/null || echo closed"), (0, "outside\nclosed"))
check("the default seccomp profile", run(one, "grep Seccomp: /proc/self/status"), (0, "Seccomp:\t2"))
if network == "pod":
    check("the sandbox's name and network", run(one, "hostname; ip -4 addr show eth0 | grep -c " + status.network.ip), (0, "podhost\n1"))
kubelet.UpdateContainerResources(api.UpdateContainerResourcesRequest(
    container_id=one, linux=api.LinuxContainerResources(memory_limit_in_bytes=96 << 20, cpu_shares=512)))
check("UpdateContainerResources: its new limit", run(one, LIMIT), (0, str(96 << 20)))
stats = kubelet.ContainerStats(of(one)).stats
check("ContainerStats: processor time", stats.cpu.usage_core_nano_seconds.value, lambda value: value > 0)
check("ContainerStats: memory", stats.memory.working_set_bytes.value, lambda value: 0 < value < 96 << 20)
kubelet.StopContainer(api.StopContainerRequest(container_id=one, timeout=10))
check("StopContainer: its handler's status", (state(one).state, state(one).exit_code), (EXITED, 9))
log = open(os.path.join(directory, "pods", "one.log"), encoding="utf-8").read()
check("its log", log, lambda text: "stdout F begun by kubelet" in text)
kubelet.RemoveContainer(of(one))
check("RemoveContainer: it is unknown", refused(kubelet.ContainerStatus, of(one)), lambda text: "not found" in text)

two = create("two", ["sh", "-c", "id -u; id -G; touch /x; grep -E 'NoNew|CapEff' /proc/self/status; exit 3"],
             run_as_user=api.Int64Value(value=1000), supplemental_groups=[2000, 3000], readonly_rootfs=True,
             no_new_privs=True, capabilities=api.Capability(drop_capabilities=["ALL"]))
kubelet.StartContainer(of(two))
check("a user, groups, read-only, no privileges: status", ended(two), 3)
log = open(os.path.join(directory, "pods", "two.log"), encoding="utf-8").read()
for word in ("F 1000\n", " 2000 3000", "Read-only file system", "NoNewPrivs:\t1", "CapEff:\t0000000000000000"):
    check("it says " + word.strip(), log, lambda text, word=word: word in text)

three = create("three", ["tail", "/dev/zero"])
kubelet.StartContainer(of(three))
check("killed for lack of memory", (ended(three), state(three).reason), (137, "OOMKilled"))
four = create("four", ["/nosuch"])
check("a container whose program is not there does not start", refused(kubelet.StartContainer, of(four)), lambda text: "nosuch" in text)
five = create("five", ["sleep", "1000"])
kubelet.StartContainer(of(five))
kubelet.StopPodSandbox(api.SandboxRequest(pod_sandbox_id=pod))
check("StopPodSandbox ends its containers", ended(five), 137)
check("and the sandbox", kubelet.PodSandboxStatus(api.SandboxRequest(pod_sandbox_id=pod)).status.state, 1)
kubelet.RemovePodSandbox(api.SandboxRequest(pod_sandbox_id=pod))
check("RemovePodSandbox: it is unknown", refused(kubelet.PodSandboxStatus, api.SandboxRequest(pod_sandbox_id=pod)),
      lambda text: "not found" in text)
