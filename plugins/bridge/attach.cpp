// SPDX-License-Identifier: MIT
//
// The veth pair between the bridge and the container.
//
// Making it: two netlink batches. In the machine's namespace one request makes both ends, the container's directly inside its namespace; then a socket
// that was opened inside it brings up lo and eth0 and gives address and route in one sendmsg. No descriptor of the namespace is kept: it would hold the
// namespace when the container's processes are gone, and with it the pair.
//
// Taking it back: deleting a link in the foreground waits for RCU grace periods (10 to 30 ms here), while the kernel deletes the pair for nothing, in a worker,
// when nobody holds the container's namespace any more. So the undo asks whether the namespace is still held. If not, the pair is as good as gone. If it is, mostly
// by a socket that was closed a moment ago (the kernel drops its hold one grace period later), sometimes by a TCP connection that still closes or by somebody's
// nsenter, then the machine's end is taken off the bridge and down (0.4 ms): nobody can meet the old address, which is about to be given to others, and the
// pair still goes with the namespace, whenever that is.
#include "arguments.hpp"
#include "files.hpp"
#include "links.hpp"
#include "names.hpp"
#include "steps.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

namespace bridge {
namespace {

/// Opens a netlink socket in the network namespace of the process behind `pidfd`. The socket stays there, the caller comes back at once.
Problem open_inside(int pidfd, Netlink &out) {
    const Fd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!own) return system_problem("open", "/proc/self/ns/net");
    if (setns(pidfd, CLONE_NEWNET) != 0)
        return system_problem("setns", "network",
                              "needs CAP_SYS_ADMIN in the user namespace that owns the container's network");
    Problem problem = out.open(NETLINK_ROUTE);
    if (setns(own.get(), CLONE_NEWNET) != 0) return system_problem("setns", "/proc/self/ns/net");
    return problem;
}

VethPair pair_of(ctr::Run run, Address address) {
    return {run.str("link"),
            static_cast<int>(run.integer("index")),
            static_cast<int>(run.integer("mtu")),
            run.str("interface"),
            hardware_address(address),
            static_cast<int>(run.integer("pid"))};
}

Problem make_pair(const VethPair &pair, int &namespace_number) {
    Netlink netlink;
    if (Problem p = netlink.open(NETLINK_ROUTE)) return p;
    Problem problem = netlink.send(veth_message(pair));
    if (problem && problem->errno_value == EEXIST) {
        // The name is made of our state directory and the container's id: an earlier container of this id whose namespace is just dying.
        if (Problem p = delete_link(netlink, pair.name)) return p;
        problem = netlink.send(veth_message(pair));
    }
    return problem ? problem : namespace_id(netlink, pair.peer_pid, namespace_number);
}

} // namespace

int attach(ctr::Run run) {
    const auto address = parse_address(run.str("address"));
    if (!address)
        return run.fail({CTR_E_INTERNAL, "the leased address is no IPv4 address", {}, 0, {}, run.str("address")});
    int id = -1;
    if (Problem p = make_pair(pair_of(run, *address), id)) return run.fail(*p);
    if (run.output("namespace", std::int64_t{id}) != 0) return -1;
    Netlink inside;
    if (Problem p = open_inside(run.fd("pidfd"), inside)) return run.fail(*p);
    if (Problem p = configure_inside(inside, run.str("interface"), *address, subnet_of(run))) return run.fail(*p);
    return 0;
}

int attach_undo(ctr::Run run) {
    const std::string name = run.str("link");
    Netlink netlink;
    if (Problem p = netlink.open(NETLINK_ROUTE)) return run.fail(*p);
    const int index = netlink.index_of(name);
    if (index == 0) return 0;
    std::int64_t id = run.recorded_int("namespace").value_or(-1);
    if (id < 0) { // the step did not finish
        std::optional<Link> link;
        if (Problem p = find_link(netlink, name, link)) return run.fail(*p);
        if (!link || link->kind != "veth") return 0;
        id = link->peer_namespace;
    }
    bool held = true;
    if (id >= 0)
        if (Problem p = namespace_is_held(netlink, static_cast<int>(id), held)) return run.fail(*p);
    if (!held) return 0;
    const Problem problem = unplug_link(netlink, index, name);
    return problem ? run.fail(*problem) : 0;
}

int attach_shell(ctr::Run run, ctr::Shell shell) {
    const std::string pid = run.str("pid"), interface = run.str("interface"), mtu = run.str("mtu");
    const Subnet subnet = subnet_of(run);
    const auto inside = [&](std::vector<std::string> command) {
        std::vector<std::string> all = {"nsenter", "-t", pid, "-n", "ip"};
        all.insert(all.end(), command.begin(), command.end());
        return shell.cmd(all);
    };
    if (shell.cmd({"ip", "link", "add", run.str("link"), "mtu", mtu, "master", run.str("bridge"), "up", "type", "veth",
                   "peer", "name", interface, "mtu", mtu, "netns", pid}) != 0)
        return -1;
    if (inside({"link", "set", "lo", "up"}) != 0 || inside({"link", "set", interface, "up"}) != 0) return -1;
    if (inside({"addr", "add", run.str("address") + "/" + std::to_string(subnet.prefix), "broadcast", "+", "dev",
                interface}) != 0)
        return -1;
    return inside({"route", "add", "default", "via", format(subnet.gateway), "dev", interface});
}

int attach_shell_undo(ctr::Run run, ctr::Shell shell) {
    // Usually gone already, with the container's namespace.
    return shell.text("ip link delete " + run.str("link") + " 2>/dev/null || :\n");
}

} // namespace bridge
