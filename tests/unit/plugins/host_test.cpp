// SPDX-License-Identifier: MIT
#include "../../../plugins/host/name_files.hpp"

#include <gtest/gtest.h>

namespace name_files {
namespace {

using Words = std::vector<std::string>;

TEST(ResolvConf, IsReadAsTheResolverReadsIt) {
    const Resolver resolver = parse_resolv_conf("# made by hand\n"
                                                "nameserver 10.0.0.53 # first\n"
                                                "domain old.example\n"
                                                "  nameserver\tfd00::53\r\n"
                                                "search a.example b.example\n"
                                                "options ndots:2\n"
                                                "options edns0 trust-ad\n"
                                                "nameserver\n"
                                                "sortlist 10.0.0.0\n"
                                                ";nameserver 9.9.9.9");
    EXPECT_EQ(resolver.servers, (Words{"10.0.0.53", "fd00::53"}));
    EXPECT_EQ(resolver.search, (Words{"a.example", "b.example"}));
    EXPECT_EQ(resolver.options, (Words{"ndots:2", "edns0", "trust-ad"}));
}

TEST(ResolvConf, ReadsBackWhatItWrote) {
    const Resolver resolver{{"10.0.0.53", "fd00::53"}, {"a.example"}, {"ndots:2"}};
    const std::string text = format_resolv_conf(resolver);
    EXPECT_EQ(text, "search a.example\nnameserver 10.0.0.53\nnameserver fd00::53\noptions ndots:2\n");
    EXPECT_EQ(format_resolv_conf(parse_resolv_conf(text)), text);
    EXPECT_EQ(format_resolv_conf({}), "");
}

TEST(Addresses, AreTold) {
    for (const char *good : {"10.0.0.1", "::1", "fe80::1%eth0"})
        EXPECT_TRUE(is_address(good)) << good;
    for (const char *bad : {"", "localhost", "10.0.0", "10.0.0.1 ", "1::2::3"})
        EXPECT_FALSE(is_address(bad)) << bad;
    for (const char *loopback : {"127.0.0.53", "127.0.0.1", "::1"})
        EXPECT_TRUE(is_loopback(loopback)) << loopback;
    for (const char *other : {"10.0.0.1", "fd00::1", "128.0.0.1", "x"})
        EXPECT_FALSE(is_loopback(other)) << other;
}

TEST(ExtraHosts, AreSplitAtTheFirstColon) {
    HostEntry entry;
    ASSERT_TRUE(parse_host("db:10.0.0.5", entry));
    EXPECT_EQ(entry.name + "=" + entry.address, "db=10.0.0.5");
    ASSERT_TRUE(parse_host("db:fd00::5", entry));
    EXPECT_EQ(entry.address, "fd00::5");
    ASSERT_TRUE(parse_host("db:[fd00::5]", entry));
    EXPECT_EQ(entry.address, "fd00::5");
}

TEST(ExtraHosts, AreRefusedWhenTheyWouldBecomeAnotherLine) {
    HostEntry entry;
    for (const char *bad :
         {"", "db", "db:", ":10.0.0.5", "db:name", "a b:10.0.0.5", "a\n:10.0.0.5", "a#:10.0.0.5", "db:10.0.0.5\n"})
        EXPECT_FALSE(parse_host(bad, entry)) << bad;
}

} // namespace
} // namespace name_files
