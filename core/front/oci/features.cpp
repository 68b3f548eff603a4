// SPDX-License-Identifier: MIT
//
// features (runtime-spec features.md, features-linux.md): what this runtime can do, independent of the running kernel.
// Each plugin's manifest has its part (key "features"), so a plugin that is not installed, or off in the config, adds
// nothing.
#include "front/oci/app.hpp"

#include <nlohmann/json.hpp>

namespace core::oci {
namespace {

/// The features without any plugin.
Json nothing_but_the_core() {
    const Json no = {{"enabled", false}};
    return {{"ociVersionMin", "1.0.0"},
            {"ociVersionMax", "1.3.0"},
            {"hooks", Json::array()},
            {"mountOptions", Json::array()},
            {"linux",
             {{"namespaces", Json::array()},
              {"capabilities", Json::array()},
              {"cgroup", {{"v1", false}, {"v2", false}, {"systemd", false}, {"systemdUser", false}, {"rdma", false}}},
              {"seccomp", no},
              {"apparmor", no},
              {"selinux", no},
              {"intelRdt", no},
              {"mountExtensions", {{"idmap", no}}},
              {"netDevices", no}}},
            {"annotations", {{"io.github.ctr.version", CTR_VERSION}}},
            {"potentiallyUnsafeConfigAnnotations", {"run.oci."}}};
}

} // namespace

int features_command(App &app, const Arguments & /*arguments*/) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    Json features = nothing_but_the_core();
    const auto &off = engine.value()->config().off;
    for (const auto &plugin : engine.value()->catalog().plugins())
        if (!plugin->manifest.features.empty() && off.find(plugin->manifest.id) == off.end())
            features.merge_patch(Json::parse(plugin->manifest.features)); // checked when the manifest was read
    App::print(features.dump(2) + "\n");
    return 0;
}

} // namespace core::oci
