// SPDX-License-Identifier: MIT
#include "../../../plugins/bridge/files.hpp"
#include "../../../plugins/bridge/leases.hpp"
#include "../../../plugins/bridge/names.hpp"
#include "../../../plugins/bridge/nat.hpp"
#include "../../../plugins/bridge/subnet.hpp"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

namespace bridge {
namespace {

Subnet subnet(std::string_view text, std::string_view gateway = {}) {
    const auto parsed = parse_subnet(text, gateway);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    return parsed.ok() ? parsed.value() : Subnet{};
}

std::string refusal(std::string_view text, std::string_view gateway = {}) {
    const auto parsed = parse_subnet(text, gateway);
    return parsed.ok() ? "" : parsed.error().message;
}

Address address(std::string_view text) { return parse_address(text).value(); }

/// Every address that containers get, in order of their names c0, c1, ...
std::vector<std::string> fill(const Subnet &net) {
    std::vector<Address> used;
    std::vector<std::string> given;
    while (const auto next = choose_address(net, "c" + std::to_string(given.size()), used)) {
        used.insert(std::lower_bound(used.begin(), used.end(), *next), *next);
        given.push_back(format(*next));
    }
    return given;
}

TEST(Address, IsReadAndWritten) {
    EXPECT_EQ(parse_address("10.129.0.1"), 0x0a810001u);
    EXPECT_EQ(format(0xffffff00u), "255.255.255.0");
    for (const char *wrong : {"", "10.0.0", "10.0.0.256", "10.0.0.1 ", "::1", "10.0.0.1/8"})
        EXPECT_FALSE(parse_address(wrong)) << wrong;
}

TEST(Subnet, HasItsFirstAddressAsGateway) {
    const Subnet net = subnet("10.129.0.0/16");
    EXPECT_EQ(net.gateway_text(), "10.129.0.1/16");
    EXPECT_EQ(net.text(), "10.129.0.0/16");
    EXPECT_EQ(format(net.broadcast()), "10.129.255.255");
    EXPECT_EQ(subnet("10.129.0.0/16", "10.129.3.4").gateway_text(), "10.129.3.4/16");
}

TEST(Subnet, KeepsWhatIsNotForContainers) {
    const Subnet net = subnet("192.168.7.0/24", "192.168.7.254");
    EXPECT_TRUE(net.usable(address("192.168.7.1")));
    for (const char *reserved : {"192.168.7.0", "192.168.7.255", "192.168.7.254", "192.168.8.1"})
        EXPECT_FALSE(net.usable(address(reserved))) << reserved;
}

TEST(Subnet, IsRefusedInWords) {
    EXPECT_EQ(refusal("10.129.0.0"), "\"10.129.0.0\" is not an IPv4 subnet");
    EXPECT_EQ(refusal("10.129.0.0/x"), "\"10.129.0.0/x\" is not an IPv4 subnet");
    EXPECT_EQ(refusal("10.129.0.0/16 "), "\"10.129.0.0/16 \" is not an IPv4 subnet");
    EXPECT_EQ(refusal("fd00::/64"), "\"fd00::/64\" is not an IPv4 subnet");
    EXPECT_EQ(refusal("10.129.0.0/31"), "\"10.129.0.0/31\" has a prefix outside 8..30");
    EXPECT_EQ(refusal("10.0.0.0/7"), "\"10.0.0.0/7\" has a prefix outside 8..30");
    EXPECT_EQ(refusal("10.129.0.1/16"), "\"10.129.0.1/16\" has bits set behind its prefix");
    EXPECT_EQ(refusal("127.1.0.0/16"), "\"127.1.0.0/16\" is a loopback, multicast or reserved range");
    EXPECT_EQ(refusal("239.0.0.0/8"), "\"239.0.0.0/8\" is a loopback, multicast or reserved range");
    for (const char *gateway : {"10.130.0.1", "10.129.0.0", "10.129.255.255", "first"})
        EXPECT_NE(refusal("10.129.0.0/16", gateway), "") << gateway;
}

TEST(Subnet, KnowsWhatOverlaps) {
    EXPECT_TRUE(subnet("10.0.0.0/8").overlaps(subnet("10.129.0.0/16")));
    EXPECT_TRUE(subnet("10.129.0.0/16").overlaps(subnet("10.0.0.0/8")));
    EXPECT_FALSE(subnet("10.129.0.0/16").overlaps(subnet("10.130.0.0/16")));
}

TEST(Choice, IsTheSameForTheSameContainer) {
    const Subnet net = subnet("10.129.0.0/16");
    EXPECT_EQ(choose_address(net, "web", {}), choose_address(net, "web", {}));
    EXPECT_NE(choose_address(net, "web1", {}), choose_address(net, "web2", {}));
}

TEST(Choice, GivesEveryAddressOnceAndThenNone) {
    const auto all = fill(subnet("10.9.9.0/28", "10.9.9.5"));
    EXPECT_EQ(all.size(), 13u); // 16 without network, broadcast, gateway
    const std::set<std::string> different(all.begin(), all.end());
    EXPECT_EQ(different.size(), all.size());
    EXPECT_EQ(different.count("10.9.9.0") + different.count("10.9.9.5") + different.count("10.9.9.15"), 0u);
    EXPECT_EQ(fill(subnet("10.9.9.0/30")), std::vector<std::string>{"10.9.9.2"});
}

class Leases : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/ctr-leases-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        directory_ = name;
    }
    void TearDown() override {
        for (const std::string &name : list_directory(directory_))
            unlink((directory_ + "/" + name).c_str());
        rmdir(directory_.c_str());
    }
    std::string take(const std::string &id) {
        const auto taken = take_lease(directory_, net_, id);
        return taken.ok() ? format(taken.value()) : taken.error().message;
    }
    std::string directory_;
    Subnet net_ = subnet("10.9.9.0/29");
};

