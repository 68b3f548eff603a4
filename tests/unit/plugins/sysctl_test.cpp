// SPDX-License-Identifier: MIT
#include "../../../plugins/sysctl/keys.hpp"

#include <gtest/gtest.h>

namespace sysctl {
namespace {

TEST(SysctlKey, TheFirstSeparatorDecides) {
    EXPECT_EQ(path_of("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
    EXPECT_EQ(path_of("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
    EXPECT_EQ(path_of("net.ipv4.conf.eth0/100.forwarding"), "net/ipv4/conf/eth0.100/forwarding");
    EXPECT_EQ(path_of("net/ipv4/conf/eth0.100/forwarding"), "net/ipv4/conf/eth0.100/forwarding");
}

TEST(SysctlKey, CannotLeadElsewhere) {
    for (const char *key : {"", "net", "/net/ipv4", ".net.ipv4", "net/", "net..ipv4", "net//ipv4",
                            "net/../kernel/core_pattern", "net/./x", "net.//.x", "../x"})
        EXPECT_FALSE(path_of(key)) << key;
    EXPECT_FALSE(path_of(std::string_view("net.a\0b", 7)));
}

TEST(SysctlKey, BelongsToANamespaceOrToTheMachine) {
    for (const char *path :
         {"kernel/shmmax", "kernel/shm_rmid_forced", "kernel/msgmnb", "kernel/sem", "fs/mqueue/msg_max"})
        EXPECT_EQ(owner_of(path), Owner::ipc) << path;
    EXPECT_EQ(owner_of("net/core/somaxconn"), Owner::network);
    EXPECT_EQ(owner_of("kernel/hostname"), Owner::uts);
    EXPECT_EQ(owner_of("kernel/domainname"), Owner::uts);
    EXPECT_EQ(owner_of("user/max_net_namespaces"), Owner::user);
    for (const char *path : {"kernel/core_pattern", "kernel/semaphore", "kernel/sem/x", "vm/swappiness", "fs/file-max",
                             "fs/mqueue", "kernel/shm", "network/x", "kernel/hostname/x"})
        EXPECT_EQ(owner_of(path), Owner::machine) << path;
}

} // namespace
} // namespace sysctl
