// SPDX-License-Identifier: MIT
#include <ctr/cpp/error.hpp>
#include <ctr/cpp/text.hpp>

#include <gtest/gtest.h>

namespace {

TEST(SdkText, AShellWordIsOneWord) {
    EXPECT_EQ(ctr::shell_word("/sys/fs/cgroup/cpu,cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
    EXPECT_EQ(ctr::shell_word("it's; rm"), "'it'\\''s; rm'");
    EXPECT_EQ(ctr::shell_word("a b"), "'a b'");
    EXPECT_EQ(ctr::shell_word(""), "''");
    EXPECT_EQ(ctr::shell_word("a\nb"), "'a\nb'");
    // The host puts "${variable}" in the place of a mark.
    EXPECT_EQ(ctr::shell_word("\x01pid\x02 \"$x"), "\"\x01pid\x02 \\\"\\$x\"");
}

TEST(SdkText, JsonStringsHaveNothingThatATerminalActsOn) {
    EXPECT_EQ(ctr::json_string(""), "\"\"");
    EXPECT_EQ(ctr::json_string("a \"b\" c\\d/é"), "\"a \\\"b\\\" c\\\\d/é\"");
    EXPECT_EQ(ctr::json_string(std::string("\n\x01\x7f\0", 4)), "\"\\u000a\\u0001\\u007f\\u0000\"");
}

TEST(SdkText, HexAndParts) {
    EXPECT_EQ(ctr::hex(0xbeefU, 6), "00beef");
    EXPECT_EQ(ctr::hex(std::string_view("\0\xff", 2)), "00ff");
    EXPECT_EQ(ctr::split("::a:b::", ':'), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(ctr::split("", ':').empty());
}

TEST(SdkError, IsOneLineWithWhatWasDoneFirst) {
    errno = ENOENT;
    const ctr::Error error = ctr::system_error("open", "/x").in("inner").in("outer");
    EXPECT_EQ(error.text(), "outer: inner: /x: open: No such file or directory (ENOENT)");
    EXPECT_EQ(ctr::Error{.errno_value = 9999}.text(), "unknown error 9999 (errno 9999)");
    EXPECT_EQ(ctr::Error().text(), "unknown error");
}

} // namespace
