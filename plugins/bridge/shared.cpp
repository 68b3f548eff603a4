// SPDX-License-Identifier: MIT
#include "shared.hpp"

#include "files.hpp"
#include "names.hpp"
#include "nat.hpp"

#include <cerrno>
#include <ctr/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bridge {
namespace {

using ctr::Fd;

Problem lock_state(const std::string &state_dir, Fd &out) {
    out = Fd(open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.valid()) return system_problem("open", state_dir);
    while (flock(out.get(), LOCK_EX) != 0)
        if (errno != EINTR) return system_problem("flock", state_dir);
    return std::nullopt;
}

Problem touch(const std::string &path) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return file.valid() ? std::nullopt : system_problem("open", path);
}

Problem make_directory(const std::string &path) {
    return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? std::nullopt : system_problem("mkdir", path);
}

/// The reference comes first: with it there, nobody takes away what is made next.
Problem take_reference(const Shared &shared, const std::string &id) {
    const std::string path = shared.references() + "/" + id;
    if (!touch(path))
        return std::nullopt; // no problem: the directories exist, as they do for all but the first container
    for (const std::string &directory : {shared.directory(), shared.leases(), shared.references()})
        if (Problem p = make_directory(directory)) return p;
    return touch(path);
}

std::string making_file(const Shared &shared) { return shared.directory() + "/making"; }

bool has_mark(const Shared &shared, const std::string &alias) {
    return alias.rfind(owner_mark(shared.state_dir) + " ", 0) == 0;
}

ctr::Error no_bridge(const std::string &message, const std::string &hint) {
    return ctr::Error{.error_class = CTR_E_INVALID, .message = message, .hint = hint, .path = "/bridge"};
}

/// A bridge that somebody made is used if it is what the config says; otherwise nothing is changed.
Problem accept_foreign(Netlink &netlink, const Shared &shared, const Subnet &subnet, const Link &link) {
    if (link.alias.rfind("ctr:", 0) == 0)
        return no_bridge("the bridge " + shared.bridge + " belongs to a ctr with another run root (\"" + link.alias +
                             "\")",
                         "choose another name and another subnet in /bridge of the config");
    if (!link.up) return no_bridge("the bridge " + shared.bridge + " is down", "ip link set " + shared.bridge + " up");
    bool found = false;
    if (Problem p = has_address(netlink, link.index, subnet, found)) return p;
    if (found) return std::nullopt;
    return no_bridge("the bridge " + shared.bridge + " was not made by ctr and does not have the address " +
                         subnet.gateway_text(),
                     "ip addr add " + subnet.gateway_text() + " dev " + shared.bridge +
                         ", or set subnet and gateway in /bridge of the config to what it has");
}

Problem check_existing(Netlink &netlink, const Shared &shared, const Subnet &subnet, const Link &link) {
    if (link.kind != "bridge")
        return no_bridge("the interface " + shared.bridge + " exists and is no bridge",
                         "choose another name in /bridge of the config");
    if (!has_mark(shared, link.alias)) return accept_foreign(netlink, shared, subnet, link);
    const std::string expected = owner_mark(shared.state_dir) + " " + subnet.gateway_text() + " ";
    if (link.alias.rfind(expected, 0) == 0)
        return link.up ? std::nullopt : bring_up(netlink, link.index, shared.bridge);
    return no_bridge("the bridge " + shared.bridge + " is in use with another subnet (\"" + link.alias +
                         "\") than the config's " + subnet.gateway_text(),
                     "remove the containers that use it, or choose another name in /bridge of the config");
}

Problem make_new(Netlink &netlink, const Shared &shared, const Subnet &subnet, int mtu) {
    std::string other;
    if (Problem p = find_overlap(netlink, subnet, shared.bridge, other)) return p;
    if (!other.empty())
        return no_bridge("the subnet " + subnet.text() + " overlaps with that of the interface " + other,
                         "choose another subnet in /bridge of the config");
    if (mtu == 0)
        if (Problem p = default_route_mtu(netlink, mtu)) return p;
    if (Problem p = touch(making_file(shared))) return p;
    if (Problem p =
            make_bridge(netlink, shared.bridge, subnet, mtu, bridge_alias(shared.state_dir, subnet.gateway_text())))
        return p;
    unlink(making_file(shared).c_str());
    return std::nullopt;
}

/// A crash between making and marking left a bridge without a mark; the file says that it is ours.
Problem clear_half_made(Netlink &netlink, const Shared &shared, std::optional<Link> &link) {
    if (access(making_file(shared).c_str(), F_OK) != 0) return std::nullopt;
    if (link && link->kind == "bridge" && link->alias.empty()) {
        if (Problem p = delete_link(netlink, shared.bridge)) return p;
        link.reset();
    }
    unlink(making_file(shared).c_str());
    return std::nullopt;
}

std::string bridge_file(const Shared &shared) { return shared.directory() + "/bridge"; }

std::string description(const Link &link, const Subnet &subnet) {
    return std::to_string(link.index) + " " + subnet.gateway_text();
}

/// The bridge is the one that was checked for an earlier container: indexes are not given twice.
bool is_remembered(const Shared &shared, const Subnet &subnet, Link &out) {
    const std::string known = read_link(bridge_file(shared));
    return !known.empty() && glance_at_link(shared.bridge, out) && out.up && known == description(out, subnet);
}

