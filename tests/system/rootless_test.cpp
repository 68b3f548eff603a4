// SPDX-License-Identifier: MIT
//
// Users without privilege: a container in a user namespace of their own, with both names of the program.
#include "fixture/oci.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace fixture;

namespace {

/// Somebody who owns nothing on the machine, and is in no /etc/subuid.
constexpr const char *somebody = "54321";

class Rootless : public SystemTest {
protected:
    void SetUp() override {
        SystemTest::SetUp();
        if (as_user("ctr", {"version"}).status != 0) GTEST_SKIP() << "other users cannot get to " CTR_BUILD_DIR;
        command({"mkdir", "-p", home + "/run", home + "/bundle"});
        command({"cp", "-a", box.rootfs(), home + "/bundle/rootfs"});
        command({"chown", "-R", somebody, home});
    }
    void TearDown() override {
        command({"rm", "-rf", home});
        SystemTest::TearDown();
    }
    Ran as_user(const std::string &program, const std::vector<std::string> &words,
                const std::vector<std::string> &by = {}) const {
        std::vector<std::string> all = {"setpriv",
                                        "--reuid",
                                        somebody,
                                        "--regid",
                                        somebody,
                                        "--clear-groups",
                                        "env",
                                        "-i",
                                        "PATH=/usr/bin:/bin",
                                        "HOME=" + home,
                                        "XDG_RUNTIME_DIR=" + home + "/run"};
        all.insert(all.end(), by.begin(), by.end());
        all.push_back(program == "sh" ? program : CTR_BUILD_DIR "/bin/" + program);
        all.insert(all.end(), words.begin(), words.end());
        return command(all);
    }
    Ran oci(const std::vector<std::string> &words) const { return as_user("ctr-oci", words); }
    /// The bundle of `spec --rootless` with that program.
    void bundle(const std::vector<std::string> &program) const {
        ::unlink((home + "/bundle/config.json").c_str());
        ASSERT_STATUS(oci({"spec", "--rootless", "--bundle", home + "/bundle"}), 0);
        Json config = Json::parse(read_text(home + "/bundle/config.json"));
        config["process"]["terminal"] = false;
        config["process"]["args"] = program;
        write_text(home + "/bundle/config.json", config.dump());
    }
    std::string home = box.dir() + "/home";
};

} // namespace

TEST_F(Rootless, RunsABundleWhoseRootIsTheUser) {
    bundle({"/bin/sh", "-c", "id -u; cat /proc/self/uid_map; touch /root-file; exit 5"});
    const Ran ran = oci({"run", "--bundle", home + "/bundle", "one"});
    EXPECT_STATUS(ran, 5);
    EXPECT_HAS(ran.out, "0\n");
    EXPECT_HAS(ran.out, std::string(somebody) + "          1\n");
}

TEST_F(Rootless, CreatesStartsEntersAndDeletes) {
    bundle({"/bin/sleep", "1000"});
    ASSERT_STATUS(oci({"create", "--bundle", home + "/bundle", "one"}), 0);
    ASSERT_STATUS(oci({"start", "one"}), 0);
    EXPECT_HAS(oci({"list"}).out, "running");
    const Ran ran = oci({"exec", "one", "/bin/sh", "-c", "id -u; readlink /proc/1/exe; exit 4"});
    EXPECT_STATUS(ran, 4);
    EXPECT_EQ(ran.out, "0\n/bin/busybox\n");
    EXPECT_STATUS(oci({"kill", "one", "KILL"}), 0);
    EXPECT_TRUE(eventually([&] { return oci({"delete", "one"}).status == 0; }));
}

TEST_F(Rootless, CtrRunsADirectoryAndRefusesLimitsByName) {
    const Ran ran =
        as_user("ctr", {"run", "--rm", "--rootfs", home + "/bundle/rootfs", "/bin/sh", "-c", "id -u; exit 6"});
    EXPECT_STATUS(ran, 6);
    EXPECT_EQ(ran.out, "0\n");
    const Ran limited =
        as_user("ctr", {"run", "--rm", "--memory", "10m", "--rootfs", home + "/bundle/rootfs", "/bin/true"});
    EXPECT_STATUS(limited, 125);
    EXPECT_HAS(limited.err, "/linux/resources/memory/limit: asked for, but no plugin carries it out");
}

// As podman of a user does it: in a user namespace of his, where he is root and the files of the machine's root (ctr
// and its plugins) are nobody's. Its pid namespace is the machine's, so exec cannot go into the container's and come
// back.
TEST_F(Rootless, RunsAndEntersInANamespaceThatTheUserHasEntered) {
    bundle({"/bin/sleep", "1000"});
    Json config = Json::parse(read_text(home + "/bundle/config.json"));
    for (const char *key : {"uidMappings", "gidMappings"})
        config["linux"].erase(key);
    auto &namespaces = config["linux"]["namespaces"];
    for (std::size_t i = namespaces.size(); i-- > 0;)
        if (namespaces[i]["type"] == "user") namespaces.erase(i);
    write_text(home + "/bundle/config.json", config.dump());
    const std::string oci = CTR_BUILD_DIR "/bin/ctr-oci";
    const Ran ran =
        as_user("sh",
                {"-c", oci + " run --detach --bundle " + home + "/bundle entered </dev/null >/dev/null && " + oci +
                           " exec entered sh -c 'id -u; echo $$; exit 7'; echo $?; " + oci +
                           " delete --force entered; " + oci + " list -q"},
                {"unshare", "--user", "--map-root-user", "--mount"});
    EXPECT_STATUS(ran, 0);
    const std::vector<std::string> said = lines_of(ran.out);
    ASSERT_EQ(said.size(), 3U) << ran.out << ran.err;
    EXPECT_EQ(said[0], "0");
    EXPECT_LT(std::stoi(said[1]), 10) << "a pid of the container";
    EXPECT_EQ(said[2], "7");
    for (const char *each : {"/containers", "/containers.files"})
        EXPECT_EQ(command({"find", home + "/run/ctr-oci" + each, "-mindepth", "1"}).out, "");
}
