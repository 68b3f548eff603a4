// SPDX-License-Identifier: MIT
#include "front/cli/run_spec.hpp"

#include "spec/claims.hpp"
#include "spec/oci.hpp"

#include <gtest/gtest.h>

using namespace core;
using namespace core::cli;
using namespace core::spec;
using Strings = std::vector<std::string>;

namespace {

RunOptions plain() {
    RunOptions options;
    options.id = "0123456789abcdef0123456789abcdef";
    options.image = "alpine";
    options.layers = {"sha256-a", "sha256-b"};
    options.image_config =
        Json::parse(R"({"Env": ["PATH=/bin", "LANG=C", "broken"], "Cmd": ["sh"], "WorkingDir": "srv"})");
    options.network = "bridge";
    return options;
}

Json make(const RunOptions &options) {
    const auto result = run_spec(options);
    EXPECT_TRUE(result.ok()) << result.error().text();
    return result.ok() ? result.value() : Json();
}

std::string error(const RunOptions &options) {
    const auto result = run_spec(options);
    return result.ok() ? "ok" : result.error().text();
}

Strings destinations(const Json &spec) {
    Strings out;
    for (const Json &mount : spec["mounts"])
        out.push_back(mount["destination"]);
    return out;
}

} // namespace

TEST(RunSpec, OfAnImageHasItsCommandDirectoryAndEnvironment) {
    const Json spec = make(plain());
    EXPECT_EQ(spec["process"]["args"], Json({"sh"}));
    EXPECT_EQ(spec["process"]["cwd"], "/srv");
    EXPECT_EQ(spec["process"]["env"], Json({"PATH=/bin", "HOSTNAME=0123456789ab", "HOME=/root", "LANG=C"}));
    EXPECT_EQ(spec["process"]["user"], Json({{"uid", 0}, {"gid", 0}}));
    EXPECT_EQ(spec["hostname"], "0123456789ab");
    EXPECT_EQ(spec["ctr"], Json::parse(R"({"image": {"name": "alpine", "layers": ["sha256-a", "sha256-b"]},
                                           "capabilities": {"add": [], "drop": []}, "seccomp": "default"})"));
    EXPECT_FALSE(spec.contains("root"));
}

TEST(RunSpec, IsTheSameTwice) { EXPECT_EQ(make(plain()).dump(), make(plain()).dump()); }

TEST(RunSpec, AsksForOnlyKnownThings) {
    for (const RequestedPath &path : requested_paths(make(plain())))
        EXPECT_TRUE(is_known_claim(path.pattern())) << path.pattern();
}

TEST(RunSpec, TheCommandLineReplacesCmdButNotEntrypoint) {
    RunOptions options = plain();
    options.command = {"ls", "-l"};
    EXPECT_EQ(make(options)["process"]["args"], Json({"ls", "-l"}));
    options.image_config["Entrypoint"] = {"/init"};
    EXPECT_EQ(make(options)["process"]["args"], Json({"/init", "ls", "-l"}));
    options.command.clear();
    EXPECT_EQ(make(options)["process"]["args"], Json({"/init", "sh"}));
}

TEST(RunSpec, AnEmptyWordIsNoEntrypointAndNoCommand) {
    RunOptions options = plain();
    for (const Json &none : {Json(nullptr), Json::array(), Json({""}), Json("")}) {
        options.image_config["Entrypoint"] = none;
        options.image_config["Cmd"] = {"sh"};
        EXPECT_EQ(make(options)["process"]["args"], Json({"sh"})) << none;
        options.image_config["Cmd"] = none;
        EXPECT_EQ(error(options), "no command to run: the image \"alpine\" names none") << none;
        options.command = {"ls"};
        EXPECT_EQ(make(options)["process"]["args"], Json({"ls"})) << none;
        options.command.clear();
    }
    options.image_config["Entrypoint"] = {"/init"};
    options.image_config["Cmd"] = {""};
    EXPECT_EQ(make(options)["process"]["args"], Json({"/init", ""})) << "an argument";
    options.image_config["Entrypoint"] = "/init";
    options.image_config["Cmd"] = "word";
    EXPECT_EQ(make(options)["process"]["args"], Json({"/init", "word"})) << "a word alone, as old builders write";
    options.image_config["Entrypoint"] = {"", "x"};
    EXPECT_EQ(error(options), "the command to run is empty");
}