Problem remember(const Shared &shared, const Subnet &subnet, const Link &link) {
    const std::string path = bridge_file(shared);
    unlink(path.c_str());
    return symlink(description(link, subnet).c_str(), path.c_str()) == 0 ? std::nullopt
                                                                         : system_problem("symlink", path);
}

Problem ensure_bridge(const Shared &shared, const Subnet &subnet, int mtu, Link &out) {
    if (is_remembered(shared, subnet, out)) return std::nullopt;
    Netlink netlink;
    if (Problem p = netlink.open(NETLINK_ROUTE)) return p;
    std::optional<Link> link;
    if (Problem p = find_link(netlink, shared.bridge, link)) return p;
    if (Problem p = clear_half_made(netlink, shared, link)) return p;
    if (!link) {
        if (Problem p = make_new(netlink, shared, subnet, mtu)) return p;
        if (Problem p = find_link(netlink, shared.bridge, link)) return p;
    }
    if (!link)
        return ctr::Error{.error_class = CTR_E_BUSY,
                          .message = "the new bridge " + shared.bridge + " was deleted at once",
                          .hint = "try again"};
    out = *link;
    if (Problem p = check_existing(netlink, shared, subnet, *link)) return p;
    return remember(shared, subnet, *link);
}

bool is_ours(const Shared &shared, const std::optional<std::string> &comment) {
    return comment && (*comment + " ").rfind(owner_mark(shared.state_dir) + " ", 0) == 0;
}

/// A table of our name that somebody else made may say anything: with it there, nobody knows whether the containers can
/// be reached from outside.
ctr::Error foreign_table(const std::string &name, const std::string &comment) {
    return ctr::Error{.error_class = CTR_E_INVALID,
                      .message = "the nft table inet " + name +
                                 " exists and was not made by this ctr (its comment: \"" + comment + "\")",
                      .hint =
                          "delete it (`nft delete table inet " + name +
                          "`), choose another name in /bridge of the config, or set \"nat\" and \"isolate\" to false "
                          "there if it is to do both",
                      .path = "/bridge"};
}

Problem ensure_table(const Shared &shared, const Subnet &subnet) {
    const Rules rules{shared.bridge, subnet, shared.nat, shared.isolate};
    if (!rules.any()) return std::nullopt;
    const std::string name = table_name(shared.bridge), mark = owner_mark(shared.state_dir);
    std::optional<std::string> comment;
    if (Problem p = find_table(name, comment)) return p;
    if (comment && !is_ours(shared, comment)) return foreign_table(name, *comment);
    if (comment != rules.comment(mark))
        if (Problem p = make_table(name, mark, rules)) return p;
    return shared.nat ? allow_forwarding() : std::nullopt; // behind the table: never open and not yet isolated
}

/// Whatever this container's config says of it: another container may have had it made.
Problem remove_table(const Shared &shared) {
    const std::string name = table_name(shared.bridge);
    std::optional<std::string> comment;
    if (Problem p = find_table(name, comment))
        return p->error_class == CTR_E_UNSUPPORTED ? std::nullopt : p; // then there is none
    return is_ours(shared, comment) ? delete_table(name) : std::nullopt;
}

Problem remove_bridge(const Shared &shared) {
    Netlink netlink;
    if (Problem p = netlink.open(NETLINK_ROUTE)) return p;
    std::optional<Link> link;
    if (Problem p = find_link(netlink, shared.bridge, link)) return p;
    if (Problem p = clear_half_made(netlink, shared, link)) return p;
    return link && link->kind == "bridge" && has_mark(shared, link->alias) ? delete_link(netlink, shared.bridge)
                                                                           : std::nullopt;
}

/// With the lock held and no reference left. Goes on past the first problem: what can go, goes.
Problem remove_shared(const Shared &shared) {
    Problem problem = remove_table(shared);
    Problem other = remove_bridge(shared);
    if (!problem) problem = std::move(other);
    unlink(bridge_file(shared).c_str());
    rmdir(shared.references().c_str());
    rmdir(shared.leases().c_str());
    rmdir(shared.directory().c_str());
    return problem;
}

} // namespace

Problem acquire(const Shared &shared, const std::string &id, const Subnet &subnet, int mtu, Link &out) {
    Fd lock;
    if (Problem p = lock_state(shared.state_dir, lock)) return p;
    if (Problem p = take_reference(shared, id)) return p;
    if (Problem p = ensure_bridge(shared, subnet, mtu, out)) return p;
    return ensure_table(shared, subnet);
}

Problem release(const Shared &shared, const std::string &id) {
    Fd lock;
    if (Problem p = lock_state(shared.state_dir, lock))
        return p->errno_value == ENOENT ? std::nullopt : p; // no state directory: it never ran
    const std::string path = shared.references() + "/" + id;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return system_problem("unlink", path);
    if (shared.keep || !list_directory(shared.references()).empty()) return std::nullopt;
    return remove_shared(shared);
}

Problem remove_unused(const Shared &shared, bool &busy) {
    Fd lock;
    if (Problem p = lock_state(shared.state_dir, lock)) return p->errno_value == ENOENT ? std::nullopt : p;
    busy = !list_directory(shared.references()).empty();
    return busy ? std::nullopt : remove_shared(shared);
}

} // namespace bridge
