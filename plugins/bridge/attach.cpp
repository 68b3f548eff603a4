// SPDX-License-Identifier: MIT
//
// The veth pair between the bridge and the container.
//
// Making it takes two netlink batches. In the machine's namespace one request makes both ends, the container's directly
// inside its namespace. Then a socket that was opened inside that namespace brings up lo and eth0 and adds address and
// route in one sendmsg. No descriptor of the namespace is kept, because it would keep the namespace and the pair alive
// after the container's processes have ended.
//
// Undo: deleting a link in the foreground waits for RCU grace periods (10 to 30 ms here). When nothing holds the
// container's namespace any more, the kernel deletes the pair itself, in a worker, at no cost for us. So the undo asks
// whether the namespace is still held. If not, there is nothing to do. If it is held (mostly by a socket that was
// closed a moment ago, which the kernel releases one grace period later; sometimes by a TCP connection that is still
// closing or by somebody's nsenter), the undo takes the machine's end off the bridge and down (0.4 ms). Then nobody can
// reach the old address, which may be given to another container, and the pair disappears later with the namespace.
#include "arguments.hpp"
#include "files.hpp"
#include "links.hpp"
#include "names.hpp"
#include "steps.hpp"

#include <cerrno>
#include <ctr/cpp/fd.hpp>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

namespace bridge {
namespace {

using ctr::Fd;
using ctr::Result;
using ctr::system_error;

/// Opens a netlink socket in the network namespace of the process behind `pidfd`. The socket stays in that namespace;
/// the caller returns to its own.
Result<Netlink> open_inside(int pidfd) {
    const Fd own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!own.valid()) return system_error("open", "/proc/self/ns/net");
    if (setns(pidfd, CLONE_NEWNET) != 0)
        return system_error("setns", "network",
                            "needs CAP_SYS_ADMIN in the user namespace that owns the container's network");
    auto netlink = Netlink::open(NETLINK_ROUTE);
    if (setns(own.get(), CLONE_NEWNET) != 0) return system_error("setns", "/proc/self/ns/net");
    return netlink;
}

VethPair pair_of(ctr::Run run, Address address) {
    return {{},
            static_cast<int>(run.integer("index")),
            static_cast<int>(run.integer("mtu")),
            run.str("interface"),
            hardware_address(address),
            static_cast<int>(run.integer("pid"))};
}

/// The first free name of the container's link names: usually number 0.
std::string free_name(const Netlink &netlink, const std::string &stem) {
    for (int number = 0; number < link_numbers; ++number)
        if (netlink.index_of(link_name(stem, number)) == 0) return link_name(stem, number);
    return link_name(stem, 0);
}

/// Makes the pair and sets its name. Returns the id of the namespace of the other end.
Result<int> make_veth_pair(VethPair &pair, const std::string &stem) {
    CTR_ASSIGN(Netlink netlink, Netlink::open(NETLINK_ROUTE));
    pair.name = free_name(netlink, stem);
    CTR_TRY(netlink.send(veth_message(pair)));
    return namespace_id(netlink, pair.peer_pid);
}

/// Undoes one of the container's links; `recorded` is the id of the namespace of its other end, -1 if it is not known.
Result<> take_back(Netlink &netlink, const std::string &name, int recorded) {
    const int index = netlink.index_of(name);
    if (index == 0) return {};
    int id = recorded;
    if (id < 0) {
        CTR_ASSIGN(const std::optional<Link> link, find_link(netlink, name));
        if (!link || link->kind != "veth") return {};
        id = link->peer_namespace;
    }
    bool held = true;
    if (id >= 0) {
        CTR_ASSIGN(held, namespace_is_held(netlink, id));
    }
    return held ? unplug_link(netlink, index, name) : Result<>();
}

} // namespace

int attach(ctr::Run run) {
    const auto address = parse_address(run.str("address"));
    if (!address)
        return run.fail({.error_class = CTR_E_INTERNAL,
                         .message = "the leased address is no IPv4 address",
                         .path = run.str("address")});
    VethPair pair = pair_of(run, *address);
    const auto id = make_veth_pair(pair, run.str("stem"));
    if (!id.ok()) return run.fail(id.error());
    if (run.output("link", pair.name) != 0 || run.output("namespace", std::int64_t{id.value()}) != 0) return -1;
    auto inside = open_inside(run.fd("pidfd"));
    if (!inside.ok()) return run.fail(inside.error());
    const auto done = configure_inside(inside.value(), run.str("interface"), *address, subnet_of(run));
    return done.ok() ? 0 : run.fail(done.error());
}

int attach_undo(ctr::Run run) {
    auto netlink = Netlink::open(NETLINK_ROUTE);
    if (!netlink.ok()) return run.fail(netlink.error());
    if (const auto name = run.recorded("link")) {
        const int id = static_cast<int>(run.recorded_int("namespace").value_or(-1));
        const auto done = take_back(netlink.value(), *name, id);
        return done.ok() ? 0 : run.fail(done.error());
    }
    const std::string stem = run.str("stem"); // the step did not finish
    for (int number = 0; number < link_numbers; ++number)
        if (auto done = take_back(netlink.value(), link_name(stem, number), -1); !done.ok())
            return run.fail(done.error());
    return 0;
}

int attach_shell(ctr::Run run, ctr::Shell shell) {
    const std::string pid = run.str("pid"), interface = run.str("interface"), mtu = run.str("mtu");
    const Subnet subnet = subnet_of(run);
    const auto inside = [&](std::vector<std::string> command) {
        std::vector<std::string> all = {"nsenter", "-t", pid, "-n", "ip"};
        all.insert(all.end(), command.begin(), command.end());
        return shell.cmd(all);
    };
    // The hardware address as hardware_address() makes it.
    if (shell.text("hardware=$(echo " + run.str("address") +
                   " | { IFS=. read -r a b c d; printf '02:63:%02x:%02x:%02x:%02x' $a $b $c $d; })\n"
                   "ip link add " +
                   link_name(run.str("stem"), 0) + " mtu " + mtu + " master " + run.str("bridge") +
                   " up type veth peer name " + interface + " address $hardware mtu " + mtu + " netns " + pid + "\n") !=
        0)
        return -1;
    if (inside({"link", "set", "lo", "up"}) != 0 || inside({"link", "set", interface, "up"}) != 0) return -1;
    if (inside({"addr", "add", run.str("address") + "/" + std::to_string(subnet.prefix), "broadcast", "+", "dev",
                interface}) != 0)
        return -1;
    return inside({"route", "add", "default", "via", format(subnet.gateway), "dev", interface});
}

int attach_shell_undo(ctr::Run run, ctr::Shell shell) {
    // Usually it was deleted with the container's namespace already.
    return shell.text("ip link delete " + link_name(run.str("stem"), 0) + " 2>/dev/null || :\n");
}

} // namespace bridge
