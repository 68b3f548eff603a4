// SPDX-License-Identifier: MIT
#include "../../support/fake_machine.hpp"
#include "sys/mount_table.hpp"

#include <gtest/gtest.h>
#include <set>
#include <sstream>

namespace {

using namespace core::sys;

TEST(FakeMachine, AnswersFromItsTableAndRecordsWhatWasAsked) {
    plan_fixture::FakeMachine machine({{"kernel", "6.1"}, {"exists:/x", "yes"}});
    EXPECT_EQ(machine.ask("kernel").value(), "6.1");
    EXPECT_EQ(machine.ask("exists:/y").value(), std::nullopt);
    EXPECT_EQ(machine.record().size(), 2U);
    EXPECT_EQ(machine.record().at("exists:/y"), std::nullopt);
}

TEST(RealMachine, SaysWhatDoesNotExistBySayingNothing) {
    RealMachine machine;
    EXPECT_EQ(machine.ask("exists:/proc/self").value(), "yes");
    EXPECT_EQ(machine.ask("exists:/proc/no such thing").value(), std::nullopt);
    EXPECT_EQ(machine.ask("type:/proc").value(), "dir");
    EXPECT_EQ(machine.ask("type:/proc/self").value(), "symlink");
    EXPECT_EQ(machine.ask("file:/proc/no such thing").value(), std::nullopt);
    EXPECT_EQ(machine.ask("fstype:/proc/self/not there yet").value(), "proc");
    EXPECT_EQ(machine.ask("link:/proc").value(), std::nullopt);
    EXPECT_EQ(machine.ask("device:/proc").value(), std::nullopt);
    EXPECT_EQ(machine.ask("device:/dev/null").value()->substr(0, 6), "c 1 3 ");
}

TEST(RealMachine, TellsANamespaceByDeviceAndInode) {
    RealMachine machine;
    const auto own = machine.ask("namespace:/proc/self/ns/uts").value();
    ASSERT_TRUE(own);
    EXPECT_EQ(machine.ask("namespace:/proc/thread-self/ns/uts").value(), own);
    EXPECT_NE(machine.ask("namespace:/proc/self/ns/ipc").value(), own);
    EXPECT_EQ(machine.ask("namespace:/proc/self/status").value(), std::nullopt) << "no namespace";
    EXPECT_EQ(machine.ask("namespace:/no/such").value(), std::nullopt);
    EXPECT_EQ(machine.ask("namespaces:uts").value()->substr(0, own->size()), *own);
    EXPECT_EQ(machine.ask("namespaces:nosuch").value(), std::nullopt);
}

/// Root, mount point and type of each line, sorted.
std::set<std::string> places(const std::string &mountinfo) {
    std::set<std::string> all;
    std::istringstream lines(mountinfo);
    for (std::string line, skip, root, point; std::getline(lines, line);) {
        std::istringstream words(line);
        words >> skip >> skip >> skip >> root >> point;
        const auto dash = line.find(" - ");
        all.insert(root + " " + point + " " + line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3));
    }
    return all;
}

TEST(RealMachine, FindsWhatIsMountedBelowAPathAsMountinfoHasIt) {
    RealMachine machine;
    const std::string all = machine.ask("mounts").value().value();
    EXPECT_EQ(places(machine.ask("mounts:/").value().value()).size(), places(all).size());
    for (const std::string path : {"/proc", "/sys/fs/cgroup", "/dev", "/no such thing", "/sys/fs/cgrou"})
        EXPECT_EQ(places(machine.ask("mounts:" + path).value().value()), places(lines_below(all, path))) << path;
}

TEST(MountTable, LinesAreChosenByWholeNames) {
    const std::string a = "1 2 0:3 / /a rw - tmpfs none rw\n", below = "1 2 0:3 / /a/b rw - tmpfs none rw\n",
                      other = "1 2 0:3 /a /ab rw - tmpfs none rw\n", broken = "1 2\n\n/a\n";
    EXPECT_EQ(lines_below(other + a + broken + below, "/a"), a + below);
    EXPECT_EQ(lines_below(a, "/a/b"), "");
}

TEST(RealMachine, RefusesAQuestionThatItDoesNotUnderstand) {
    RealMachine machine;
    const auto answer = machine.ask("weather:Berlin");
    ASSERT_FALSE(answer.ok());
    EXPECT_NE(answer.error().text().find("weather"), std::string::npos);
}

} // namespace
