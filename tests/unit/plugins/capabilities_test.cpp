// SPDX-License-Identifier: MIT
#include "../../../plugins/capabilities/sets.hpp"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace capabilities {
namespace {

Mask of(std::initializer_list<int> numbers) {
    Mask mask = 0;
    for (const int each : numbers)
        mask |= bit(each);
    return mask;
}

Mask after(const std::vector<std::string> &add, const std::vector<std::string> &drop) {
    const auto change = parse_change(add, drop);
    EXPECT_TRUE(change.ok()) << change.error().message;
    return change.ok() ? changed(default_mask(), change.value()) : 0;
}

TEST(CapabilityNames, HaveTheKernelsNumbers) {
    EXPECT_EQ(number_of("CAP_CHOWN"), CAP_CHOWN);
    EXPECT_EQ(number_of("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
    EXPECT_EQ(number_of("CAP_SETFCAP"), CAP_SETFCAP);
    EXPECT_EQ(number_of("CAP_AUDIT_READ"), CAP_AUDIT_READ);
    EXPECT_EQ(number_of("CAP_CHECKPOINT_RESTORE"), 40);
}

TEST(CapabilityNames, NeedNoPrefixAndNoCapitals) {
    EXPECT_EQ(number_of("net_admin"), CAP_NET_ADMIN);
    EXPECT_EQ(number_of("cap_net_admin"), CAP_NET_ADMIN);
}

TEST(CapabilityNames, AreNotGuessed) {
    for (const char *name : {"", "CAP_", "CAP", "CHOWN ", " CHOWN", "CAP_CHOWNX", "CAP_CAP_CHOWN", "0", "ALL"})
        EXPECT_FALSE(number_of(name)) << name;
}

TEST(CapabilityMasks, ReadAsInProc) {
    EXPECT_EQ(hex(default_mask()), "00000000a80425fb");
    EXPECT_EQ(hex(0), "0000000000000000");
    EXPECT_EQ(hex(everything), "ffffffffffffffff");
    EXPECT_EQ(names_of(of({CAP_CHOWN, CAP_KILL})), "CHOWN KILL");
    EXPECT_EQ(names_of(0), "none");
    EXPECT_EQ(names_of(everything), "ALL");
    EXPECT_EQ(names_of(bit(50)), "50");
}

TEST(CapabilityChange, AddsAndDropsRelativeToTheDefault) {
    EXPECT_EQ(after({}, {}), default_mask());
    EXPECT_EQ(after({"NET_ADMIN"}, {"cap_chown"}), (default_mask() | bit(CAP_NET_ADMIN)) & ~bit(CAP_CHOWN));
    EXPECT_EQ(after({"CHOWN"}, {"CHOWN"}), default_mask());
}

TEST(CapabilityChange, DropAllLeavesWhatIsAdded) {
    EXPECT_EQ(after({}, {"ALL"}), 0U);
    EXPECT_EQ(after({"NET_RAW"}, {"all"}), bit(CAP_NET_RAW));
    EXPECT_EQ(after({"NET_RAW"}, {"ALL", "CHOWN"}), bit(CAP_NET_RAW));
}

TEST(CapabilityChange, AddAllLeavesOutWhatIsDropped) {
    EXPECT_EQ(after({"ALL"}, {}), everything);
    EXPECT_EQ(after({"ALL"}, {"SYS_ADMIN"}), everything & ~bit(CAP_SYS_ADMIN));
}

TEST(CapabilityChange, RefusesWithThePlace) {
    const auto change = parse_change({"CHOWN", "SYS_ADMN"}, {});
    ASSERT_FALSE(change.ok());
    EXPECT_EQ(change.error().path, "/ctr/capabilities/add/1");
    EXPECT_NE(change.error().message.find("SYS_ADMN"), std::string::npos);
    EXPECT_FALSE(parse_change({"ALL"}, {"ALL"}).ok());
}

TEST(CapabilityLists, CollectWhatIsUnknown) {
    std::vector<std::string> unknown;
    EXPECT_EQ(parse_oci({"CAP_KILL", "CAP_TELEPORT", "KILL", "ALL"}, unknown), bit(CAP_KILL));
    EXPECT_EQ(unknown, (std::vector<std::string>{"CAP_TELEPORT", "KILL", "ALL"}));
}

TEST(CapabilitySets, LoseWhatTheKernelWouldRefuse) {
    const Mask kill = bit(CAP_KILL), chown = bit(CAP_CHOWN);
    Sets sets{kill, kill | chown, kill, chown | kill, chown | kill};
    EXPECT_EQ(make_consistent(sets), chown);
    EXPECT_EQ(sets.effective, kill);
    EXPECT_EQ(sets.inheritable, kill);
    EXPECT_EQ(sets.ambient, kill);
    EXPECT_EQ(make_consistent(sets), 0U);
}

} // namespace
} // namespace capabilities
