// SPDX-License-Identifier: MIT
#include "front/cli/flags.hpp"

#include <gtest/gtest.h>
#include <limits>

using namespace core;
using namespace core::cli;
using Strings = std::vector<std::string>;

namespace {
template <typename T> std::string error(const Result<T> &result) { return result.ok() ? "ok" : result.error().text(); }
} // namespace

TEST(Flags, SizesAreBytesOrHaveAUnit) {
    const std::pair<const char *, std::int64_t> good[] = {
        {"0", 0},
        {"1048576", 1048576},
        {"512m", 536870912},
        {"1.5g", 1610612736},
        {"1k", 1024},
        {"2GB", 2147483648},
        {"1GiB", 1073741824},
        {"100b", 100},
        {"0.5k", 512},
        {"1t", 1099511627776},
        {"9223372036854775807", std::numeric_limits<std::int64_t>::max()}};
    for (const auto &[text, bytes] : good) {
        const auto size = parse_size("--memory", text);
        ASSERT_TRUE(size.ok()) << text << " " << size.error().text();
        EXPECT_EQ(size.value(), bytes) << text;
    }
    for (const char *bad : {"", "m", "12x", "-1", "1.5", "1.5b", "1..5g", ".5g", "1.g", "1 g", "1mm", "1.2345g",
                            "9223372036854775808", "8192p", "99999999999999999999", "1bb"})
        EXPECT_FALSE(parse_size("--memory", bad).ok()) << bad;
    EXPECT_EQ(error(parse_memory("12x")), "--memory: \"12x\" is no size");
    EXPECT_EQ(error(parse_memory("0")), "--memory: \"0\" leaves no memory at all");
}

TEST(Flags, CpusBecomeQuotaAndPeriod) {
    EXPECT_EQ(parse_cpus("1.5").value().quota, 150000);
    EXPECT_EQ(parse_cpus("1.5").value().period, 100000u);
    EXPECT_EQ(parse_cpus("2").value().quota, 200000);
    EXPECT_EQ(parse_cpus("0.01").value().quota, 1000);
    for (const char *bad : {"", "0", "0.001", "-1", "x", "1e3", "1,5", "1000000"})
        EXPECT_FALSE(parse_cpus(bad).ok()) << bad;
    EXPECT_EQ(error(parse_cpus("x")), "--cpus: \"x\" is no number of CPUs");
}

TEST(Flags, PidsLimitIsANumberOrMinusOne) {
    EXPECT_EQ(parse_pids_limit("-1").value(), -1);
    EXPECT_EQ(parse_pids_limit("100").value(), 100);
    for (const char *bad : {"", "0", "-2", "max", "99999999999"})
        EXPECT_FALSE(parse_pids_limit(bad).ok()) << bad;
}

TEST(Flags, PathsInsideAreCleanedAndMayNotClimb) {
    EXPECT_EQ(clean_path("-w", "//a/./b/").value(), "/a/b");
    EXPECT_EQ(clean_path("-w", "/").value(), "/");
    EXPECT_EQ(error(clean_path("-w", "/a/../b")), "-w: \"/a/../b\" has \"..\" in it");
    EXPECT_EQ(error(clean_path("-w", "a")), "-w: \"a\" is no absolute path");
}

TEST(Flags, VolumesAreRecursivePrivateBinds) {
    const auto plain = parse_volume("/srv/data:/data/");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain.value().source, "/srv/data");
    EXPECT_EQ(plain.value().destination, "/data");
    EXPECT_EQ(plain.value().options, (Strings{"rbind", "rprivate"}));
    const auto full = parse_volume("/a:/b:ro,bind,rslave,nosuid");
    ASSERT_TRUE(full.ok());
    EXPECT_EQ(full.value().options, (Strings{"bind", "rslave", "ro", "nosuid"}));
    EXPECT_EQ(full.value().propagation, "rslave");
}

TEST(Flags, VolumesSayWhatIsWrong) {
    EXPECT_EQ(error(parse_volume("/data")), "-v: \"/data\" is not SRC:DST[:OPTIONS]");
    EXPECT_EQ(error(parse_volume("/a:/b:ro:x")), "-v: \"/a:/b:ro:x\" is not SRC:DST[:OPTIONS]");
    EXPECT_EQ(error(parse_volume("vol:/data")), "-v: \"vol:/data\" has no absolute path as its source");
    EXPECT_EQ(parse_volume("./x:/data").error().hint,
              "named volumes do not exist here; for a relative path write \"$PWD/./x\"");
    EXPECT_EQ(error(parse_volume("/a:/")), "-v: \"/a:/\" would cover the whole root");
    EXPECT_EQ(error(parse_volume("/a:/b:ro,rw")), "-v: \"/a:/b:ro,rw\" says both ro and rw");
    EXPECT_EQ(error(parse_volume("/a:/b:z")), "-v: \"/a:/b:z\" asks for SELinux relabelling (z), which is not done");
    EXPECT_EQ(error(parse_volume("/a:/b:sahred")), "-v: \"/a:/b:sahred\" has the unknown option \"sahred\"");
    EXPECT_EQ(parse_volume("/a:/b:sahred").error().hint, "did you mean \"shared\"?");
    EXPECT_FALSE(parse_volume("/a:b").ok());
}

