// SPDX-License-Identifier: MIT
//
// The three network drivers, against a second namespace that plays the outside world.
#include "fixture/sandbox.hpp"

#include <csignal>
#include <filesystem>
#include <functional>
#include <optional>

using namespace fixture;

namespace {

class Network : public SystemTest {
protected:
    Ran sh(const std::string &network, const std::string &script, const std::vector<std::string> &options = {}) const {
        return box.run({"overlay", network}, options, {"/bin/sh", "-c", script});
    }
};

/// The command line of ctr with a config of its own: the sandbox's, and `section` for the bridge.
std::vector<std::string> ctr_with(const Sandbox &box, const std::string &section,
                                  const std::vector<std::string> &words) {
    std::vector<std::string> all = box.ctr_words();
    if (!section.empty()) {
        std::string config = read_text(box.config());
        config.insert(config.rfind('}'), ", \"bridge\": {" + section + "}");
        all[2] = box.dir() + "/config-" + std::to_string(std::hash<std::string>()(section)) + ".json";
        write_text(all[2], config);
    }
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

/// A container that serves /etc on port 80, which nobody published.
class Server {
public:
    Server(Sandbox &box, std::string name, std::string section = {}, std::vector<std::string> options = {},
           const std::string &before = {})
        : box_(box), name_(std::move(name)), section_(std::move(section)) {
        options.insert(options.end(), {"--name", name_});
        running_.emplace(ctr_with(
            box, section_, box.run_words({}, options, {"/bin/sh", "-c", before + "busybox httpd -f -p 80 -h /etc"})));
        EXPECT_TRUE(eventually([&] { return !find_address().empty() && answers(); })) << name_;
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    ~Server() {
        EXPECT_STATUS(box_.ctr({"rm", "-f", name_}), 0);
        EXPECT_STATUS(running_->wait(), 137);
    }
    const std::string &address() const { return address_; }
    /// Another container with the same config.
    Ran beside(const std::vector<std::string> &program) const {
        return command(ctr_with(box_, section_, box_.run_words({}, {}, program)));
    }

private:
    /// As its lease says.
    const std::string &find_address() {
        std::error_code ignored;
        for (const auto &entry :
             std::filesystem::recursive_directory_iterator(box_.run_root() + "/plugins/bridge", ignored))
            if (std::filesystem::is_symlink(entry.path()) &&
                std::filesystem::read_symlink(entry.path(), ignored) == name_)
                address_ = entry.path().filename();
        return address_;
    }
    bool answers() const {
        return command({"/bin/busybox", "timeout", "5", "/bin/busybox", "wget", "-q", "-O", "-",
                        "http://" + address_ + "/passwd"})
                   .status == 0;
    }
    Sandbox &box_;
    std::string name_, section_, address_;
    std::optional<Running> running_;
};

/// A script that succeeds if the server answers. (Not as a container's first process, which SIGTERM does not end.)
std::string fetch(const Server &server) {
    return "/bin/busybox timeout 4 /bin/busybox wget -q -O - http://" + server.address() + "/passwd; exit $?";
}

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
    const Server first(box, "first");
    EXPECT_STATUS(sh("bridge", "ping -c 1 -W 30 " + first.address()), 0);
    EXPECT_STATUS(sh("bridge", fetch(first)), 0);
}

// The machine routes, so a neighbour needs no more than a route to the bridge's subnet: each test below first shows
// that what it asks for would be answered.
class Neighbour : public Network {
protected:
    void SetUp() override {
        Network::SetUp();
        for (const char *subnet : {"10.129.0.0/16", "10.77.0.0/24"})
            ASSERT_STATUS(box.outside({"ip", "route", "add", subnet, "via", "192.0.2.1"}), 0);
    }
    void TearDown() override {
        for (const char *subnet : {"10.129.0.0/16", "10.77.0.0/24"})
            EXPECT_STATUS(box.outside({"ip", "route", "del", subnet}), 0);
        Network::TearDown();
    }
    bool reaches(const Server &server) const {
        return box.outside({"/bin/sh", "-c", fetch(server)}).status == 0 || pings(server.address());
    }
    bool pings(const std::string &address) const {
        return box.outside({"/bin/busybox", "ping", "-c", "1", "-W", "2", address}).status == 0;
    }
};

TEST_F(Neighbour, ReachesNoContainer) {
    const Server open(box, "open", R"("isolate": false)");
    EXPECT_TRUE(reaches(open)) << "the test itself is wrong";
    EXPECT_TRUE(pings("10.129.0.1"));
    // The next container's config says that nobody shall: the table is made anew, for all of the bridge.
    const Server closed(box, "closed");
    EXPECT_STATUS(command({"/bin/sh", "-c", fetch(closed)}), 0) << "the machine itself may";
    EXPECT_FALSE(reaches(closed));
    EXPECT_FALSE(reaches(open));
    EXPECT_FALSE(pings("10.129.0.1")) << "the bridge's own address";
    EXPECT_STATUS(sh("bridge", "ping -c 1 -W 30 " + box.outside_address()), 0) << "answers come back";
}

TEST_F(Neighbour, ReachesNoContainerWithoutNatEither) {
    const Server server(box, "routed", R"("nat": false)");
    EXPECT_STATUS(command({"/bin/sh", "-c", fetch(server)}), 0);
    EXPECT_FALSE(reaches(server));
    // What a container begins is answered, though nobody translates its address.
    EXPECT_STATUS(server.beside({"/bin/ping", "-c", "1", "-W", "30", box.outside_address()}), 0);
}

TEST_F(Neighbour, ReachesWhatTheAdministratorRedirects) {
    const Server server(box, "published");
    must({"nft", "add table ip published; add chain ip published pre { type nat hook prerouting priority dstnat; }; "
                 "add rule ip published pre tcp dport 8080 dnat to " +
                     server.address() + ":80"});
    const Ran ran = box.outside(
        {"/bin/busybox", "timeout", "20", "/bin/busybox", "wget", "-q", "-O", "-", "http://192.0.2.1:8080/passwd"});
    must({"nft", "delete table ip published"});
    EXPECT_STATUS(ran, 0);
    EXPECT_FALSE(reaches(server));
}

TEST_F(Neighbour, OnAnotherBridgeReachesNoContainer) {
    const Server here(box, "here");
    const Server there(box, "there", R"("name": "ctr1", "subnet": "10.77.0.0/24", "keep": false)");
    EXPECT_STATUS(command({"/bin/sh", "-c", fetch(there)}), 0);
    EXPECT_NE(sh("bridge", fetch(there)).status, 0);
    EXPECT_NE(sh("bridge", "ping -c 1 -W 2 " + there.address()).status, 0);
    EXPECT_NE(there.beside({"/bin/sh", "-c", fetch(here)}).status, 0);
    EXPECT_STATUS(there.beside({"/bin/sh", "-c", fetch(there)}), 0);
}

TEST_F(Neighbour, ReachesNoContainerOverIpv6) {
    const std::string all = "/proc/sys/net/ipv6/conf/all/forwarding";
    if (!std::filesystem::exists(all)) GTEST_SKIP() << "a kernel without IPv6";
    write_text(all, "1\n");
    const Server server(box, "six", R"("isolate": false)", {"--cap-add", "NET_ADMIN"},
                        "ip -6 addr add fd00:1::2/64 dev eth0 && ip -6 route add default via fd00:1::1; ");
    must({"ip", "-6", "addr", "add", "fd00:1::1/64", "dev", "ctr0", "nodad"});
    must({"ip", "-6", "addr", "add", "fd00:2::1/64", "dev", "uplink", "nodad"});
    EXPECT_STATUS(box.outside({"ip", "-6", "addr", "add", "fd00:2::2/64", "dev", "cable", "nodad"}), 0);
    EXPECT_STATUS(box.outside({"ip", "-6", "route", "add", "fd00:1::/64", "via", "fd00:2::1"}), 0);
    EXPECT_TRUE(eventually([&] { return pings("fd00:1::2"); }, 30)) << "the test itself is wrong";
    EXPECT_STATUS(sh("bridge", "true"), 0); // closes the bridge
    EXPECT_FALSE(pings("fd00:1::2"));
    EXPECT_STATUS(command({"/bin/busybox", "ping", "-c", "1", "-W", "30", "fd00:1::2"}), 0);
    must({"ip", "-6", "addr", "del", "fd00:1::1/64", "dev", "ctr0"});
    must({"ip", "-6", "addr", "del", "fd00:2::1/64", "dev", "uplink"});
    EXPECT_STATUS(box.outside({"ip", "-6", "addr", "del", "fd00:2::2/64", "dev", "cable"}), 0);
    write_text(all, "0\n");
}

TEST_F(Network, ATableOfSomebodyElseIsRefused) {
    for (const char *comment : {"", "comment \"ours\"; ", "comment \"ctr:0123456789abcdef 0123456789abcdef\"; "}) {
        must({"nft", std::string("add table inet ctr_ctr7 { ") + comment + "}"});
        const Ran ran = command(ctr_with(box, R"("name": "ctr7", "subnet": "10.77.0.0/24", "keep": false)",
                                         box.run_words({}, {}, {"/bin/true"})));
        must({"nft", "delete table inet ctr_ctr7"});
        EXPECT_STATUS(ran, 125);
        EXPECT_HAS(ran.err, "the nft table inet ctr_ctr7 exists and was not made by this ctr");
    }
}

TEST_F(Network, BridgeAndTableStayUnlessTheConfigSaysOtherwise) {
    const std::vector<std::string> run = box.run_words({}, {}, {"/bin/true"});
    const auto is_there = [] {
        return command({"ip", "link", "show", "ctr0"}).status == 0 &&
               command({"nft", "list", "table", "inet", "ctr_ctr0"}).status == 0;
    };
    EXPECT_STATUS(box.ctr(run), 0);
    EXPECT_TRUE(is_there());
    EXPECT_STATUS(command(ctr_with(box, R"("keep": false)", run)), 0);
    EXPECT_FALSE(is_there());
    // What somebody took away is made again.
    EXPECT_STATUS(box.ctr(run), 0);
    must({"ip", "link", "delete", "ctr0"});
    must({"nft", "delete", "table", "inet", "ctr_ctr0"});
    EXPECT_STATUS(sh("bridge", "ping -c 1 -W 30 " + box.outside_address()), 0);
    EXPECT_TRUE(is_there());
}

TEST_F(Network, AContainerThatFillsItsNameFilesFillsNothingElse) {
    for (const char *network : {"bridge", "host"}) {
        const Ran ran =
            sh(network, "dd if=/dev/zero of=/etc/hosts bs=64k count=160 2>&1; dd if=/dev/zero of=/etc/resolv.conf "
                        "bs=64k count=160 2>&1; wc -c < /etc/hosts");
        EXPECT_HAS(ran.out, "No space left on device");
        EXPECT_LT(std::stol(ran.out.substr(ran.out.rfind('\n', ran.out.size() - 2) + 1)), 1 << 20) << ran.out;
        const Ran more = sh(network, "echo '192.0.2.9 more' >> /etc/hosts && cat /etc/hosts");
        EXPECT_STATUS(more, 0);
        EXPECT_HAS(more.out, "192.0.2.9 more");
        EXPECT_HAS(more.out, "localhost");
    }
}

TEST_F(Network, TheScriptClosesTheBridgeToo) {
    std::vector<std::string> words = {"plan", "--format", "shell", "--network", "bridge", "box", "/bin/true"};
    const Ran ran = box.ctr(words);
    ASSERT_STATUS(ran, 0);
    EXPECT_HAS(ran.out,
               "ip daddr 10.129.0.0/16 iifname != \"lo\" iifname != \"ctr0\" ct state new,invalid,untracked drop");
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
