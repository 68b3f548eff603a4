// SPDX-License-Identifier: MIT
//
// What a container's new process shows between clone and execve to whoever is in its pid namespace already
// (CVE-2016-9962, CVE-2019-5736, CVE-2024-21626). ctr-oci is traced, and at every system call that such a process makes
// its descriptors, its executable and its mappings are looked at: nothing of ctr's (journal, plugins, caches,
// executable), nothing of its caller's. And who has no CAP_SYS_PTRACE may not look at all.
#include "fixture/oci.hpp"

#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <linux/capability.h>
#include <set>
#include <sstream>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fixture;

namespace {

/// Takes CAP_SYS_PTRACE off this process as long as it lives.
class WithoutPtrace {
public:
    WithoutPtrace() {
        ::syscall(SYS_capget, &header_, before_);
        __user_cap_data_struct less[2] = {before_[0], before_[1]};
        less[0].effective &= ~(1U << CAP_SYS_PTRACE);
        ::syscall(SYS_capset, &header_, less);
    }
    ~WithoutPtrace() { ::syscall(SYS_capset, &header_, before_); }
    WithoutPtrace(const WithoutPtrace &) = delete;
    WithoutPtrace &operator=(const WithoutPtrace &) = delete;

private:
    __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct before_[2] = {};
};

std::string link_of(const std::string &path) {
    char target[4096];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

/// It is in a pid namespace below this one.
bool is_in_container(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("NSpid:", 0) == 0) {
            std::istringstream pids(line.substr(6));
            int n = 0, each = 0;
            while (pids >> each)
                ++n;
            return n > 1;
        }
    return false;
}

class Tracer {
public:
    explicit Tracer(std::vector<std::string> forbidden) : forbidden_(std::move(forbidden)) {}

    /// Runs the command; gives its exit status.
    int run(const Words &words) {
        const pid_t main = ::fork();
        if (main == 0) {
            std::vector<char *> argv;
            for (const std::string &word : words)
                argv.push_back(const_cast<char *>(word.c_str()));
            argv.push_back(nullptr);
            const int null = ::open("/dev/null", O_RDWR);
            for (int fd = 0; fd < 2; ++fd)
                ::dup2(null, fd);
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::raise(SIGSTOP);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        int status = 0;
        ::waitpid(main, &status, 0);
        ::ptrace(PTRACE_SETOPTIONS, main, nullptr,
                 PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                     PTRACE_O_TRACEEXEC);
        ::ptrace(PTRACE_SYSCALL, main, nullptr, nullptr);
        for (;;) {
            const pid_t pid = ::waitpid(-1, &status, __WALL);
            if (pid < 0) return -1;
            if (WIFEXITED(status) || WIFSIGNALED(status)) {
                if (pid != main) continue;
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
            step(pid, pid == main, status);
        }
    }

    std::set<std::string> findings;
    std::size_t looks = 0;

private:
    void step(pid_t pid, bool is_main, int status) {
        const int stop = WSTOPSIG(status), event = status >> 16;
        if (!is_main && event == PTRACE_EVENT_EXEC) { // from here on it is the container's program
            ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
            return;
        }
        if (!is_main && is_in_container(pid)) look(pid);
        const bool signal = stop != (SIGTRAP | 0x80) && stop != SIGTRAP && stop != SIGSTOP;
        ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal ? static_cast<long>(stop) : 0L);
    }

    void judge(const std::string &what, const std::string &path) {
        for (const std::string &each : forbidden_)
            if (path.rfind(each, 0) == 0) findings.insert(what + " " + path);
    }

    void look(pid_t pid) {
        ++looks;
        const std::string process = "/proc/" + std::to_string(pid);
        judge("exe", link_of(process + "/exe"));
        if (DIR *all = ::opendir((process + "/fd").c_str()); all != nullptr) {
            while (const dirent *entry = ::readdir(all))
                if (entry->d_name[0] != '.') judge("fd", link_of(process + "/fd/" + entry->d_name));
            ::closedir(all);
        }
        std::ifstream maps(process + "/maps");
        for (std::string line; std::getline(maps, line);)
            if (const auto path = line.find('/');
                path != std::string::npos && line.substr(path) == CTR_BUILD_DIR "/bin/ctr")
                findings.insert("mapped " + line.substr(path));
        const WithoutPtrace none;
        if (!link_of(process + "/exe").empty()) findings.insert("others may look into it");
    }

    std::vector<std::string> forbidden_;
};

class OciVisible : public OciTest {
protected:
    void SetUp() override {
        OciTest::SetUp();
        write_text(secret, "secret\n");
        caller_ = ::open(secret.c_str(), O_RDWR); // not close-on-exec: the caller's, and of no concern to the container
        ASSERT_GE(caller_, 3);
        start("pod", "exec sleep 1000");
        pid = state("pod")["pid"].get<int>();
    }
    void TearDown() override {
        ::close(caller_);
        remove("pod");
        OciTest::TearDown();
    }
    /// Docker's capabilities, a filter, limits, hooks of all places, in the pid namespace of the container "pod".
    Bundle neighbour(const std::string &name) const {
        Bundle made = bundle(name, "true");
        Json &config = made.config;
        for (Json &each : config["linux"]["namespaces"])
            if (each["type"] == "pid") each["path"] = "/proc/" + std::to_string(pid) + "/ns/pid";
        config["process"]["noNewPrivileges"] = true;
        config["process"]["oomScoreAdj"] = 100;
        config["process"]["user"] = {{"uid", 1000}, {"gid", 1000}};
        config["linux"]["seccomp"] = {
            {"defaultAction", "SCMP_ACT_ALLOW"},
            {"syscalls", {{{"names", {"acct", "close_range"}}, {"action", "SCMP_ACT_ERRNO"}}}}};
        const Json hook = {{{"path", "/bin/true"}}};
        config["hooks"] = {
            {"createRuntime", hook}, {"createContainer", hook}, {"startContainer", hook}, {"poststart", hook}};
        made.write();
        return made;
    }
    void expect_unseen(const Words &words, int expected = 0) const {
        Tracer tracer({root, CTR_BUILD_DIR, secret});
        EXPECT_EQ(tracer.run(words), expected);
        EXPECT_GT(tracer.looks, 50U) << "it was not traced";
        for (const std::string &each : tracer.findings)
            ADD_FAILURE() << each;
    }

