// SPDX-License-Identifier: MIT
#include "extension.hpp"

#include "files.hpp"
#include "leases.hpp"
#include "names.hpp"
#include "nat.hpp"
#include "shared.hpp"

#include <cerrno>
#include <ctr/ext/network.h>
#include <ctr/plugin.hpp>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bridge {
namespace {

/// Calls `visit` for each bridge that has state here. The config's `nat` and `keep` are not known here.
template <typename Visit> void each_shared(const std::string &state_dir, Visit visit) {
    for (const std::string &name : list_directory(state_dir)) {
        struct stat is {};
        const Shared shared{state_dir, name, false, false, false};
        if (is_interface_name(name) && stat(shared.references().c_str(), &is) == 0 && S_ISDIR(is.st_mode))
            visit(shared);
    }
}

struct Report {
    ctr_network_found found;
    void *user;
    void operator()(const char *type, const std::string &id, const std::string &detail) const {
        found(user, type, ctr::str(id), ctr::str(detail));
    }
};

/// Calls `visit` for each link of the container that is there.
template <typename Visit>
void each_link(const Netlink &netlink, const std::string &state_dir, const std::string &id, Visit visit) {
    const std::string stem = link_stem(state_dir, id);
    for (int number = 0; number < link_numbers; ++number)
        if (const std::string name = link_name(stem, number); netlink.index_of(name) != 0) visit(name);
}

int list_one(const Shared &shared, const Report &report) {
    std::set<std::string> reported;
    for (const auto &[address, id] : list_leases(shared.leases())) {
        report("lease", id, shared.bridge + " " + address);
        reported.insert(id);
    }
    auto netlink = Netlink::open(NETLINK_ROUTE);
    if (!netlink.ok()) return -1;
    for (const std::string &id : list_directory(shared.references())) {
        // A container that died between the two steps has a reference and no address.
        if (reported.count(id) == 0) report("lease", id, shared.bridge);
        each_link(netlink.value(), shared.state_dir, id, [&](const std::string &name) { report("link", id, name); });
    }
    const auto found = find_link(netlink.value(), shared.bridge);
    if (!found.ok()) return -1;
    const std::string mark = owner_mark(shared.state_dir), name = table_name(shared.bridge);
    const auto &link = found.value();
    if (link && link->alias.rfind(mark, 0) == 0) report("bridge", shared.bridge, link->alias);
    const auto comment = find_table(name);
    if (comment.ok() && comment.value().value_or("").rfind(mark, 0) == 0) report("table", name, "inet");
    return 0;
}

int list(const ctr_places *places, ctr_network_found found, void *user) noexcept try {
    int result = 0;
    each_shared(places->state_dir, [&](const Shared &shared) { result |= list_one(shared, {found, user}); });
    return result;
} catch (const std::exception &) {
    return -1;
}

/// Removes the address and the reference together, because without the reference a container no longer holds the
/// bridge.
int collect_lease(const std::string &state_dir, const std::string &id) {
    int result = 0;
    each_shared(state_dir, [&](const Shared &shared) {
        if (!give_back(shared.leases(), id, "").ok()) result = -1;
        if (access((shared.references() + "/" + id).c_str(), F_OK) == 0 && !release(shared, id).ok()) result = -1;
    });
    return result;
}

int collect_link(const std::string &state_dir, const std::string &id) {
    auto netlink = Netlink::open(NETLINK_ROUTE);
    if (!netlink.ok()) return -1;
    int result = 0;
    each_link(netlink.value(), state_dir, id, [&](const std::string &name) {
        if (!delete_link(netlink.value(), name).ok()) result = -1;
    });
    return result;
}

/// Removes bridge and table together, and only if no container uses them.
int collect_shared(const std::string &state_dir, const std::string &type, const std::string &id) {
    int result = 0;
    each_shared(state_dir, [&](const Shared &shared) {
        if (id != (type == "bridge" ? shared.bridge : table_name(shared.bridge))) return;
        const auto removed = remove_unused(shared);
        if (!removed.ok()) result = -1;
        if (removed.ok() && !removed.value()) errno = EBUSY, result = -1;
    });
    return result;
}

int collect(const ctr_places *places, const char *type, ctr_str id) noexcept try {
    const std::string what = type, name(ctr::view(id));
    if (name.empty() || name.find('/') != std::string::npos) return errno = EINVAL, -1;
    if (what == "lease") return collect_lease(places->state_dir, name);
    if (what == "link") return collect_link(places->state_dir, name);
    if (what == "bridge" || what == "table") return collect_shared(places->state_dir, what, name);
    return errno = EINVAL, -1;
} catch (const std::exception &) {
    return -1;
}

constexpr ctr_network_v1 network = {sizeof(ctr_network_v1), list, collect};

} // namespace

const void *extension(const char *id) { return std::string_view(id) == CTR_EXT_NETWORK ? &network : nullptr; }

} // namespace bridge
