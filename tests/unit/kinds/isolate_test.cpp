// SPDX-License-Identifier: MIT
//
// Steps that change a namespace are not carried out in one of the machine's. What they would set is what is set
// already, so that a fault changes nothing.
#include "steps.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

std::string id_of(const std::string &file) {
    struct stat st {};
    if (::stat(("/proc/self/ns/" + file).c_str(), &st) != 0) return {};
    return file + ":" + std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino);
}

class Isolate : public ::testing::Test {
protected:
    void SetUp() override {
        steps::reset();
        char name[65] = "";
        ::gethostname(name, sizeof name - 1);
        hostname = std::string("name=") + name;
    }
    std::string hostname;
};

TEST_F(Isolate, NothingIsRenamedInANamespaceOfTheMachine) {
    const std::string wrong = steps::apply("hostname", {hostname, "not_in=" + id_of("uts")});
    EXPECT_NE(wrong.find("machine's own namespace"), std::string::npos) << wrong;
    EXPECT_NE(steps::apply("domainname", {"name=x", "not_in=" + id_of("uts")}), "");
    // The second of two counts as well.
    EXPECT_NE(steps::apply("hostname", {hostname, "not_in=uts:1:1", "not_in=" + id_of("uts")}), "");
}

TEST_F(Isolate, NoSysctlIsSetInANamespaceOfTheMachine) {
    const auto sysctl = [](const std::string &not_in) {
        return steps::apply("sysctl", {"key=net/no/such/key", "value=1", "not_in=" + not_in});
    };
    EXPECT_NE(sysctl(id_of("net")).find("machine's own namespace"), std::string::npos);
    EXPECT_EQ(sysctl("net:1:1").find("machine's own namespace"), std::string::npos) << "it goes on to the key";
}

TEST_F(Isolate, WhatCannotBeComparedIsRefused) {
    for (const char *not_in : {"", "uts", "uts:", "uts:4", "uts:4:", "uts:4:5x", "uts:x:5", ":4:5", "uts:4:5:6",
                               "nosuch:4:5", "../ns/uts:4:5", "uts:99999999999999999999:5", "0123456789abcdefg:1:1"})
        EXPECT_NE(steps::apply("hostname", {hostname, std::string("not_in=") + not_in}), "") << not_in;
}

TEST_F(Isolate, TheScriptLooksToo) {
    EXPECT_EQ(steps::shell("hostname", {"name=a", "not_in=uts:4:5"}),
              "[ \"$(stat -L -c uts:%d:%i /proc/self/ns/uts)\" != uts:4:5 ]\nhostname a\n");
}

} // namespace
