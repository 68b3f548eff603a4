// SPDX-License-Identifier: MIT
#include "../../../plugins/netdevices/names.hpp"

#include <gtest/gtest.h>

namespace netdevices {
namespace {

TEST(InterfaceName, IsWhatTheKernelTakes) {
    for (const char *name : {"eth0", "a.b", "fifteen_letters", "-", "..."})
        EXPECT_TRUE(is_name(name, false)) << name;
    for (const char *name : {"", ".", "..", "a/b", "a:b", "a b", "a\nb", "sixteen_letters_", "net%d"})
        EXPECT_FALSE(is_name(name, false)) << name;
}

TEST(InterfaceName, MayHaveOnePlaceForANumber) {
    EXPECT_TRUE(is_name("net%d", true));
    for (const char *name : {"%d%d", "net%", "net%s", "net%%d"})
        EXPECT_FALSE(is_name(name, true)) << name;
    EXPECT_EQ(numbered("net%d", 12), "net12");
    EXPECT_EQ(numbered("a%db", 0), "a0b");
    EXPECT_EQ(numbered("eth0", 3), "eth0");
}

} // namespace
} // namespace netdevices