TEST(RunSpec, TheEnvironmentOfAnImageMayBeOdd) {
    RunOptions options = plain();
    options.image_config["Env"] = {"", "=", "=x", "novalue", "A=1", "EMPTY=", "A=2", "B==", "PATH=/one", "PATH=/two"};
    EXPECT_EQ(make(options)["process"]["env"],
              Json({"PATH=/two", "HOSTNAME=0123456789ab", "HOME=/root", "A=2", "EMPTY=", "B=="}));
    options.image_config["Env"] = nullptr;
    EXPECT_EQ(make(options)["process"]["env"].size(), 3u);
}

TEST(RunSpec, TheWorkingDirectoryOfAnImageMayBeOdd) {
    RunOptions options = plain();
    for (const auto &[given, made] : std::vector<std::pair<Json, std::string>>{
             {nullptr, "/"}, {"", "/"}, {"/", "/"}, {".", "/"}, {"a/b", "/a/b"}, {"//a//", "/a"}, {"./a/.", "/a"}}) {
        options.image_config["WorkingDir"] = given;
        EXPECT_EQ(make(options)["process"]["cwd"], made) << given;
    }
}

TEST(RunSpec, SaysWhenThereIsNothingToRun) {
    RunOptions options = plain();
    options.image_config = nullptr;
    EXPECT_EQ(error(options), "no command to run: the image \"alpine\" names none");
    options.image.clear();
    EXPECT_EQ(error(options), "no image and no root directory");
    options.rootfs = "/srv/root";
    EXPECT_EQ(error(options), "no command to run: a root directory names none");
    options.command = {"sh"};
    const Json spec = make(options);
    EXPECT_EQ(spec["root"]["path"], "/srv/root");
    EXPECT_FALSE(spec["ctr"].contains("image"));
}

TEST(RunSpec, NamesWhatIsWrongInTheImage) {
    RunOptions options = plain();
    options.image_config["Env"] = "A=b";
    EXPECT_EQ(error(options), "image config /Env: expected an array of strings, got \"A=b\"");
    options = plain();
    options.image_config["Cmd"] = {1};
    EXPECT_EQ(error(options), "image config /Cmd: expected an array of strings, got 1 in it");
    options = plain();
    options.image_config["User"] = "a:b:c";
    EXPECT_EQ(error(options), "image config /User: \"a:b:c\" is not USER[:GROUP] with names or ids");
}

TEST(RunSpec, LaterEnvironmentWinsAndKeepsItsPlace) {
    RunOptions options = plain();
    options.env = {"LANG=de", "PATH=/x", "NEW=1"};
    options.tty = true;
    EXPECT_EQ(make(options)["process"]["env"],
              Json({"PATH=/x", "HOSTNAME=0123456789ab", "TERM=xterm", "HOME=/root", "LANG=de", "NEW=1"}));
}

TEST(RunSpec, LeavesUserNamesToThePluginThatReadsPasswd) {
    RunOptions options = plain();
    options.image_config["User"] = "www-data";
    EXPECT_EQ(make(options)["ctr"]["user"], "www-data");
    options.user = "1000:100";
    const Json spec = make(options);
    EXPECT_FALSE(spec["ctr"].contains("user"));
    EXPECT_EQ(spec["process"]["user"], Json({{"uid", 1000}, {"gid", 100}, {"additionalGids", {100}}}));
    for (const Json &entry : spec["process"]["env"])
        EXPECT_NE(entry.get<std::string>().substr(0, 5), "HOME=");
}

TEST(RunSpec, LimitsBecomeResourcesAndRlimits) {
    RunOptions options = plain();
    options.memory = 1 << 20;
    options.cpus = CpuQuota{150000, 100000};
    options.pids_limit = 10;
    options.ulimits = {{"RLIMIT_NOFILE", 1, 2}, {"RLIMIT_NOFILE", 3, 4}, {"RLIMIT_CORE", 0, 0}};
    options.sysctls = {{"net.ipv4.ip_forward", "1"}};
    const Json spec = make(options);
    EXPECT_EQ(spec["linux"]["resources"],
              Json::parse(R"({"devices": [{"allow": false, "access": "rwm"}], "memory": {"limit": 1048576},
        "cpu": {"quota": 150000, "period": 100000}, "pids": {"limit": 10}})"));
    EXPECT_EQ(
        spec["process"]["rlimits"],
        Json::parse(
            R"([{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}, {"type": "RLIMIT_NOFILE", "soft": 3, "hard": 4}])"));
    EXPECT_EQ(spec["linux"]["sysctl"]["net.ipv4.ip_forward"], "1");
}

