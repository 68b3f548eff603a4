// SPDX-License-Identifier: MIT
//
// Journals that no ctr wrote: a full disk, a cut file, an editor, another release. Nothing may throw, and a container
// whose plan can still be read can be removed.
#include "container/record.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;
using container::read_record;
using container::Record;
using container::Stage;

const std::string head =
    R"({"boot_id":"b","drivers":{"cgroup":"c"},"cgroup":"/x","meta":{"about":{"rm":true},"spec":{}}})"
    "\n";
const std::string plan_line =
    R"({"plan":{"plan":1,"id":"x","operation":1,"drivers":{},"plugins":[],"steps":[)"
    R"({"plugin":"p","kind":"k","process":"parent","phase":"prepare","undo":true,"outputs":[{"name":"o","type":"bytes","value":"v"}]},)"
    R"({"plugin":"p","kind":"k2","process":"parent","phase":"attach","wait_for":0}],"machine":{}}})"
    "\n";

Result<Record> read(const std::string &text, Record::Part part = Record::Part::all) {
    return read_record(text, "/run/x", part);
}

std::string damage_of(const std::string &line) {
    const auto record = read(head + plan_line + line + "\n");
    return record.ok() ? record.value().damage : "refused: " + record.error().text();
}

} // namespace

TEST(Record, AddsUp) {
    const auto record = read(head + plan_line +
                             R"({"intent":0})"
                             "\n"
                             R"({"done":0,"values":{"v":[1,255],"n":-3,"s":"t"}})"
                             "\n"
                             R"({"child":77,"start_time":18446744073709551615})"
                             "\n"
                             R"({"created":true})"
                             "\n"
                             R"({"paused":true})"
                             "\n");
    ASSERT_TRUE(record.ok()) << record.error().text();
    EXPECT_EQ(record.value().damage, "");
    EXPECT_TRUE(record.value().intended.at(0));
    EXPECT_FALSE(record.value().intended.at(1));
    EXPECT_EQ(record.value().pid, 77);
    EXPECT_EQ(record.value().stage, Stage::created);
    EXPECT_TRUE(record.value().paused);
    EXPECT_EQ(record.value().values.at("n"), -3);
}

TEST(Record, HasOneHeadAndOnePlanInTheirPlaces) {
    EXPECT_FALSE(read(head + head + plan_line).ok());
    EXPECT_FALSE(read(plan_line + head).ok());
    EXPECT_FALSE(read(plan_line).ok());
    EXPECT_NE(damage_of(plan_line.substr(0, plan_line.size() - 1)), "")
        << "a second plan would be carried out by whoever removes the container";
    EXPECT_NE(damage_of(head.substr(0, head.size() - 1)), "");
}

TEST(Record, BehindDamageAllThatCouldHaveBeenDoneCountsAsDone) {
    const auto record = read(head + plan_line + "{\"intent\":0}\ngarbage\n{\"undone\":0}\n");
    ASSERT_TRUE(record.ok());
    EXPECT_NE(record.value().damage, "");
    EXPECT_EQ(record.value().intended, std::vector<bool>({true, true}));
    EXPECT_EQ(record.value().undone, std::vector<bool>({false, false}));
}

TEST(Record, SaysWhatIsWrongWithALine) {
    for (const char *line : {"",
                             "{",
                             "[]",
                             "null",
                             "1",
                             R"({"intent":2})",
                             R"({"intent":-1})",
                             R"({"intent":1e300})",
                             R"({"intent":"0"})",
                             R"({"undone":99999999999999999999})",
                             R"({"child":1,"start_time":1})",
                             R"({"child":-5,"start_time":1})",
                             R"({"child":5})",
                             R"({"child":5,"start_time":-1})",
                             R"({"child":4294967300,"start_time":1})",
                             R"({"paused":1})",
                             R"({"stopped":"x"})",
                             R"({"stopped":[]})",
                             R"({"done":0,"values":[]})",
                             R"({"done":0,"values":{"v":["x"]}})",
                             R"({"done":0,"values":{"v":[256]}})",
                             R"({"done":0,"values":{"v":[-1]}})",
                             R"({"done":0,"values":{"v":{}}})",
                             R"({"done":0,"values":{"v":1.5}})",
                             R"({"done":0,"values":{"v":null}})",
                             R"({"unknown":true})",
                             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})
        EXPECT_NE(damage_of(line), "") << line;
}

