// SPDX-License-Identifier: MIT
#include "front/cli/bundle.hpp"

#include "launch/run.hpp"
#include "spec/oci.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace core::cli {
namespace {

/// Without a network namespace the container uses the machine's network.
bool has_network_namespace(const Json &spec) {
    const Json namespaces = spec.value("/linux/namespaces"_json_pointer, Json::array());
    return std::any_of(namespaces.begin(), namespaces.end(),
                       [](const Json &each) { return each.value("type", "") == "network"; });
}

/// A path below the root gets the name that the root has in the plan (with links resolved), so that it is recognized as
/// a path below it.
void name_by(Json &source, const std::string &root, const char *resolved) {
    const auto &path = source.get_ref<const std::string &>();
    if (root == resolved || root == "/" || path.compare(0, root.size(), root) != 0) return;
    if (path.size() == root.size() || path[root.size()] == '/') source = resolved + path.substr(root.size());
}

} // namespace

bool has_relative_source(const Json &mount) {
    const Json options = mount.value("options", Json::array());
    const bool bind = mount.value("type", "") == "bind" ||
                      std::any_of(options.begin(), options.end(),
                                  [](const Json &option) { return option == "bind" || option == "rbind"; });
    if (!bind || !mount.contains("source") || !mount["source"].is_string()) return false;
    const auto &source = mount["source"].get_ref<const std::string &>();
    return !source.empty() && source[0] != '/';
}

Result<void> serve_directory(const config::Config &config, std::map<std::string, std::string> &drivers) {
    const auto [driver, chosen] = drivers.try_emplace("storage", "rootfs");
    const auto set = config.drivers.find("storage");
    if (chosen && set != config.drivers.end() && set->second == "off")
        return invalid("/storage/driver",
                       "is \"off\" in the config, and the container's root is a directory, which the driver \"rootfs\" "
                       "serves",
                       "choose a storage driver in the config, or take that out of it");
    return {};
}

Result<void> read_bundle(const config::Config &config, const std::string &directory, const std::string &file,
                         container::CreateRequest &request) {
    const std::string path = file.empty() ? directory + "/config.json" : file;
    CTR_ASSIGN(const std::string text, sys::read_file(path, spec::max_spec_size));
    std::vector<std::string> warnings;
    CTR_ASSIGN(Json spec, spec::parse_spec(text, path, &warnings));
    for (const std::string &warning : warnings)
        if (launch::log_wanted(CTR_LOG_WARN)) launch::log_sink(CTR_LOG_WARN, "config.json", warning.c_str());
    if (!spec.contains("/root/path"_json_pointer))
        return invalid(path + ": /root/path", "missing", "say which directory is the root file system");
    std::string root = spec["root"]["path"].get<std::string>();
    if (root.empty() || root[0] != '/') root = directory + "/" + root;
    char resolved[PATH_MAX];
    if (::realpath(root.c_str(), resolved) == nullptr)
        return system_error("realpath", root, "/root/path of the bundle is the root file system's directory");
    spec["root"]["path"] = std::string(resolved);
    if (spec.contains("mounts"))
        for (Json &mount : spec["mounts"]) {
            if (has_relative_source(mount)) mount["source"] = directory + "/" + mount["source"].get<std::string>();
            if (mount.contains("source") && mount["source"].is_string()) name_by(mount["source"], root, resolved);
        }
    CTR_TRY(serve_directory(config, request.drivers));
    request.drivers.try_emplace("network", has_network_namespace(spec) ? "none" : "host");
    spec["ctr"]["bundle"] = directory;
    request.meta["bundle"] = directory;
    request.meta["command"] = spec.value("/process/args"_json_pointer, Json::array());
    request.spec = std::move(spec);
    return {};
}

} // namespace core::cli
