// SPDX-License-Identifier: MIT
#include "config/config.hpp"

#include "base/describe.hpp"
#include "base/text.hpp"
#include "config/schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace core::config {
namespace {

constexpr std::size_t max_config_size = 1u << 20;
constexpr std::string_view slots[] = {"storage", "network", "cgroup", "image"};
constexpr std::string_view levels[] = {"error", "warn", "info", "debug"};

const std::string &text_of(const Json &value) { return value.get_ref<const std::string &>(); }

Error expected(std::string_view what, const Json &value, const Where &where) {
    return invalid(where.pointer(), "expected " + std::string(what) + ", got " + got(value));
}

Result<std::string> directory(const Json &value, const Where &where) {
    const bool good = value.is_string() && !text_of(value).empty() && text_of(value)[0] == '/' &&
                      text_of(value).find('\0') == std::string::npos;
    if (!good) return expected("an absolute path", value, where);
    return text_of(value);
}

/// Ids as in manifests, so that a wrong key is found before the plugins are known.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text[0] != '-' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               std::string_view::npos;
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// ---- one function a key -------------------------------------------------------------------------

using Reader = Result<void> (*)(const Json &value, const Where &where, Config &config);

Result<void> read_data_root(const Json &value, const Where &where, Config &config) {
    CTR_ASSIGN(config.data_root, directory(value, where));
    return {};
}

Result<void> read_run_root(const Json &value, const Where &where, Config &config) {
    CTR_ASSIGN(config.run_root, directory(value, where));
    return {};
}

Result<void> read_plugin_dirs(const Json &value, const Where &where, Config &config) {
    if (!value.is_array()) return expected("an array of absolute paths", value, where);
    for (std::size_t i = 0; i < value.size(); ++i) {
        CTR_ASSIGN(std::string path, directory(value[i], Where(where, i)));
        config.plugin_dirs.push_back(std::move(path));
    }
    return {};
}

Result<void> read_log_level(const Json &value, const Where &where, Config &config) {
    if (!value.is_string() || std::find(std::begin(levels), std::end(levels), text_of(value)) == std::end(levels))
        return expected("\"error\", \"warn\", \"info\" or \"debug\"", value, where);
    config.log_level = text_of(value);
    return {};
}

Result<void> read_protect_executable(const Json &value, const Where &where, Config &config) {
    if (!value.is_boolean()) return expected("true or false", value, where);
    config.protect_executable = value.get<bool>();
    return {};
}

Result<void> read_undo_timeout(const Json &value, const Where &where, Config &config) {
    const bool good = value.is_number_integer() && value >= 1 && value <= 86400;
    if (!good) return expected("a whole number of seconds from 1 to 86400", value, where);
    config.undo_timeout = value.get<std::int64_t>();
    return {};
}

Result<void> read_plugins(const Json &value, const Where &where, Config &config) {
    if (!value.is_object()) return expected("an object with \"pins\"", value, where);
    for (const auto &item : value.items())
        if (item.key() != "pins")
            return invalid(Where(where, item.key()).pointer(), "unknown key", suggestion(item.key(), {"pins"}));
    const auto pins = value.find("pins");
    if (pins == value.end()) return {};
    const Where here(where, "pins");
    if (!pins->is_object()) return expected("an object of plugin ids and sha256 sums", *pins, here);
    for (const auto &item : pins->items()) {
        const std::string sum = item.value().is_string() ? lower(text_of(item.value())) : std::string();
        if (!is_sha256(sum))
            return expected("a sha256 sum (64 hexadecimal digits)", item.value(), Where(here, item.key()));
        config.pins[item.key()] = sum;
    }
    return {};
}

struct Key {
    std::string_view name;
    Reader read;
};
constexpr Key host_keys[] = {{"data_root", read_data_root},
                             {"run_root", read_run_root},
                             {"plugin_dirs", read_plugin_dirs},
                             {"log_level", read_log_level},
                             {"protect_executable", read_protect_executable},
                             {"undo_timeout", read_undo_timeout},
                             {"plugins", read_plugins}};

Result<void> read_slot(std::string_view slot, const Json &value, const Where &where, Config &config) {
    if (!value.is_object()) return expected("an object {\"driver\": ID}", value, where);
    const auto driver = value.find("driver");
    const std::string id = driver != value.end() && driver->is_string() ? text_of(*driver) : std::string();
    // Nobody would read a setting in a slot's section, so the error says where it belongs.
    for (const auto &item : value.items())
        if (item.key() != "driver")
            return invalid(Where(where, item.key()).pointer(), "unknown key",
                           "a slot has only \"driver\"; the driver's settings stand under its own top-level key" +
                               (id.empty() ? std::string() : " " + in_quotes(id)));
    if (driver == value.end()) return {};
    if (!is_id(id)) return expected("a plugin's id", *driver, Where(where, "driver"));
    config.drivers[std::string(slot)] = id;
    return {};
}

Result<void> read_section(const std::string &id, const Json &value, const Where &where, Config &config) {
    if (!is_id(id)) return invalid(where.pointer(), "unknown key: no plugin can have this id");
    if (value == "off") {
        config.off.insert(id);
        return {};
    }
    if (!value.is_object()) return expected("an object or \"off\"", value, where);
    config.sections[id] = value;
    return {};
}

Result<void> read_key(const std::string &key, const Json &value, Config &config) {
    const Where root(""), where(root, key);
    for (const Key &known : host_keys)
        if (known.name == key) return known.read(value, where, config);
    return is_slot(key) ? read_slot(key, value, where, config) : read_section(key, value, where, config);
}

Result<void> check_plugin(const std::string &id, const std::string &pointer, const std::vector<std::string_view> &ids,
                          bool top_level) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return {};
    std::vector<std::string_view> candidates(ids);
    if (top_level) {
        for (const Key &key : host_keys)
            candidates.push_back(key.name);
        candidates.insert(candidates.end(), std::begin(slots), std::end(slots));
    }
    return invalid(pointer,
                   top_level ? "unknown key: no plugin with this id is installed"
                             : "no plugin " + in_quotes(id) + " is installed",
                   suggestion(id, candidates));
}

