// SPDX-License-Identifier: MIT
#include "container/engine.hpp"

#include "container/container.hpp"
#include "launch/run.hpp"
#include "sys/trust.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace core::container {
namespace {

void log_plan(const plan::Plan &plan) {
    std::string text = "planned " + std::string(plugin::operation_name(plan.operation)) + " of " + plan.id + ": " +
                       std::to_string(plan.steps.size()) + " steps; drivers:";
    for (const auto &[slot, driver] : plan.drivers)
        text += " " + slot + "=" + driver;
    text += "; plugins:";
    for (const plan::PluginUse &use : plan.plugins)
        text += " " + use.id;
    launch::log_sink(CTR_LOG_DEBUG, "core", text.c_str());
}

} // namespace

Engine::Engine(config::Config config, const std::vector<plugin::Directory> &plugin_directories,
               const Vocabulary &vocabulary)
    : vocabulary_(vocabulary), config_(std::move(config)),
      catalog_(plugin::Catalog::scan(plugin_directories, {config_.pins.begin(), config_.pins.end()},
                                     plugin::ManifestCache(config_.run_root + "/manifests"))),
      machine_(std::make_unique<sys::RealMachine>()) {}

Engine::~Engine() = default;

Result<void> Engine::check_run_root() const {
    CTR_TRY(sys::check_own_directory(config_.run_root).in("the run root"));
    // In a sticky run root other users may have made these before us.
    for (const std::string &path : {containers_dir(), containers_dir() + ".files", operations_dir(),
                                    config_.run_root + "/plugins", config_.run_root + "/rootfs"}) {
        struct stat st {};
        if (::lstat(path.c_str(), &st) != 0) continue;
        if (!S_ISDIR(st.st_mode)) return invalid(path, "expected a directory").in("the run root");
        CTR_TRY(sys::check_trust(path, st.st_mode, st.st_uid, false).in("the run root"));
    }
    return {};
}

Container &Engine::keep(std::unique_ptr<Container> container) { return *(container_ = std::move(container)); }

Result<plan::Plan> Engine::plan(ctr_operation operation, const std::string &id, const Json &spec,
                                const std::map<std::string, std::string> &drivers,
                                const std::vector<std::string> &asked) {
    plan::Request request;
    request.operation = operation;
    const bool is_image = operation == CTR_OP_IMAGE_IMPORT || operation == CTR_OP_IMAGE_REMOVE;
    const std::string journal = (is_image ? operations_dir() : containers_dir()) + "/" + id;
    request.names = {id, journal, files_of(journal)};
    request.spec = &spec;
    request.asked = asked;
    request.vocabulary = &vocabulary_;
    request.config = &config_;
    request.drivers = drivers;
    request.host = launch::host_table();
    request.log = launch::log_sink;
    auto plan = plan::make_plan(request, catalog_, *machine_);
    if (plan.ok() && launch::log_wanted(CTR_LOG_DEBUG)) log_plan(plan.value());
    return plan;
}

Result<std::optional<std::string>> Engine::driver(const std::string &slot,
                                                  const std::map<std::string, std::string> &drivers) {
    plan::Request request;
    request.config = &config_;
    request.drivers = drivers;
    return plan::choose_driver(slot, request, catalog_, *machine_);
}

launch::KindLookup Engine::kinds() {
    return [this](const std::string &plugin, const std::string &kind) -> const ctr_step_kind * {
        if (const auto shared = catalog_.shared_kind(kind, launch::host_table());
            shared.ok() && shared.value().kind != nullptr)
            return shared.value().kind;
        plugin::Plugin *owner = catalog_.find(plugin);
        if (owner == nullptr || !owner->load(launch::host_table()).ok()) return nullptr;
        return owner->kind(kind);
    };
}

Result<void> check_id(const std::string &id) {
    constexpr const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const bool good = !id.empty() && id.size() <= 255 && std::strchr(letters, id[0]) != nullptr &&
                      id.find_first_not_of(std::string(letters) + "_.+-") == std::string::npos;
    if (good) return {};
    return invalid(id, id.empty() ? "container id cannot be empty"
                                  : "invalid container ID format: expected a letter, a digit or _, then at most 254 "
                                    "letters, digits, _ . + or -");
}

} // namespace core::container
