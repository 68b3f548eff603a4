// SPDX-License-Identifier: MIT
//
// The three network drivers, against a second namespace that plays the outside world.
#include "fixture/sandbox.hpp"

#include <csignal>
#include <filesystem>

using namespace fixture;

namespace {

class Network : public SystemTest {
protected:
    Ran sh(const std::string &network, const std::string &script, const std::vector<std::string> &options = {}) const {
        return box.run({"overlay", network}, options, {"/bin/sh", "-c", script});
    }
};

} // namespace

TEST_F(Network, TheBridgeGivesAnAddressAndARoute) {
    const Ran ran = sh("bridge", "ip -o addr; ip route");
    ASSERT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, "eth0    inet 10.129.");
    EXPECT_HAS(ran.out, "default via 10.129.0.1 dev eth0");
    EXPECT_HAS(ran.out, "lo    inet 127.0.0.1/8");
}

TEST_F(Network, TheBridgeReachesTheOutsideThroughNat) {
    const Ran ran = sh("bridge", "ping -c 1 -W 30 " + box.outside_address());
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, "1 packets received");
}

TEST_F(Network, TwoContainersOnTheBridgeReachEachOther) {
    std::vector<std::string> words = box.ctr_words();
    for (const std::string &word :
         box.run_words({}, {"--name", "first"}, {"/bin/sh", "-c", "ip -o -4 addr show eth0; sleep 1000"}))
        words.push_back(word);
    Running first(words);
    // Its address, as its lease says.
    std::string address;
    EXPECT_TRUE(eventually([&] {
        std::error_code ignored;
        for (const auto &entry :
             std::filesystem::directory_iterator(box.run_root() + "/plugins/bridge/ctr0/leases", ignored))
            if (std::filesystem::is_symlink(entry.path()) &&
                std::filesystem::read_symlink(entry.path(), ignored) == "first")
                address = entry.path().filename();
        return !address.empty() && box.ctr({"ps"}).out.find("running") != std::string::npos;
    }));
    EXPECT_STATUS(sh("bridge", "ping -c 1 -W 30 " + address), 0);
    EXPECT_STATUS(box.ctr({"rm", "-f", "first"}), 0);
    EXPECT_STATUS(first.wait(), 137);
}

TEST_F(Network, NoneIsLoopbackAlone) {
    const Ran ran =
        sh("none", "ip -o link | wc -l; ping -c 1 -W 30 127.0.0.1 > /dev/null && echo up; ip route; ping -c 1 -W 1 " +
                       box.outside_address());
    EXPECT_EQ(ran.out.substr(0, 5), "1\nup\n") << describe(ran);
    EXPECT_NE(ran.status, 0);
}

TEST_F(Network, HostIsTheMachinesNetwork) {
    const Ran ran = sh("host", "readlink /proc/self/ns/net; ip -o link; ping -c 1 -W 30 " + box.outside_address());
    EXPECT_STATUS(ran, 0);
    EXPECT_HAS(ran.out, std::filesystem::read_symlink("/proc/self/ns/net").string());
    EXPECT_HAS(ran.out, "uplink");
}

TEST_F(Network, NameFilesAreThere) {
    for (const char *network : {"bridge", "host"}) {
        const Ran ran = sh(network, "cat /etc/hosts; echo --; cat /etc/resolv.conf; echo --; cat /etc/hostname",
                           {"--hostname", "kitchen"});
        EXPECT_STATUS(ran, 0);
        EXPECT_HAS(ran.out, "127.0.0.1");
        EXPECT_HAS(ran.out, "localhost");
        EXPECT_HAS(ran.out, "--\nkitchen\n");
    }
    EXPECT_HAS(sh("bridge", "cat /etc/hosts", {"--hostname", "kitchen"}).out, "kitchen");
}
