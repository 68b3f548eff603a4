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
using ctr::Result;
using ctr::system_error;

Result<Fd> lock_state(const std::string &state_dir) {
    Fd out(open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.valid()) return system_error("open", state_dir);
    while (flock(out.get(), LOCK_EX) != 0)
        if (errno != EINTR) return system_error("flock", state_dir);
    return out;
}

Result<> touch(const std::string &path) {
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return file.valid() ? Result<>() : system_error("open", path);
}

Result<> make_directory(const std::string &path) {
    return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? Result<>() : system_error("mkdir", path);
}

/// The reference is taken first, so that nobody removes what is made next.
Result<> take_reference(const Shared &shared, const std::string &id) {
    const std::string path = shared.references() + "/" + id;
    if (touch(path).ok()) return {}; // the directories exist, as they do for all but the first container
    for (const std::string &directory : {shared.directory(), shared.leases(), shared.references()})
        CTR_TRY(make_directory(directory));
    return touch(path);
}

std::string making_file(const Shared &shared) { return shared.directory() + "/making"; }

bool has_mark(const Shared &shared, const std::string &alias) {
    return alias.rfind(owner_mark(shared.state_dir) + " ", 0) == 0;
}

ctr::Error no_bridge(const std::string &message, const std::string &hint) {
    return ctr::Error{.error_class = CTR_E_INVALID, .message = message, .hint = hint, .path = "/bridge"};
}

/// A bridge that somebody else made is used if it matches the config, and refused otherwise. It is never changed.
Result<> accept_foreign(Netlink &netlink, const Shared &shared, const Subnet &subnet, const Link &link) {
    if (link.alias.rfind("ctr:", 0) == 0)
        return no_bridge("the bridge " + shared.bridge + " belongs to a ctr with another run root (\"" + link.alias +
                             "\")",
                         "choose another name and another subnet in /bridge of the config");
    if (!link.up) return no_bridge("the bridge " + shared.bridge + " is down", "ip link set " + shared.bridge + " up");
    CTR_ASSIGN(const bool found, has_address(netlink, link.index, subnet));
    if (found) return {};
    return no_bridge("the bridge " + shared.bridge + " was not made by ctr and does not have the address " +
                         subnet.gateway_text(),
                     "ip addr add " + subnet.gateway_text() + " dev " + shared.bridge +
                         ", or set subnet and gateway in /bridge of the config to what it has");
}

Result<> check_existing(Netlink &netlink, const Shared &shared, const Subnet &subnet, const Link &link) {
    if (link.kind != "bridge")
        return no_bridge("the interface " + shared.bridge + " exists and is no bridge",
                         "choose another name in /bridge of the config");
    if (!has_mark(shared, link.alias)) return accept_foreign(netlink, shared, subnet, link);
    const std::string expected = owner_mark(shared.state_dir) + " " + subnet.gateway_text() + " ";
    if (link.alias.rfind(expected, 0) == 0) return link.up ? Result<>() : bring_up(netlink, link.index, shared.bridge);
    return no_bridge("the bridge " + shared.bridge + " is in use with another subnet (\"" + link.alias +
                         "\") than the config's " + subnet.gateway_text(),
                     "remove the containers that use it, or choose another name in /bridge of the config");
}

Result<> make_new(Netlink &netlink, const Shared &shared, const Subnet &subnet, int mtu) {
    CTR_ASSIGN(const std::string other, find_overlap(netlink, subnet, shared.bridge));
    if (!other.empty())
        return no_bridge("the subnet " + subnet.text() + " overlaps with that of the interface " + other,
                         "choose another subnet in /bridge of the config");
    if (mtu == 0) {
        CTR_ASSIGN(mtu, default_route_mtu(netlink));
    }
    CTR_TRY(touch(making_file(shared)));
    CTR_TRY(make_bridge(netlink, shared.bridge, subnet, mtu, bridge_alias(shared.state_dir, subnet.gateway_text())));
    unlink(making_file(shared).c_str());
    return {};
}

/// A crash between making and marking leaves a bridge without a mark. The file proves that it is ours.
Result<> clear_half_made(Netlink &netlink, const Shared &shared, std::optional<Link> &link) {
    if (access(making_file(shared).c_str(), F_OK) != 0) return {};
    if (link && link->kind == "bridge" && link->alias.empty()) {
        CTR_TRY(delete_link(netlink, shared.bridge));
        link.reset();
    }
    unlink(making_file(shared).c_str());
    return {};
}

std::string bridge_file(const Shared &shared) { return shared.directory() + "/bridge"; }

std::string description(const Link &link, const Subnet &subnet) {
    return std::to_string(link.index) + " " + subnet.gateway_text();
}

/// The bridge, if it is the one that was checked for an earlier container. Its index proves that, because the kernel
/// does not use an index twice.
std::optional<Link> remembered(const Shared &shared, const Subnet &subnet) {
    const std::string known = read_link(bridge_file(shared));
    if (known.empty()) return std::nullopt;
    auto link = glance_at_link(shared.bridge);
    return link && link->up && known == description(*link, subnet) ? link : std::nullopt;
}

