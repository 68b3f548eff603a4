// SPDX-License-Identifier: MIT
#include "../../../plugins/hooks/state.hpp"

#include <gtest/gtest.h>

namespace hooks {
namespace {

TEST(State, TextsAreJsonStrings) {
    EXPECT_EQ(ctr::json_string(""), "\"\"");
    EXPECT_EQ(ctr::json_string("a \"b\" c\\d/é"), "\"a \\\"b\\\" c\\\\d/é\"");
    EXPECT_EQ(ctr::json_string(std::string("\n\x01\x7f\0", 4)), "\"\\u000a\\u0001\\u007f\\u0000\"");
}

} // namespace
} // namespace hooks