TEST(Flags, TmpfsIsSafeUnlessToldOtherwise) {
    EXPECT_EQ(parse_tmpfs("/tmp").value().options, (Strings{"noexec", "nosuid", "nodev"}));
    EXPECT_EQ(parse_tmpfs("/tmp:size=64m,mode=1777,exec").value().options,
              (Strings{"nosuid", "nodev", "size=64m", "mode=1777", "exec"}));
    for (const char *bad : {"", "tmp", "/", "/tmp:size=x", "/tmp:size=", "/tmp:mode=9", "/tmp:huge=1", "/tmp:,"})
        EXPECT_FALSE(parse_tmpfs(bad).ok()) << bad;
    EXPECT_EQ(error(parse_tmpfs("/t:sizes=1")),
              "--tmpfs: \"/t:sizes=1\" has an option that tmpfs does not take: \"sizes=1\"");
}

TEST(Flags, UlimitsHaveASoftAndAHardLimit) {
    const auto one = parse_ulimit("nofile=1024");
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(one.value().type, "RLIMIT_NOFILE");
    EXPECT_EQ(one.value().soft, 1024u);
    EXPECT_EQ(one.value().hard, 1024u);
    EXPECT_EQ(parse_ulimit("core=0:unlimited").value().hard, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(parse_ulimit("memlock=-1:-1").value().soft, std::numeric_limits<std::uint64_t>::max());
    for (const char *bad : {"", "nofile", "nofile=", "nofile=a", "nofile=2:1", "nofile=1:2:3", "nofile=-2", "files=1"})
        EXPECT_FALSE(parse_ulimit(bad).ok()) << bad;
    EXPECT_EQ(parse_ulimit("nofiles=1").error().hint, "did you mean \"nofile\"?");
}

TEST(Flags, SysctlsAreKeyAndValue) {
    EXPECT_EQ(parse_sysctl("net.ipv4.ping_group_range=0 1000").value(),
              std::pair(std::string("net.ipv4.ping_group_range"), std::string("0 1000")));
    EXPECT_EQ(parse_sysctl("net/ipv4/conf/eth0.1/forwarding=1").value().first, "net/ipv4/conf/eth0.1/forwarding");
    for (const char *bad : {"", "a", "=1", "../../x=1", "a..b=1", "/a=1", "a b=1", "a.=1"})
        EXPECT_FALSE(parse_sysctl(bad).ok()) << bad;
}

TEST(Flags, EnvTakesMissingValuesFromTheEnvironment) {
    const Environment environment = [](const std::string &name) {
        return name == "HOME" ? std::optional<std::string>("/me") : std::nullopt;
    };
    EXPECT_EQ(parse_env("A=b=c", environment).value(), "A=b=c");
    EXPECT_EQ(parse_env("A=", environment).value(), "A=");
    EXPECT_EQ(parse_env("HOME", environment).value(), "HOME=/me");
    EXPECT_EQ(parse_env("NOPE", environment).value(), std::nullopt);
    EXPECT_EQ(error(parse_env("=x", environment)), "-e: \"=x\" is not NAME=VALUE or NAME");
}

TEST(Flags, UsersAreNamesOrIds) {
    EXPECT_EQ(parse_user("-u", "1000:100").value().ids, std::pair(1000u, 100u));
    EXPECT_FALSE(parse_user("-u", "1000").value().ids);
    EXPECT_FALSE(parse_user("-u", "www-data:www-data").value().ids);
    for (const char *bad : {"", ":", "a:", ":a", "a:b:c", "a b", "4294967295", "-1", "99999999999999999999"})
        EXPECT_FALSE(parse_user("-u", bad).ok()) << bad;
    EXPECT_EQ(error(parse_user("-u", "a:b:c")), "-u: \"a:b:c\" is not USER[:GROUP] with names or ids");
}

TEST(Flags, CapabilitiesMayBeWrittenShort) {
    EXPECT_EQ(parse_capability("--cap-add", "net_admin").value(), "CAP_NET_ADMIN");
    EXPECT_EQ(parse_capability("--cap-add", "CAP_CHOWN").value(), "CAP_CHOWN");
    EXPECT_EQ(parse_capability("--cap-drop", "all").value(), "ALL");
    EXPECT_EQ(error(parse_capability("--cap-add", "net-admin")), "--cap-add: \"net-admin\" is no capability's name");
    EXPECT_FALSE(parse_capability("--cap-add", "CAP_").ok());
}

TEST(Flags, SecurityOptionsAreThoseThatExist) {
    EXPECT_TRUE(parse_security_option("no-new-privileges").value().on);
    EXPECT_FALSE(parse_security_option("no-new-privileges=false").value().on);
    EXPECT_TRUE(parse_security_option("no-new-privileges:true").value().on);
    EXPECT_EQ(parse_security_option("seccomp=unconfined").value().kind, SecurityOption::seccomp_unconfined);
    EXPECT_EQ(parse_security_option("seccomp=/a/b=c.json").value().file, "/a/b=c.json");
    EXPECT_EQ(error(parse_security_option("apparmor=x")), "--security-opt: \"apparmor=x\" is not known");
    EXPECT_FALSE(parse_security_option("seccomp=").ok());
    EXPECT_FALSE(parse_security_option("no-new-privileges=1").ok());
}

TEST(Flags, HostnamesAndDirectories) {
    EXPECT_EQ(parse_hostname("web-1.example").value(), "web-1.example");
    for (const std::string &bad : {std::string(), std::string("-a"), std::string("a b"), std::string(65, 'a')})
        EXPECT_FALSE(parse_hostname(bad).ok()) << bad;
    EXPECT_EQ(error(parse_workdir("x")), "-w: \"x\" is no absolute path");
}