Result<> remember(const Shared &shared, const Subnet &subnet, const Link &link) {
    const std::string path = bridge_file(shared);
    unlink(path.c_str());
    if (symlink(description(link, subnet).c_str(), path.c_str()) != 0) return system_error("symlink", path);
    return {};
}

Result<Link> ensure_bridge(const Shared &shared, const Subnet &subnet, int mtu) {
    if (const auto known = remembered(shared, subnet)) return *known;
    CTR_ASSIGN(Netlink netlink, Netlink::open(NETLINK_ROUTE));
    CTR_ASSIGN(std::optional<Link> link, find_link(netlink, shared.bridge));
    CTR_TRY(clear_half_made(netlink, shared, link));
    if (!link) {
        CTR_TRY(make_new(netlink, shared, subnet, mtu));
        CTR_ASSIGN(link, find_link(netlink, shared.bridge));
    }
    if (!link)
        return ctr::Error{.error_class = CTR_E_BUSY,
                          .message = "the new bridge " + shared.bridge + " was deleted at once",
                          .hint = "try again"};
    CTR_TRY(check_existing(netlink, shared, subnet, *link));
    CTR_TRY(remember(shared, subnet, *link));
    return *link;
}

bool is_ours(const Shared &shared, const std::optional<std::string> &comment) {
    return comment && (*comment + " ").rfind(owner_mark(shared.state_dir) + " ", 0) == 0;
}

/// A table of our name that somebody else made may have any rules, so it is unknown whether the containers can be
/// reached from outside. It is refused.
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

Result<> ensure_table(const Shared &shared, const Subnet &subnet) {
    const Rules rules{shared.bridge, subnet, shared.nat, shared.isolate};
    if (!rules.any()) return {};
    const std::string name = table_name(shared.bridge), mark = owner_mark(shared.state_dir);
    CTR_ASSIGN(const std::optional<std::string> comment, find_table(name));
    if (comment && !is_ours(shared, comment)) return foreign_table(name, *comment);
    if (comment != rules.comment(mark)) CTR_TRY(make_table(name, mark, rules));
    return shared.nat ? allow_forwarding() : Result<>(); // after the table: isolated first
}

/// Independent of this container's config, because another container may have had it made.
Result<> remove_table(const Shared &shared) {
    const std::string name = table_name(shared.bridge);
    const auto comment = find_table(name);
    if (!comment.ok() && comment.error().error_class == CTR_E_UNSUPPORTED) return {}; // then there is none
    if (!comment.ok()) return comment.error();
    return is_ours(shared, comment.value()) ? delete_table(name) : Result<>();
}

Result<> remove_bridge(const Shared &shared) {
    CTR_ASSIGN(Netlink netlink, Netlink::open(NETLINK_ROUTE));
    CTR_ASSIGN(std::optional<Link> link, find_link(netlink, shared.bridge));
    CTR_TRY(clear_half_made(netlink, shared, link));
    const bool ours = link && link->kind == "bridge" && has_mark(shared, link->alias);
    return ours ? delete_link(netlink, shared.bridge) : Result<>();
}

/// With the lock held and no reference left. Goes on after the first error, to remove as much as possible.
Result<> remove_shared(const Shared &shared) {
    auto table = remove_table(shared), bridge = remove_bridge(shared);
    unlink(bridge_file(shared).c_str());
    rmdir(shared.references().c_str());
    rmdir(shared.leases().c_str());
    rmdir(shared.directory().c_str());
    return table.ok() ? bridge : table;
}

} // namespace

Result<Link> acquire(const Shared &shared, const std::string &id, const Subnet &subnet, int mtu) {
    CTR_ASSIGN(const Fd lock, lock_state(shared.state_dir));
    CTR_TRY(take_reference(shared, id));
    CTR_ASSIGN(Link link, ensure_bridge(shared, subnet, mtu));
    CTR_TRY(ensure_table(shared, subnet));
    return link;
}

Result<> release(const Shared &shared, const std::string &id) {
    const auto lock = lock_state(shared.state_dir);
    if (!lock.ok()) return lock.error().errno_value == ENOENT ? Result<>() : lock.error(); // it never ran
    const std::string path = shared.references() + "/" + id;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("unlink", path);
    if (shared.keep || !list_directory(shared.references()).empty()) return {};
    return remove_shared(shared);
}

Result<bool> remove_unused(const Shared &shared) {
    const auto lock = lock_state(shared.state_dir);
    if (!lock.ok() && lock.error().errno_value == ENOENT) return true;
    if (!lock.ok()) return lock.error();
    if (!list_directory(shared.references()).empty()) return false;
    CTR_TRY(remove_shared(shared));
    return true;
}

} // namespace bridge