    std::string secret = box.dir() + "/callers-own";
    int caller_ = -1;
    int pid = 0;
};

} // namespace

TEST_F(OciVisible, Run) { expect_unseen(oci_words({"run", "-b", neighbour("two").dir, "two"})); }

TEST_F(OciVisible, RunDetached) {
    expect_unseen(oci_words({"run", "-d", "-b", neighbour("two").dir, "two"}));
    EXPECT_TRUE(becomes("two", "stopped"));
    remove("two");
}

TEST_F(OciVisible, ExecIntoAUserNamespace) {
    Bundle own = bundle("two", "exec sleep 1000");
    const Json map = {{{"containerID", 0}, {"hostID", 0}, {"size", 65536}}};
    own.config["linux"]["namespaces"].push_back({{"type", "user"}});
    own.config["linux"]["uidMappings"] = own.config["linux"]["gidMappings"] = map;
    start("two", own);
    expect_unseen(oci_words({"exec", "two", "/bin/true"}));
    remove("two");
}

TEST_F(OciVisible, Exec) {
    expect_unseen(oci_words({"exec", "pod", "/bin/true"}));
    expect_unseen(oci_words({"exec", "-u", "1000:1000", "-d", "pod", "/bin/true"}));
}

TEST_F(OciVisible, MountsOfALivingContainer) {
    write_text(
        box.dir() + "/mounts.json",
        R"([{"destination": "/tmp/new", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/tmp/own", "type": "bind", "source": ")" +
            out_dir + R"(", "options": ["bind", "ro"]}])");
    expect_unseen(oci_words({"mounts", "add", "pod", box.dir() + "/mounts.json"}));
    expect_unseen(oci_words({"mounts", "remove", "pod", box.dir() + "/mounts.json"}));
}

TEST_F(OciVisible, AtTheGate) {
    // create's child outlives it, so it is looked at once it waits, and while it goes on by what it leaves in /proc.
    const Bundle two = neighbour("two");
    create("two", two);
    const std::string process = "/proc/" + std::to_string(state("two")["pid"].get<int>());
    EXPECT_EQ(link_of(process + "/exe"), "/memfd:ctr (deleted)");
    std::set<std::string> open;
    for (int fd = 3; fd < 64; ++fd)
        if (const std::string target = link_of(process + "/fd/" + std::to_string(fd)); !target.empty())
            open.insert(target);
    for (const std::string &each : open)
        for (const std::string &own : {root, std::string(CTR_BUILD_DIR), secret, std::string("/sys/fs/cgroup")})
            EXPECT_NE(each.rfind(own, 0), 0U) << each;
    {
        const WithoutPtrace none;
        EXPECT_EQ(link_of(process + "/exe"), "");
    }
    ASSERT_STATUS(oci({"start", "two"}), 0);
    EXPECT_TRUE(becomes("two", "stopped"));
    remove("two");
}
