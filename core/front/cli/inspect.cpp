// SPDX-License-Identifier: MIT
//
// What is installed and what this machine can do: `ctr plugin`, `ctr config`, `ctr info`, `ctr version`.
#include "front/cli/app.hpp"

#include "config/schema.hpp"
#include "plan/step.hpp"
#include "sys/files.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace core::cli {
namespace {

std::string joined(const std::vector<std::string> &all, const char *between) {
    std::string out;
    for (const auto &each : all)
        out += (out.empty() ? "" : between) + each;
    return out;
}

Json manifest_json(const plugin::Plugin &plugin) {
    const plugin::Manifest &m = plugin.manifest;
    Json kinds = Json::object();
    for (const auto &[kind, declared] : m.kinds)
        kinds[kind] = plan::process_name(declared.process);
    return {{"id", m.id},
            {"version", m.version},
            {"summary", m.summary},
            {"path", plugin.path},
            {"slot", m.slot.empty() ? Json() : Json(m.slot)},
            {"always", m.always},
            {"operations", m.operations},
            {"extensions", m.extensions},
            {"kinds", kinds},
            {"shares_kinds", m.shares_kinds},
            {"needs", m.needs},
            {"gives", m.gives},
            {"claims", m.claims},
            {"privileges", m.privileges},
            {"config", m.config_schema()}};
}

Json refusal_json(const plugin::Refusal &refusal) {
    return {
        {"path", refusal.path}, {"ids", refusal.ids}, {"refused", refusal.error.text()}, {"hint", refusal.error.hint}};
}

Result<void> check_all_sections(const config::Config &config, const plugin::Catalog &catalog) {
    std::vector<std::string_view> ids;
    std::map<std::string_view, Json> schemas;
    for (const auto &each : catalog.plugins()) {
        const plugin::Manifest &m = each->manifest;
        ids.push_back(m.id);
        if (m.config.empty()) continue;
        const Json &schema = schemas[m.id] = m.config_schema();
        CTR_TRY(config::check_schema(schema).in("manifest of " + m.id));
    }
    return config::check_sections(config, ids, [&](std::string_view id) -> const Json * {
        const auto schema = schemas.find(id);
        return schema == schemas.end() ? nullptr : &schema->second;
    });
}

/// "v2", "v1", hybrid or "none".
std::string cgroup_mode(sys::Machine &machine) {
    const auto type = machine.ask("fstype:/sys/fs/cgroup");
    if (type.ok() && type.value() && *type.value() == "cgroup2") return "v2";
    const auto mounts = machine.ask("mounts");
    const std::string text = mounts.ok() ? mounts.value().value_or("") : "";
    const bool v1 = text.find(" - cgroup ") != std::string::npos, v2 = text.find(" - cgroup2 ") != std::string::npos;
    return v1 && v2 ? "hybrid (v1 controllers, v2 beside them)" : v1 ? "v1" : v2 ? "v2" : "none";
}

struct Feature {
    const char *name, *question, *why;
};

constexpr Feature features[] = {
    {"overlay", "filesystem:overlay", "storage driver overlay"},
    {"btrfs", "filesystem:btrfs", "storage driver btrfs"},
    {"user namespaces", "exists:/proc/self/ns/user", "id maps"},
    {"time namespaces", "exists:/proc/self/ns/time", "clock offsets"},
    {"cgroup namespaces", "exists:/proc/self/ns/cgroup", "a view of its own cgroup"},
    {"seccomp", "exists:/proc/sys/kernel/seccomp/actions_avail", "system call filters"},
    {"mqueue", "filesystem:mqueue", "/dev/mqueue"},
    {"terminals", "exists:/dev/pts/ptmx", "run -t"},
};

} // namespace

int plugin_ls_command(App &app, const Arguments & /*arguments*/) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const plugin::Catalog &catalog = engine.value()->catalog();
    if (app.json()) {
        Json out = {{"plugins", Json::array()}, {"refused", Json::array()}};
        for (const auto &each : catalog.plugins())
            out["plugins"].push_back(manifest_json(*each));
        for (const auto &refusal : catalog.refused())
            out["refused"].push_back(refusal_json(refusal));
        App::print(out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return 0;
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "VERSION", "SLOT", "SUMMARY"}};
    for (const auto &each : catalog.plugins())
        rows.push_back({each->manifest.id, each->manifest.version,
                        each->manifest.slot.empty() ? "-" : each->manifest.slot, each->manifest.summary});
    App::print(table(rows));
    for (const auto &refusal : catalog.refused())
        App::warn("refused: " + (refusal.ids.empty() ? "" : joined(refusal.ids, ", ") + ": ") + refusal.error.text(),
                  refusal.error.hint);
    return 0;
}

