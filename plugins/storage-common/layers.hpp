// SPDX-License-Identifier: MIT
//
// What both drivers have in common in plan() and for ctr.storage/1.
#pragma once

#include "names.hpp"

#include <cerrno>
#include <ctr/ext/storage.h>
#include <ctr/plugin.hpp>
#include <dirent.h>
#include <exception>
#include <string>

namespace ctr::storage {

/// list() and collect() report the remains of an import as a layer named "partial:<its name>".
inline constexpr std::string_view partial_prefix = "partial:";

/// The driver's own data directory. Functions of the extension get the plan of the plugin that calls them, whose
/// "data_dir" is another.
inline std::string data_dir_of(Plan plan, const char *driver) {
    std::string own = plan.name((std::string("data_dir:") + driver).c_str());
    return own.empty() ? plan.name("data_dir") : own;
}

inline constexpr const char *chain_id_hint = "a chain id is \"sha256:\" and 64 lower-case hexadecimal digits";
inline std::string no_chain_id(std::string_view text) { return "\"" + std::string(text) + "\" is not a chain id"; }

/// Refuses a directory that another container left. It must be done while planning: if the step found it, the step's
/// undo would remove it.
inline int refuse_leftover(Plan plan, const std::string &id, const std::string &path) {
    if (!is_component(id)) return plan.invalid("id", "\"" + id + "\" cannot name a directory");
    if (!plan.ask("exists:" + path)) return 0;
    return plan.fail({.error_class = CTR_E_EXISTS,
                      .message = "the data of a container " + id + " is still there",
                      .hint = "remove that container, or run `ctr recover` if nobody owns it",
                      .path = path});
}

/// Calls `body` with the layer's name; refuses a malformed chain id; catches exceptions before the boundary.
template <typename Body> int with_layer(ctr_plan *raw, ctr_str chain_id, Body body) noexcept {
    const Plan plan{raw};
    try {
        if (const auto name = layer_name(view(chain_id))) return body(plan, *name);
        return plan.fail({.error_class = CTR_E_INVALID, .message = no_chain_id(view(chain_id)), .hint = chain_id_hint});
    } catch (const std::exception &e) {
        return plan.fail({.error_class = CTR_E_INTERNAL,
                          .message = e.what(),
                          .hint = "this is a bug of the plugin",
                          .syscall = "C++ exception"});
    }
}

/// Calls `found(name, path)` for each entry of a directory; a directory that is missing is empty. 0, or -1 with errno.
template <typename Found> int each_entry(const std::string &dir, Found found) {
    DIR *stream = opendir(dir.c_str());
    if (!stream) return errno == ENOENT ? 0 : -1;
    errno = 0;
    while (const dirent *entry = readdir(stream)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") found(name, dir + "/" + name);
        errno = 0;
    }
    const int saved = errno;
    closedir(stream);
    return (errno = saved) == 0 ? 0 : -1;
}

/// Reports the containers of a data directory to the caller of list(). 0, or -1 with errno.
inline int list_containers(const std::string &dir, ctr_storage_found found, void *user) {
    return each_entry(dir + "/containers", [&](const std::string &name, const std::string &path) {
        found(user, "container", str(name), str(path));
    });
}

} // namespace ctr::storage