TEST(RunSpec, TheHostNetworkHasNoNamespace) {
    const auto types = [](const Json &spec) {
        Strings out;
        for (const Json &each : spec["linux"]["namespaces"])
            out.push_back(each["type"]);
        return out;
    };
    RunOptions options = plain();
    EXPECT_EQ(types(make(options)), (Strings{"mount", "uts", "ipc", "pid", "network", "cgroup"}));
    options.network = "host";
    EXPECT_EQ(types(make(options)), (Strings{"mount", "uts", "ipc", "pid", "cgroup"}));
}

TEST(RunSpec, MountsOuterDirectoriesBeforeInnerOnes) {
    RunOptions options = plain();
    options.volumes = {parse_volume("/a:/x/y").value(), parse_volume("/b:/x:ro").value()};
    options.tmpfs = {parse_tmpfs("/run").value()};
    EXPECT_EQ(destinations(make(options)), (Strings{"/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys",
                                                    "/sys/fs/cgroup", "/x", "/run", "/x/y"}));
}

TEST(RunSpec, AUsersMountReplacesTheDefaultsAtAndBelowIt) {
    RunOptions options = plain();
    options.tmpfs = {parse_tmpfs("/dev/shm:size=1g").value()};
    options.volumes = {parse_volume("/sys:/sys").value()};
    EXPECT_EQ(destinations(make(options)), (Strings{"/proc", "/dev", "/dev/pts", "/dev/mqueue", "/sys", "/dev/shm"}));
    options.volumes.push_back(parse_volume("/x:/dev/shm").value());
    EXPECT_EQ(error(options), "two mounts at /dev/shm");
}

TEST(RunSpec, SharedVolumesNeedARootThatLetsThemThrough) {
    RunOptions options = plain();
    EXPECT_FALSE(make(options)["linux"].contains("rootfsPropagation"));
    options.volumes = {parse_volume("/a:/x:rslave").value()};
    EXPECT_EQ(make(options)["linux"]["rootfsPropagation"], "rslave");
    options.volumes.push_back(parse_volume("/b:/y:shared").value());
    EXPECT_EQ(make(options)["linux"]["rootfsPropagation"], "shared");
}

TEST(RunSpec, SecurityChoicesAreWrittenForThePlugins) {
    RunOptions options = plain();
    options.cap_add = {"CAP_NET_ADMIN"};
    options.cap_drop = {"ALL"};
    options.no_new_privileges = true;
    options.seccomp = RunOptions::Seccomp::unconfined;
    options.rm = options.read_only = true;
    Json spec = make(options);
    EXPECT_EQ(spec["ctr"]["capabilities"], Json::parse(R"({"add": ["CAP_NET_ADMIN"], "drop": ["ALL"]})"));
    EXPECT_EQ(spec["process"]["noNewPrivileges"], true);
    EXPECT_EQ(spec["root"], Json::parse(R"({"readonly": true})"));
    EXPECT_EQ(spec["ctr"]["rm"], true);
    EXPECT_FALSE(spec["ctr"].contains("seccomp"));
    options.seccomp = RunOptions::Seccomp::profile;
    options.seccomp_profile = {{"defaultAction", "SCMP_ACT_ALLOW"}};
    EXPECT_EQ(make(options)["ctr"]["seccomp"]["defaultAction"], "SCMP_ACT_ALLOW");
    options.seccomp_profile = 1;
    EXPECT_EQ(error(options), "--security-opt: seccomp: expected a profile (an object), got 1");
}

TEST(RunSpec, ATerminalHasASize) {
    RunOptions options = plain();
    options.tty = true;
    options.console_size = ConsoleSize{80, 24};
    const Json spec = make(options);
    EXPECT_EQ(spec["process"]["terminal"], true);
    EXPECT_EQ(spec["process"]["consoleSize"], Json::parse(R"({"height": 24, "width": 80})"));
}