TEST(Record, RefusesAHeadWithMembersOfOtherTypes) {
    for (const char *meta :
         {"[]", "1", "\"x\"", R"({"about":[]})", R"({"about":{"rm":"x"}})", R"({"about":{"bundle":5}})",
          R"({"about":{"command":[1]}})", R"({"about":{"command":"x"}})", R"({"about":{"created":{}}})",
          R"({"spec":[]})", R"({"spec":{"ociVersion":1}})", R"({"spec":{"root":"x"}})",
          R"({"spec":{"annotations":{"a":1}}})", R"({"spec":{"process":{"args":[1]}}})",
          R"({"spec":{"ctr":{"image":{"layers":"x"}}}})"}) {
        const auto record =
            read(std::string(R"({"boot_id":"b","drivers":{},"cgroup":"","meta":)") + meta + "}\n" + plan_line);
        ASSERT_FALSE(record.ok()) << meta;
        EXPECT_EQ(record.error().error_class, CTR_E_INVALID) << meta;
    }
    for (const char *broken :
         {R"({"drivers":{},"cgroup":""})", R"({"boot_id":1,"drivers":{},"cgroup":""})",
          R"({"boot_id":"","drivers":[],"cgroup":""})", R"({"boot_id":"","drivers":{"a":1},"cgroup":""})",
          R"({"boot_id":"","drivers":{},"cgroup":7})"})
        EXPECT_FALSE(read(std::string(broken) + "\n" + plan_line).ok()) << broken;
}

TEST(Record, RefusesAPlanThatCannotBeCarriedOut) {
    const auto replaced = [](std::string from, std::string to) {
        std::string text = plan_line;
        text.replace(text.find(from), from.size(), to);
        return read(head + text);
    };
    for (const auto &[from, to] : std::vector<std::pair<std::string, std::string>>{
             {"\"wait_for\":0", "\"wait_for\":2"},
             {"\"wait_for\":0", "\"wait_for\":40000000"},
             {"\"wait_for\":0", "\"wait_for\":\"x\""},
             {"\"wait_for\":0", "\"wait_for\":1e300"},
             {"\"wait_for\":0", "\"wait_for\":-1"},
             {"\"operation\":1", "\"operation\":1e300"},
             {"\"parent\"", "\"nobody\""},
             {"\"prepare\"", "\"later\""},
             {"\"bytes\"", "\"number\""},
             {"\"undo\":true", "\"undo\":1"},
             {"\"kind\":\"k\"", "\"kind\":5"},
             {"\"steps\":[", "\"steps\":[7,"},
             {"\"id\":\"x\"", "\"id\":[]"},
             {"\"outputs\":[", "\"args\":[{\"name\":\"a\",\"bytes\":\"0\"}],\"outputs\":["},
             {"\"outputs\":[", "\"args\":[{\"name\":\"a\",\"bytes\":\"zz\"}],\"outputs\":["}}) {
        const auto record = replaced(from, to);
        ASSERT_FALSE(record.ok()) << to;
        EXPECT_EQ(record.error().error_class, CTR_E_INVALID) << to;
    }
}

TEST(Record, APlanOfAnotherReleaseIsLeftToThatRelease) {
    std::string text = plan_line;
    text.replace(text.find("\"plan\":1"), 8, "\"plan\":2");
    const auto record = read(head + text);
    ASSERT_FALSE(record.ok());
    EXPECT_EQ(record.error().error_class, CTR_E_UNSUPPORTED);
}

TEST(Record, WithoutAPlanNothingWasDone) {
    for (const std::string &text :
         {std::string(), head, head.substr(0, 10), head + plan_line.substr(0, plan_line.size() - 1)}) {
        const auto record = read(text);
        ASSERT_FALSE(record.ok());
        EXPECT_EQ(record.error().error_class, CTR_E_NOT_FOUND) << text;
    }
}

TEST(Record, ReadsTheStateWithoutTheSteps) {
    const auto record = read(head + plan_line + "{\"intent\":1}\n{\"stopped\":3}\n", Record::Part::without_steps);
    ASSERT_TRUE(record.ok());
    EXPECT_TRUE(record.value().plan.steps.empty());
    EXPECT_EQ(record.value().exit_status, 3);
    EXPECT_EQ(record.value().plan.drivers.at("cgroup"), "c");
}
