// SPDX-License-Identifier: MIT
#include "config/config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace core;
using namespace core::config;

namespace {

std::string error(const char *text) {
    const auto result = parse_config(text, "c.json");
    return result.ok() ? "ok"
                       : result.error().text() + (result.error().hint.empty() ? "" : " [" + result.error().hint + "]");
}

std::string sections_error(const char *text) {
    static const Json bridge = Json::parse(
        R"({"type": "object", "additionalProperties": false, "properties": {"subnet": {"type": "string"}}})");
    const auto config = parse_config(text, "c.json");
    EXPECT_TRUE(config.ok());
    const auto result = check_sections(config.value(), {"bridge", "btrfs", "seccomp"},
                                       [](std::string_view id) { return id == "bridge" ? &bridge : nullptr; });
    return result.ok() ? "ok"
                       : result.error().text() + (result.error().hint.empty() ? "" : " [" + result.error().hint + "]");
}

} // namespace

TEST(Config, NeedsNoFileToHaveDefaults) {
    const auto config = parse_config("{}", "c.json");
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config.value().data_root, "/var/lib/ctr");
    EXPECT_EQ(config.value().run_root, "/run/ctr");
    EXPECT_EQ(config.value().log_level, "warn");
    EXPECT_TRUE(config.value().drivers.empty());
}

TEST(Config, ReadsCommentsDriversSectionsAndPluginsThatAreOff) {
    const auto result = parse_config(R"({
        // where things live
        "data_root": "/srv/ctr", "run_root": "/run/x", "plugin_dirs": ["/opt/p"], "log_level": "debug",
        "storage": {"driver": "btrfs"}, "cgroup": {}, /* a section */ "bridge": {"subnet": "10.5.0.0/16"}, "seccomp": "off",
        "plugins": {"pins": {"bridge": "AA00000000000000000000000000000000000000000000000000000000000000"}}
    })",
                                     "c.json");
    ASSERT_TRUE(result.ok()) << result.error().text();
    const Config &config = result.value();
    EXPECT_EQ(config.data_root, "/srv/ctr");
    EXPECT_EQ(config.plugin_dirs, (std::vector<std::string>{"/opt/p"}));
    EXPECT_EQ(config.drivers.size(), 1u);
    EXPECT_EQ(config.drivers.at("storage"), "btrfs");
    EXPECT_EQ(config.sections.at("bridge")["subnet"], "10.5.0.0/16");
    EXPECT_TRUE(config.off.contains("seccomp"));
    EXPECT_EQ(config.pins.at("bridge").substr(0, 2), "aa");
}

TEST(Config, ShowsItselfAsAFileThatReadsTheSame) {
    const auto first = parse_config(
        R"({"storage": {"driver": "btrfs"}, "bridge": {"a": 1}, "seccomp": "off", "log_level": "info"})", "c");
    ASSERT_TRUE(first.ok());
    const Json shown = to_json(first.value());
    EXPECT_EQ(shown["data_root"], "/var/lib/ctr");
    const auto second = parse_config(shown.dump(), "c");
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(to_json(second.value()), shown);
}

