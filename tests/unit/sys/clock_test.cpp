// SPDX-License-Identifier: MIT
#include "sys/clock.hpp"

#include <ctime>
#include <gtest/gtest.h>

TEST(Clock, SaysNowInUTC) {
    const std::time_t before = std::time(nullptr);
    const std::string text = core::sys::timestamp();
    const std::time_t after = std::time(nullptr);
    std::tm read{};
    const char *rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &read);
    ASSERT_NE(rest, nullptr) << text;
    EXPECT_GE(::timegm(&read), before);
    EXPECT_LE(::timegm(&read), after);
    ASSERT_EQ(std::string(rest).size(), 11U) << text; // .123456789Z
    EXPECT_EQ(rest[0], '.');
    EXPECT_EQ(rest[10], 'Z');
}
