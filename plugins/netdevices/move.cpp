// SPDX-License-Identifier: MIT
//
// The kernel takes an interface down and its addresses away when it moves. So they are read before and given again behind; permanent ones of
// global scope, as the runtime-spec says: the others belong to the network that the interface leaves.
//
// Nothing is kept open: whoever holds the namespace when the container is gone keeps the interface from coming back.
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

int fail(ctr::Run run, const Problem &problem, const std::string &device, const std::string &hint = {}) {
    return run.fail({.error_class = CTR_E_SYSTEM,
                     .hint = hint,
                     .errno_value = problem.errno_value,
                     .syscall = problem.what,
                     .path = device});
}

int open_self() { return ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

/// Two descriptors of one namespace, whatever the paths. What cannot be told counts as one.
bool same(int a, int b) {
    struct stat first {
    }, second{};
    if (::fstat(a, &first) != 0 || ::fstat(b, &second) != 0) return true;
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// Runs `work` in the target namespace; the process comes back at once.
template <typename Work> int inside(ctr::Run run, Work work) {
    const Fd own(open_self());
    if (own.get() < 0) return run.fail("open", "/proc/self/ns/net");
    const std::string path = run.str("path");
    const Fd named(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!path.empty() && named.get() < 0) return run.fail("open", path);
    if (!path.empty() && same(own.get(), named.get()))
        return run.fail(
            {.error_class = CTR_E_INVALID, .message = "it is the machine's own network namespace", .path = path});
    if (::setns(path.empty() ? run.fd("pidfd") : named.get(), CLONE_NEWNET) != 0)
        return run.fail("setns", path.empty() ? "network" : path);
    const int result = work();
    if (::setns(own.get(), CLONE_NEWNET) != 0) return run.fail("setns", "/proc/self/ns/net");
    return result;
}

/// The name that it gets there, which must be free: when it has moved it is too late to say no.
int choose_name(ctr::Run run, Netlink &there, const std::string &wanted, std::string &name) {
    for (int number = 0; number < 4096; ++number) {
        name = numbered(wanted, number);
        int index = 0;
        if (const Problem problem = there.index_of(name, index)) return fail(run, problem, name);
        if (index == 0) return 0;
        if (name == wanted) break;
    }
    return run.fail({.error_class = CTR_E_EXISTS,
                     .message = "the container's network has an interface with this name",
                     .hint = "choose another name",
                     .path = name});
}

int set_up(ctr::Run run, Netlink &there, const std::string &name, const std::vector<Address> &addresses) {
    int index = 0;
    Problem problem = there.index_of(name, index);
    if (!problem) problem = there.set_up(index);
    for (std::size_t i = 0; !problem && i < addresses.size(); ++i)
        problem = there.add_address(index, addresses[i]);
    return problem ? fail(run, problem, name) : 0;
}

} // namespace

int move(ctr::Run run) {
    const std::string device = run.str("device");
    Netlink here, there;
    Problem problem = here.open();
    int index = 0;
    if (!problem) problem = here.index_of(device, index);
    if (problem) return fail(run, problem, device);
    if (index == 0)
        return run.fail({.error_class = CTR_E_NOT_FOUND,
                         .message = "the machine has no such interface",
                         .hint = "ip link lists them",
                         .path = device});
    std::vector<Address> addresses;
    if ((problem = here.addresses(index, addresses))) return fail(run, problem, device);

    int target = -1;
    const int entered = inside(run, [&] {
        problem = there.open();
        target = open_self();
        return problem ? fail(run, problem, device) : target < 0 ? run.fail("open", "/proc/self/ns/net") : 0;
    });
    const Fd held(target);
    if (entered != 0) return -1;
    std::string name;
    if (choose_name(run, there, run.str("name"), name) != 0) return -1;
    if ((problem = here.move(index, held.get(), name)))
        return fail(run, problem, device,
                    problem.errno_value == EINVAL || problem.errno_value == EOPNOTSUPP
                        ? "interfaces of this sort belong to their network namespace"
                        : "");
    return set_up(run, there, name, addresses);
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