TEST(Config, NamesFilePathAndWhatWasExpected) {
    EXPECT_EQ(error("[]"), "c.json: expected an object, got an array");
    EXPECT_EQ(error("{\n  \"a\": }").substr(0, 28), "c.json:2:8: not valid JSON: ");
    EXPECT_EQ(error(R"({"data_root": "x"})"), "c.json: /data_root: expected an absolute path, got \"x\"");
    EXPECT_EQ(error(R"({"plugin_dirs": ["/a", 1]})"), "c.json: /plugin_dirs/1: expected an absolute path, got 1");
    EXPECT_EQ(error(R"({"log_level": "loud"})"),
              "c.json: /log_level: expected \"error\", \"warn\", \"info\" or \"debug\", got \"loud\"");
    EXPECT_EQ(error(R"({"plugins": {"pin": {}}})"), "c.json: /plugins/pin: unknown key [did you mean \"pins\"?]");
    EXPECT_EQ(error(R"({"plugins": {"pins": {"a": "12"}}})"),
              "c.json: /plugins/pins/a: expected a sha256 sum (64 hexadecimal digits), got \"12\"");
    for (const char *wrong : {"0", "-1", "1.5", "\"30\"", "86401"})
        EXPECT_EQ(error((std::string(R"({"undo_timeout": )") + wrong + "}").c_str())
                      .find("c.json: /undo_timeout: expected a whole number of seconds from 1 to 86400, got"),
                  0u)
            << wrong;
    EXPECT_EQ(error(R"({"storage": "btrfs"})"), "c.json: /storage: expected an object {\"driver\": ID}, got \"btrfs\"");
    EXPECT_EQ(error(R"({"storage": {"driver": 1}})"), "c.json: /storage/driver: expected a plugin's id, got 1");
    EXPECT_EQ(error(R"({"bridge": "on"})"), "c.json: /bridge: expected an object or \"off\", got \"on\"");
    EXPECT_EQ(error(R"({"a b": {}})"), "c.json: /a b: unknown key: no plugin can have this id");
}

TEST(Config, SaysWhereADriversSettingsBelong) {
    EXPECT_EQ(error(R"({"storage": {"driver": "btrfs", "quota": "1g"}})"),
              "c.json: /storage/quota: unknown key [a slot has only \"driver\"; the driver's settings stand under its "
              "own top-level key \"btrfs\"]");
}

TEST(Config, NamesNoPluginThatIsNotThere) {
    const auto problem = [](const char *text) {
        const auto result = check_installed(parse_config(text, "c.json").value(), {"bridge", "btrfs"});
        return result.ok() ? "ok" : result.error().text();
    };
    EXPECT_EQ(problem("{}"), "ok");
    EXPECT_EQ(problem(R"({"bridge": {}, "storage": {"driver": "btrfs"}, "seccomp": "off"})"), "ok");
    EXPECT_EQ(problem(R"({"storage": {"driver": "off"}})"), "ok");
    EXPECT_EQ(problem(R"({"confine": {}})"), "c.json: /confine: unknown key: no plugin with this id is installed");
    EXPECT_EQ(problem(R"({"network": {"driver": "mesh"}})"),
              "c.json: /network/driver: no plugin \"mesh\" is installed");
    EXPECT_EQ(problem((R"({"plugins": {"pins": {"confine": ")" + std::string(64, 'a') + R"("}}})").c_str()),
              "c.json: /plugins/pins/confine: no plugin \"confine\" is installed");
}

TEST(Config, ChecksSectionsAgainstTheInstalledPlugins) {
    EXPECT_EQ(
        sections_error(R"({"storage": {"driver": "btrfs"}, "bridge": {"subnet": "x"}, "btrfs": {}, "seccomp": "off"})"),
        "ok");
    EXPECT_EQ(sections_error(R"({"brigde": {}})"),
              "c.json: /brigde: unknown key: no plugin with this id is installed [did you mean \"bridge\"?]");
    EXPECT_EQ(sections_error(R"({"data_rot": {}})"),
              "c.json: /data_rot: unknown key: no plugin with this id is installed [did you mean \"data_root\"?]");
    EXPECT_EQ(sections_error(R"({"seccmp": "off"})"),
              "c.json: /seccmp: unknown key: no plugin with this id is installed [did you mean \"seccomp\"?]");
    EXPECT_EQ(sections_error(R"({"storage": {"driver": "btrf"}})"),
              "c.json: /storage/driver: no plugin \"btrf\" is installed [did you mean \"btrfs\"?]");
    EXPECT_EQ(sections_error(R"({"bridge": {"subnett": "x"}})"),
              "c.json: /bridge/subnett: unknown key [did you mean \"subnet\"?]");
    EXPECT_EQ(sections_error(R"({"btrfs": {"a": 1}})"),
              "c.json: /btrfs: the plugin \"btrfs\" takes no settings [remove this section]");
    EXPECT_EQ(sections_error(R"({"storage": {"driver": "btrfs"}, "btrfs": "off"})"),
              "c.json: /btrfs: is \"off\", but /storage/driver chooses it");
}