TEST_F(Leases, AreLinksToTheContainer) {
    const std::string web = take("web");
    EXPECT_EQ(read_link(directory_ + "/" + web), "web");
    EXPECT_EQ(take("web"), web); // the same again, not a second one
    EXPECT_EQ(list_leases(directory_).size(), 1u);
}

TEST_F(Leases, AreNeverGivenTwice) {
    std::set<std::string> all;
    for (const char *id : {"a", "b", "c", "d", "e"})
        all.insert(take(id));
    EXPECT_EQ(all.size(), 5u);
    EXPECT_EQ(take("f"), "all addresses of 10.9.9.0/29 are leased");
}

TEST_F(Leases, AreGivenBackByTheirOwnerOnly) {
    const std::string web = take("web");
    EXPECT_TRUE(give_back(directory_, "other", web).ok());
    EXPECT_EQ(read_link(directory_ + "/" + web), "web");
    EXPECT_TRUE(give_back(directory_, "web", web).ok());
    EXPECT_TRUE(give_back(directory_, "web", web).ok()); // twice is fine
    EXPECT_TRUE(list_leases(directory_).empty());
    EXPECT_EQ(take("web"), web);
}

TEST_F(Leases, AreFoundWithoutARecord) {
    take("web");
    const std::string other = take("other");
    EXPECT_TRUE(give_back(directory_, "web", "").ok());
    ASSERT_EQ(list_leases(directory_).size(), 1u);
    EXPECT_EQ(list_leases(directory_)[0].first, other);
    EXPECT_TRUE(give_back("/nonexistent", "web", "").ok());
}

TEST(Names, FitTheKernel) {
    const std::string stem = link_stem("/run/ctr/bridge", "a-rather-long-container-name");
    EXPECT_EQ(link_name(stem, 0).size(), 15u);
    EXPECT_TRUE(is_interface_name(link_name(stem, 15)));
    EXPECT_NE(link_name(stem, 0), link_name(stem, 1));
    EXPECT_NE(stem, link_stem("/run/ctr/bridge", "another"));
    EXPECT_NE(stem, link_stem("/run/other/bridge", "a-rather-long-container-name"));
    EXPECT_LE(bridge_alias(std::string(400, 'x'), "10.129.0.1/16").size(), 255u);
}

TEST(Names, OfBridgesAreChecked) {
    for (const char *good : {"ctr0", "br-lan", "a.b", "123456789012345"})
        EXPECT_TRUE(is_interface_name(good)) << good;
    for (const char *bad : {"", "1234567890123456", "a/b", "a b", "-a", ".", "..", "lo", "all", "a$b", "a\"b"})
        EXPECT_FALSE(is_interface_name(bad)) << bad;
}