Result<void> check_section(const std::string &id, const Json &section, const std::string &pointer, const Json *schema) {
    if (schema != nullptr) return validate(section, *schema, pointer);
    if (section.empty()) return {};
    return invalid(pointer, "the plugin " + in_quotes(id) + " takes no settings", "remove this section");
}

Result<void> check_driver(const std::string &slot, const std::string &id, const std::vector<std::string_view> &ids) {
    return id == "off" ? Result<void>() : check_plugin(id, "/" + slot + "/driver", ids, false);
}

Result<void> check_names(const Config &config, const std::vector<std::string_view> &ids) {
    for (const auto &[slot, id] : config.drivers)
        CTR_TRY(check_driver(slot, id, ids));
    for (const auto &section : config.sections)
        CTR_TRY(check_plugin(section.first, "/" + pointer_token(section.first), ids, true));
    for (const auto &pin : config.pins)
        CTR_TRY(check_plugin(pin.first, "/plugins/pins/" + pointer_token(pin.first), ids, false));
    return {};
}

Result<void> check_all(const Config &config, const std::vector<std::string_view> &ids, const SchemaOf &schema_of) {
    CTR_TRY(check_names(config, ids));
    for (const auto &id : config.off) {
        CTR_TRY(check_plugin(id, "/" + pointer_token(id), ids, true));
        for (const auto &[slot, driver] : config.drivers)
            if (driver == id)
                return invalid("/" + pointer_token(id), "is \"off\", but /" + slot + "/driver chooses it");
    }
    for (const auto &[id, section] : config.sections)
        CTR_TRY(check_section(id, section, "/" + pointer_token(id), schema_of(id)));
    return {};
}

} // namespace

bool is_slot(std::string_view name) { return std::find(std::begin(slots), std::end(slots), name) != std::end(slots); }

Result<Config> parse_config(std::string_view text, const std::string &file) {
    if (text.size() > max_config_size) return invalid(file, "is larger than 1 MiB");
    CTR_ASSIGN(const Json document, parse_json(text, file, JsonOptions{.comments = true}));
    if (!document.is_object()) return invalid(file, "expected an object, got " + got(document));
    Config config;
    config.file = file;
    for (const auto &[key, value] : document.get_ref<const Json::object_t &>())
        CTR_TRY(read_key(key, value, config).in(file));
    return config;
}

Result<void> check_installed(const Config &config, const std::vector<std::string_view> &ids) {
    return check_names(config, ids).in(config.file.empty() ? "config" : config.file);
}

Result<void> check_sections(const Config &config, const std::vector<std::string_view> &ids, const SchemaOf &schema_of) {
    return check_all(config, ids, schema_of).in(config.file.empty() ? "config" : config.file);
}

Json to_json(const Config &config) {
    Json out = {{"data_root", config.data_root}, {"run_root", config.run_root}, {"log_level", config.log_level}};
    out["plugin_dirs"] = config.plugin_dirs;
    out["protect_executable"] = config.protect_executable;
    out["undo_timeout"] = config.undo_timeout;
    if (!config.pins.empty()) out["plugins"]["pins"] = config.pins;
    for (const auto &[slot, id] : config.drivers)
        out[slot] = {{"driver", id}};
    for (const auto &[id, section] : config.sections)
        out[id] = section;
    for (const auto &id : config.off)
        out[id] = "off";
    return out;
}

} // namespace core::config
