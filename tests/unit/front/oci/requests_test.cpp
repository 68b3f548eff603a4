// SPDX-License-Identifier: MIT
//
// What update, exec and events make of their command lines.
#include "front/oci/app.hpp"
#include "front/oci/exec_process.hpp"
#include "front/oci/resources.hpp"
#include "front/oci/stats.hpp"
#include "front/oci/tables.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace core;
using namespace core::oci;

/// The words behind the name of a command, as App reads them.
cli::Arguments parsed(const std::string &name, const std::vector<std::string> &words) {
    const auto command =
        std::find_if(commands().begin(), commands().end(), [&](const Command &c) { return c.name == name; });
    auto arguments = cli::parse(command->options, words, command->stops_at_first);
    EXPECT_TRUE(arguments.ok()) << arguments.error().text();
    return arguments.ok() ? std::move(arguments).value() : cli::Arguments();
}

Json resources(const std::vector<std::string> &words) {
    auto read = read_resources(parsed("update", words));
    return read.ok() ? std::move(read).value() : Json(read.error().text());
}

TEST(UpdateRequest, NumbersHaveUnits) {
    EXPECT_EQ(resources({"--memory", "64M", "--cpu-share", "2", "--cpuset-cpus", "0-1", "box"}),
              Json::parse(R"({"memory": {"limit": 67108864}, "cpu": {"shares": 2, "cpus": "0-1"}})"));
    EXPECT_EQ(resources({"--memory-swap", "-1", "box"}), Json::parse(R"({"memory": {"swap": -1}})"));
    for (const char *wrong : {"64X", "64MM", "", "M", "9223372036854775807k", "1.5g", "0x10", " 1"})
        EXPECT_EQ(resources({"--memory", wrong, "box"}), Json(std::string("--memory ") + wrong + ": expected a number"))
            << wrong;
}

TEST(UpdateRequest, AZeroOfPidsCountsFromVersion13) {
    EXPECT_FALSE(zero_pids_is_meant({{"ociVersion", "1.2.1"}}));
    EXPECT_TRUE(zero_pids_is_meant({{"ociVersion", "1.3.0"}}));
    EXPECT_TRUE(zero_pids_is_meant({{"ociVersion", "1.10.0-rc1"}}));
    EXPECT_FALSE(zero_pids_is_meant(Json::object()));
    Json zero = {{"pids", {{"limit", 0}}}};
    drop_pids(zero, true);
    EXPECT_TRUE(zero.contains("pids"));
    drop_pids(zero, false);
    EXPECT_FALSE(zero.contains("pids"));
    Json nothing = {{"pids", {{"limit", nullptr}}}};
    drop_pids(nothing, true);
    EXPECT_FALSE(nothing.contains("pids"));
}

TEST(UpdateRequest, ResctrlIsApart) {
    EXPECT_TRUE(read_rdt(parsed("update", {"--memory", "1", "box"})).is_null());
    EXPECT_EQ(read_rdt(parsed("update", {"--l3-cache-schema", "L3:0=f", "box"})), Json({{"l3CacheSchema", "L3:0=f"}}));
}

const Json own = Json::parse(R"({"args": ["sh"], "cwd": "/", "user": {"uid": 5, "gid": 6}, "env": ["A=1"],
    "capabilities": {"bounding": ["CAP_KILL"], "inheritable": ["CAP_CHOWN"]}})");

Json exec(const std::vector<std::string> &words) {
    auto process = process_of_exec(parsed("exec", words), own);
    return process.ok() ? std::move(process).value() : Json(process.error().text());
}

TEST(ExecRequest, FlagsChangeTheContainersOwnProcess) {
    const Json process = exec({"--env", "B=2", "--cwd", "/tmp", "--user", "7", "box", "date", "-u"});
    EXPECT_EQ(process["args"], Json({"date", "-u"}));
    EXPECT_EQ(process["env"], Json({"A=1", "B=2"}));
    EXPECT_EQ(process["cwd"], "/tmp");
    EXPECT_EQ(process["user"], Json({{"uid", 7}, {"gid", 6}})) << "what is not said stays the container's";
}

TEST(ExecRequest, AnIdIsAWholeNumber) {
    for (const char *wrong :
         {"", "-1", "+1", " 1", "1 ", "1x", "0x1", "4294967295", "4294967296", "root", "1:", "1:x", "1:2:3"})
        EXPECT_NE(exec({"--user", wrong, "box", "date"}).dump().find("not an id"), std::string::npos) << wrong;
}

TEST(ExecRequest, MoreCapabilitiesAreAmbientOnlyWhereTheyAreInheritable) {
    const Json sets = exec({"--cap", "CHOWN", "--cap", "CAP_MKNOD", "box", "date"})["capabilities"];
    EXPECT_EQ(sets["bounding"], Json({"CAP_KILL", "CAP_CHOWN", "CAP_MKNOD"}));
    EXPECT_EQ(sets["inheritable"], Json({"CAP_CHOWN"}));
    EXPECT_EQ(sets["ambient"], Json({"CAP_CHOWN"}));
}

TEST(ExecRequest, NeedsACommand) {
    EXPECT_EQ(exec({"box"}), Json("process args cannot be empty"));
    EXPECT_NE(exec({"--process", "/nowhere/process.json", "box", "date"}).dump().find("a command does not go with it"),
              std::string::npos);
}

TEST(Durations, AreGos) {
    EXPECT_EQ(parse_duration("5s"), 5000);
    EXPECT_EQ(parse_duration("1m30s"), 90000);
    EXPECT_EQ(parse_duration("1.5s"), 1500);
    EXPECT_EQ(parse_duration("500ms"), 500);
    for (const char *wrong : {"", "5", "s", "-1s", "5 s", "0s", "1us", "1d", "99999999h", "nan", "infs"})
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
}

TEST(Statistics, LeaveOutWhatTheDriverDoesNotTell) {
    EXPECT_EQ(stats_json({}), Json::object());
    EXPECT_EQ(stats_json({{"pids.current", 3}, {"pids.limit", UINT64_MAX}}),
              Json::parse(R"({"pids": {"current": 3}})"));
    EXPECT_EQ(stats_json({{"pids.limit", 0}}), Json::parse(R"({"pids": {"limit": 0}})"));
}

TEST(Tables, HaveRuncsColumns) {
    EXPECT_EQ(wide_table({{"ID", "PID"}, {"a-very-long-id-here", "1"}}),
              "ID                    PID\na-very-long-id-here   1\n");
    EXPECT_EQ(wide_table({{"ID", "PID"}, {"a\nb", "1"}}).find("a\nb"), std::string::npos);
}

TEST(Tables, LinesOfPsAreFoundByTheirPid) {
    const std::string ps = "UID PID CMD\nroot 12 a 13\nroot 13 b\nroot 1 12\n";
    EXPECT_EQ(lines_of_pids(ps, {13, 99}).value(), "UID PID CMD\nroot 13 b\n");
    EXPECT_EQ(lines_of_pids("UID CMD\nroot 12\n", {12}).error().text(), "couldn't find PID field in ps output");
    EXPECT_EQ(lines_of_pids("", {12}).value(), "");
}

} // namespace
