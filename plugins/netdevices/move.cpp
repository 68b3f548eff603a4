// SPDX-License-Identifier: MIT
//
// When an interface moves, the kernel takes it down and removes its addresses. So they are read before and added again
// after the move. Only permanent ones of global scope, as the runtime-spec says, because the others belong to the
// network that the interface leaves.
//
// No descriptor of the namespace is kept open, because that would keep the interface from returning after the container
// has ended.
#include "move.hpp"

#include "names.hpp"
#include "netlink.hpp"

#include <cerrno>
#include <ctr/cpp/fd.hpp>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace netdevices {
namespace {

using ctr::Fd;
using ctr::Result;
using ctr::system_error;

int open_self() { return ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

/// True if both descriptors are of the same namespace, also if that cannot be found out.
bool same(int a, int b) {
    struct stat first {
    }, second{};
    if (::fstat(a, &first) != 0 || ::fstat(b, &second) != 0) return true;
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// The namespace to which the interface goes, and a socket in it.
struct Target {
    Fd space;
    Netlink netlink;
};

/// Enters the namespace to open a socket, and returns.
Result<Target> open_target(ctr::Run run) {
    const Fd own(open_self());
    if (!own.valid()) return system_error("open", "/proc/self/ns/net");
    const std::string path = run.str("path");
    const Fd named(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!path.empty() && !named.valid()) return system_error("open", path);
    if (!path.empty() && same(own.get(), named.get()))
        return ctr::invalid(path, "it is the machine's own network namespace");
    if (::setns(path.empty() ? run.fd("pidfd") : named.get(), CLONE_NEWNET) != 0)
        return system_error("setns", path.empty() ? "network" : path);
    auto netlink = Netlink::open();
    Fd space(open_self());
    const Result<> opened = space.valid() ? Result<>() : system_error("open", "/proc/self/ns/net");
    if (::setns(own.get(), CLONE_NEWNET) != 0) return system_error("setns", "/proc/self/ns/net");
    if (!netlink.ok()) return netlink.error();
    CTR_TRY(opened);
    return Target{std::move(space), std::move(netlink).value()};
}

/// The name that it gets there. It is checked that the name is free, because after the move it is too late to refuse.
Result<std::string> choose_name(Netlink &there, const std::string &wanted) {
    std::string name;
    for (int number = 0; number < 4096; ++number) {
        name = numbered(wanted, number);
        auto index = there.index_of(name);
        if (!index.ok()) {
            index.error().path = name;
            return index.error();
        }
        if (index.value() == 0) return name;
        if (name == wanted) break;
    }
    return ctr::Error{.error_class = CTR_E_EXISTS,
                      .message = "the container's network has an interface with this name",
                      .hint = "choose another name",
                      .path = name};
}

Result<> set_up(Netlink &there, const std::string &name, const std::vector<Address> &addresses) {
    CTR_ASSIGN(const int index, there.index_of(name));
    CTR_TRY(there.set_up(index));
    for (const Address &each : addresses)
        CTR_TRY(there.add_address(index, each));
    return {};
}

/// Moves one device. An error without a path is about that device.
Result<> move_device(ctr::Run run, const std::string &device) {
    CTR_ASSIGN(Netlink here, Netlink::open());
    CTR_ASSIGN(const int index, here.index_of(device));
    if (index == 0) return ctr::failure(CTR_E_NOT_FOUND, "the machine has no such interface", "ip link lists them");
    CTR_ASSIGN(const std::vector<Address> addresses, here.addresses(index));
    CTR_ASSIGN(Target there, open_target(run));
    CTR_ASSIGN(const std::string name, choose_name(there.netlink, run.str("name")));
    auto moved = here.move(index, there.space.get(), name);
    if (!moved.ok() && (moved.error().errno_value == EINVAL || moved.error().errno_value == EOPNOTSUPP))
        moved.error().hint = "interfaces of this sort belong to their network namespace";
    CTR_TRY(moved);
    auto done = set_up(there.netlink, name, addresses);
    if (!done.ok()) done.error().path = name;
    return done;
}

} // namespace

int move(ctr::Run run) {
    const std::string device = run.str("device");
    auto done = move_device(run, device);
    if (done.ok()) return 0;
    if (done.error().path.empty()) done.error().path = device;
    return run.fail(done.error());
}

int move_in_shell(ctr::Run run, ctr::Shell shell) {
    const std::string device = run.str("device"), name = run.str("name");
    const std::string at = run.has("path") ? run.str("path") : "/proc/" + run.str("pid") + "/ns/net";
    const std::string enter = "nsenter --net=" + at + " ";
    return shell.text("addresses=$(ip -o address show dev " + device +
                      " scope global permanent | awk '{print $4}')\n"
                      "ip link set " +
                      device + " netns " + at + " name " + name + "\n" + enter + "ip link set " + name +
                      " up\nfor address in $addresses; do " + enter + "ip address replace \"$address\" dev " + name +
                      "; done");
}

} // namespace netdevices
