// SPDX-License-Identifier: MIT
#include "leases.hpp"

#include "files.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace bridge {
namespace {

using ctr::Result;
using ctr::system_error;

std::vector<Address> used_addresses(const std::string &directory) {
    std::vector<Address> used;
    for (const std::string &name : list_directory(directory))
        if (const auto address = parse_address(name)) used.push_back(*address);
    std::sort(used.begin(), used.end());
    return used;
}

Result<> give_back_one(const std::string &directory, const std::string &id, const std::string &address) {
    const std::string path = directory + "/" + address;
    if (read_link(path) != id) return {};
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("unlink", path);
    return {};
}

} // namespace

Result<Address> take_lease(const std::string &directory, const Subnet &subnet, const std::string &id) {
    std::vector<Address> used; // looked up only if the first choice is taken
    for (;;) {
        const auto address = choose_address(subnet, id, used);
        if (!address)
            return ctr::Error{.error_class = CTR_E_BUSY,
                              .message = "all addresses of " + subnet.text() + " are leased",
                              .hint = "remove containers, or set a larger subnet in /bridge/subnet of the config",
                              .path = directory};
        const std::string path = directory + "/" + format(*address);
        if (symlink(id.c_str(), path.c_str()) == 0) return *address;
        if (errno != EEXIST) return system_error("symlink", path);
        if (read_link(path) == id) return *address; // an earlier step took it and was not undone
        if (used.empty()) used = used_addresses(directory);
        const auto at = std::lower_bound(used.begin(), used.end(), *address);
        if (at == used.end() || *at != *address) used.insert(at, *address); // somebody else was faster
    }
}

Result<> give_back(const std::string &directory, const std::string &id, const std::string &known) {
    if (!known.empty()) return give_back_one(directory, id, known);
    for (const auto &[address, owner] : list_leases(directory))
        if (owner == id) CTR_TRY(give_back_one(directory, id, address));
    return {};
}

std::vector<std::pair<std::string, std::string>> list_leases(const std::string &directory) {
    std::vector<std::pair<std::string, std::string>> all;
    for (std::string &address : list_directory(directory)) {
        std::string id = read_link(directory + "/" + address);
        if (!id.empty()) all.emplace_back(std::move(address), std::move(id));
    }
    return all;
}

} // namespace bridge