int plugin_show_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    const std::string &id = arguments.positional()[0];
    const plugin::Plugin *plugin = engine.value()->catalog().find(id);
    if (plugin == nullptr) {
        if (const auto *refusal = engine.value()->catalog().refusal_of(id); refusal != nullptr)
            return app.report(Error(refusal->error).in("the plugin was refused"));
        return app.report(failure(CTR_E_NOT_FOUND, "there is no plugin " + id, "`ctr plugin ls` lists them"));
    }
    if (app.json()) {
        App::print(manifest_json(*plugin).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return 0;
    }
    const plugin::Manifest &m = plugin->manifest;
    std::vector<std::string> kinds;
    for (const auto &[kind, declared] : m.kinds)
        kinds.push_back(kind + " (" + plan::process_name(declared.process) + ")");
    App::print(table({{"id", m.id},
                      {"version", m.version},
                      {"summary", m.summary},
                      {"file", plugin->path},
                      {"slot", m.slot.empty() ? "-" : m.slot},
                      {"operations", joined(m.operations, ", ")},
                      {m.shares_kinds ? "step kinds, for all" : "step kinds", joined(kinds, ", ")},
                      {"extensions", joined(m.extensions, ", ")},
                      {"gives", joined(m.gives, ", ")},
                      {"privileges", joined(m.privileges, ", ")}}));
    App::print("claims\n  " + joined(m.claims, "\n  ") + "\n");
    if (!m.config.empty())
        App::print("config section \"" + m.id + "\", as a JSON schema\n" +
                   m.config_schema().dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return 0;
}

int config_show_command(App &app, const Arguments & /*arguments*/) {
    auto config = app.read_config();
    if (!config.ok()) return app.report(config.error());
    App::print(config::to_json(config.value()).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return 0;
}

int config_check_command(App &app, const Arguments &arguments) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    config::Config config = engine.value()->config();
    std::string file = config.file.empty() ? "the embedded default" : config.file;
    if (!arguments.positional().empty()) {
        file = arguments.positional()[0];
        auto text = sys::read_file(file, std::size_t{4} << 20);
        if (!text.ok()) return app.report(text.error());
        auto parsed = config::parse_config(text.value(), file);
        if (!parsed.ok()) return app.report(parsed.error());
        config = std::move(parsed).value();
    }
    if (auto checked = check_all_sections(config, engine.value()->catalog()); !checked.ok())
        return app.report(checked.error());
    App::print(file + ": good\n");
    return 0;
}

int info_command(App &app, const Arguments & /*arguments*/) {
    auto engine = app.engine();
    if (!engine.ok()) return app.report(engine.error());
    sys::Machine &machine = engine.value()->machine();
    const auto ask = [&](const std::string &question) {
        const auto answer = machine.ask(question);
        return answer.ok() ? answer.value().value_or("no") : "?";
    };
    Json out = {{"version", CTR_VERSION},
                {"kernel", ask("kernel")},
                {"cgroup", cgroup_mode(machine)},
                {"processors", ask("cpus")},
                {"uid", ask("euid")},
                {"capabilities", ask("caps")},
                {"data_root", engine.value()->config().data_root},
                {"data_root_filesystem", ask("fstype:" + engine.value()->config().data_root)},
                {"run_root", engine.value()->config().run_root}};
    for (const char *slot : {"storage", "network", "cgroup", "image"}) {
        const auto driver = engine.value()->driver(slot, {});
        out["drivers"][slot] = driver.ok() ? driver.value().value_or("off") : "none: " + driver.error().text();
    }
    for (const Feature &feature : features)
        out["features"][feature.name] = ask(feature.question) == "no" ? "no (" + std::string(feature.why) + ")" : "yes";
    out["plugins"] = Json::array();
    for (const auto &each : engine.value()->catalog().plugins())
        out["plugins"].push_back(each->manifest.id + " " + each->manifest.version);
    out["refused"] = Json::array();
    for (const auto &refusal : engine.value()->catalog().refused())
        out["refused"].push_back(refusal_json(refusal));
    if (app.json()) {
        App::print(out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        return 0;
    }
    std::vector<std::vector<std::string>> rows;
    for (const char *key : {"version", "kernel", "cgroup", "processors", "uid", "capabilities", "data_root",
                            "data_root_filesystem", "run_root"})
        rows.push_back({key, out[key].get<std::string>()});
    for (const auto &[slot, driver] : out["drivers"].items())
        rows.push_back({"driver of " + slot, driver.get<std::string>()});
    for (const auto &[name, value] : out["features"].items())
        rows.push_back({name, value.get<std::string>()});
    rows.push_back({"plugins", joined(out["plugins"].get<std::vector<std::string>>(), ", ")});
    App::print(table(rows));
    for (const Json &each : out["refused"])
        App::print("refused: " + each["refused"].get<std::string>() + "\n");
    return 0;
}

int version_command(App &app, const Arguments & /*arguments*/) {
    if (app.json())
        App::print(Json{{"version", CTR_VERSION}, {"abi", CTR_ABI_VERSION}, {"oci_runtime_spec", "1.3.0"}}.dump(
                       2, ' ', false, Json::error_handler_t::replace) +
                   "\n");
    else
        App::print("ctr " CTR_VERSION " (plugin ABI " + std::to_string(CTR_ABI_VERSION) +
                   ", OCI runtime-spec 1.3.0)\n");
    return 0;
}

} // namespace core::cli