TEST(Names, MarkTheirOwner) {
    EXPECT_EQ(owner_mark("/run/ctr").size(), 20u);
    EXPECT_NE(owner_mark("/run/ctr"), owner_mark("/run/ctr2"));
    EXPECT_EQ(bridge_alias("/run/ctr", "10.129.0.1/16"), owner_mark("/run/ctr") + " 10.129.0.1/16 /run/ctr");
    EXPECT_EQ(hardware_address(address("10.129.0.1")), "02:63:0a:81:00:01");
}

TEST(Names, DoNotChangeBetweenReleases) { // containers that run are found again by the next release
    EXPECT_EQ(hash(""), 0xefd01f60ba992926u);
    EXPECT_EQ(link_stem("/run/ctr", "web"), "ctr578c0f79829");
}

Rules rules(bool nat, bool isolate) { return {"ctr0", subnet("10.129.0.0/16"), nat, isolate}; }

TEST(Table, MasqueradesWhatLeavesTheSubnetAndIsolates) {
    EXPECT_EQ(table_text("ctr_ctr0", "ctr:0123456789abcdef", rules(true, true)),
              "table inet ctr_ctr0\n"
              "delete table inet ctr_ctr0\n"
              "table inet ctr_ctr0 {\n"
              "    comment \"" +
                  rules(true, true).comment("ctr:0123456789abcdef") +
                  "\"\n"
                  "    chain postrouting {\n"
                  "        type nat hook postrouting priority srcnat; policy accept;\n"
                  "        ip saddr 10.129.0.0/16 oifname != \"ctr0\" masquerade\n"
                  "    }\n"
                  "    chain prerouting {\n"
                  "        type filter hook prerouting priority mangle; policy accept;\n"
                  "        ip daddr 10.129.0.0/16 iifname != \"lo\" iifname != \"ctr0\" ct state "
                  "new,invalid,untracked drop\n"
                  "    }\n"
                  "    chain forward {\n"
                  "        type filter hook forward priority filter; policy accept;\n"
                  "        oifname \"ctr0\" iifname != \"ctr0\" ct status dnat accept\n"
                  "        oifname \"ctr0\" iifname != \"ctr0\" ct state new,invalid,untracked drop\n"
                  "    }\n"
                  "}\n");
}

TEST(Table, HasOnlyWhatIsAskedFor) {
    EXPECT_EQ(rules(true, false).body().find("drop"), std::string::npos);
    EXPECT_EQ(rules(false, true).body().find("masquerade"), std::string::npos);
    EXPECT_NE(rules(false, true).body().find("drop"), std::string::npos);
    EXPECT_FALSE(rules(false, false).any());
}

TEST(Table, OfOtherRulesHasAnotherComment) {
    std::set<std::string> comments;
    for (const bool nat : {false, true})
        for (const bool isolate : {false, true})
            comments.insert(rules(nat, isolate).comment("ctr:0"));
    Rules other = rules(true, true);
    other.subnet = subnet("10.130.0.0/16");
    comments.insert(other.comment("ctr:0"));
    EXPECT_EQ(comments.size(), 5u);
    EXPECT_EQ(rules(true, true).comment("ctr:0"), rules(true, true).comment("ctr:0"));
}

TEST(Table, IsKnownByItsComment) {
    const auto attribute = [](char type, std::string_view value) {
        return std::string{type, static_cast<char>(value.size())} + std::string(value);
    };
    const std::string comment = attribute(0, std::string_view("ctr:1 2\0", 8));
    EXPECT_EQ(comment_in(comment), "ctr:1 2");
    EXPECT_EQ(comment_in(attribute(7, "ctr:1") + comment), "ctr:1 2");
    EXPECT_EQ(comment_in(attribute(7, "ctr:1")), "");
    EXPECT_EQ(comment_in(""), "");
    for (std::size_t cut = 1; cut < comment.size(); ++cut)
        EXPECT_EQ(comment_in(std::string_view(comment).substr(0, cut)), "") << cut;
}

} // namespace
} // namespace bridge
