// SPDX-License-Identifier: MIT
//
// The verbs as engines use them: create, start, exec and delete each in a process of its own that is gone when the next
// begins.
#include "container/container.hpp"
#include "container/images.hpp"
#include "fixture/sandbox.hpp"
#include "front/cli/run_spec.hpp"
#include "spec/claims.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace fixture;
using core::container::Container;

namespace {

std::unique_ptr<core::container::Engine> make_engine() {
    const Sandbox &box = Sandbox::get();
    core::config::Config config = core::config::parse_config(read_text(box.config()), box.config()).value();
    config.data_root = box.data_root("overlay");
    config.run_root = box.run_root();
    const std::vector<core::plugin::Directory> directories = {{CTR_BUILD_DIR "/lib/ctr/plugins", true},
                                                              {CTR_BUILD_DIR "/tests/plugins/confiner", true}};
    return std::make_unique<core::container::Engine>(std::move(config), directories, core::spec::oci_vocabulary());
}

core::container::CreateRequest request_for(core::container::Engine &engine, const std::string &id,
                                           const std::vector<std::string> &program) {
    core::container::CreateRequest request;
    request.id = id;
    request.drivers = {{"storage", "overlay"}, {"network", "bridge"}, {"cgroup", "cgroup-v1"}};
    request.meta = {{"rm", false}};
    const auto image = core::container::find_image(engine, "box").value();
    core::cli::RunOptions options;
    options.id = id;
    options.image = image.name;
    options.layers = image.layers;
    options.image_config = image.config;
    options.command = program;
    options.network = "bridge";
    request.spec = core::cli::run_spec(options).value();
    return request;
}

/// Says what went wrong on the process's standard error.
template <typename Result> bool good(const Result &result) {
    if (!result.ok()) std::fprintf(stderr, "%s\n", result.error().text().c_str());
    return result.ok();
}

/// What an owner does after start().
core::Result<void> attend(Container &container) {
    CTR_ASSIGN(const core::sys::Exit exit, core::sys::wait_for(container.child()));
    return container.clean_up(exit, true);
}

class Seams : public SystemTest {
protected:
    std::string output = box.dir() + "/output";

    /// Runs `work` in a process of its own, its standard output in the file `output`; gives its exit status.
    int apart(const std::function<int(core::container::Engine &)> &work) const {
        std::fflush(nullptr);
        const pid_t pid = ::fork();
        if (pid == 0) {
            const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
            ::dup2(fd, 1);
            ::close(fd);
            const auto engine = make_engine();
            ::_exit(work(*engine));
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    int create(const std::string &id, const std::vector<std::string> &program) const {
        ::unlink(output.c_str());
        return apart([&](auto &engine) {
            auto request = request_for(engine, id, program);
            request.own_gate = true;
            auto container = Container::create(engine, std::move(request));
            return good(container) && good(container.value()->commit()) ? 0 : 1;
        });
    }
    int start(const std::string &id) const {
        return apart([&](auto &engine) { return good(core::container::start(engine, id)) ? 0 : 1; });
    }
    int remove(const std::string &id, bool force) const {
        return apart([&](auto &engine) { return good(core::container::remove(engine, id, force)) ? 0 : 1; });
    }
    core::container::State state(const std::string &id) const {
        const auto engine = make_engine();
        auto state = core::container::state(*engine, id);
        EXPECT_TRUE(state.ok()) << (state.ok() ? "" : state.error().text());
        return state.ok() ? std::move(state).value() : core::container::State{};
    }
    /// One more process in the container; its output is at the end of `output`.
    int exec(const std::string &id, const std::vector<std::string> &program, const core::Json &more = {}) const {
        ::unlink(output.c_str());
        return apart([&](auto &engine) {
            const auto now = core::container::state(engine, id);
            if (!good(now)) return 125;
            core::container::ExecRequest request;
            request.id = id;
            request.process = now.value().meta.at("spec").at("process");
            request.process["args"] = program;
            if (more.is_object()) request.process.update(more);
            auto running = core::container::exec(engine, request);
            if (!good(running) || !good(running.value().start())) return 125;
            const auto exit = core::sys::wait_for(running.value().launch->child());
            return good(exit) ? exit.value().shell_status() : 125;
        });
    }
};

using core::container::Status;

} // namespace

TEST_F(Seams, CreateStartAndDeleteInThreeProcesses) {
    ASSERT_EQ(create("three", {"/bin/sh", "-c", "echo started; sleep 0.3; exit 5"}), 0);
    EXPECT_EQ(state("three").status, Status::created);
    EXPECT_FALSE(state("three").abandoned);
    ::usleep(100000);
    EXPECT_EQ(read_text(output), "") << "the program must not run before start";
    EXPECT_EQ(remove("three", false), 1) << "a created container is alive";
    EXPECT_STATUS(box.ctr({"recover"}), 0);
    EXPECT_EQ(state("three").status, Status::created) << "recover must leave it alone";
    ASSERT_EQ(start("three"), 0);
    EXPECT_EQ(start("three"), 1) << "started twice";
    EXPECT_TRUE(eventually([&] { return state("three").status == Status::stopped; }));
    EXPECT_EQ(read_text(output), "started\n");
    EXPECT_EQ(remove("three", false), 0);
}

TEST_F(Seams, ACreatedContainerIsDeletedWithoutEverStarting) {
    ASSERT_EQ(create("never", {"/bin/echo", "x"}), 0);
    EXPECT_EQ(remove("never", true), 0);
    EXPECT_EQ(read_text(output), "");
}

TEST_F(Seams, AMissingProgramFailsCreateAlready) { EXPECT_EQ(create("missing", {"/bin/missing"}), 1); }

TEST_F(Seams, AFailureBehindTheGateReachesStart) {
    ASSERT_EQ(create("late", {"/bin/not-a-program"}), 0);
    EXPECT_EQ(start("late"), 1);
    EXPECT_FALSE(core::container::state(*make_engine(), "late").ok()) << "it is destroyed, and its name free";
    ASSERT_EQ(create("late", {"/bin/echo", "x"}), 0);
    EXPECT_EQ(remove("late", true), 0);
}

TEST_F(Seams, ARunningContainerIsDeletedByForce) {
    ASSERT_EQ(create("forced", {"/bin/sleep", "1000"}), 0);
    ASSERT_EQ(start("forced"), 0);
    EXPECT_EQ(state("forced").status, Status::running);
    EXPECT_EQ(remove("forced", false), 1);
    EXPECT_EQ(remove("forced", true), 0);
}

TEST_F(Seams, ExecSeesTheSameNamespacesAndIsConfinedAlike) {
    ASSERT_EQ(create("host", {"/bin/sh", "-c", "sleep 1000"}), 0);
    ASSERT_EQ(start("host"), 0);
    const std::string init = std::to_string(state("host").pid);
    ASSERT_EQ(exec("host", {"/bin/sh", "-c",
                            "for n in mnt uts ipc pid cgroup net; do readlink /proc/self/ns/$n; done; grep -E "
                            "'^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; cat /proc/self/cgroup"}),
              0);
    std::string expected;
    for (const char *name : {"mnt", "uts", "ipc", "pid", "cgroup", "net"})
        expected += command({"readlink", "/proc/" + init + "/ns/" + name}).out;
    expected += command({"grep", "-E", "^(Cap|NoNewPrivs|Seccomp:)", "/proc/" + init + "/status"}).out;
    const std::string text = read_text(output);
    EXPECT_EQ(text.substr(0, expected.size()), expected);
    EXPECT_HAS(text, ":memory:/\n");
    EXPECT_HAS(text, ":pids:/\n");
    EXPECT_EQ(exec("host", {"/bin/probe", "unshare"}), 1);
    EXPECT_EQ(exec("host", {"/bin/sh", "-c", "exit 9"}), 9);
    EXPECT_EQ(exec("host", {"/bin/probe", "fds"}), 0);
    EXPECT_EQ(read_text(output), "") << "descriptors reached the program";
    EXPECT_EQ(exec("host", {"/bin/missing"}), 125);
    EXPECT_EQ(remove("host", true), 0);
    EXPECT_EQ(exec("host", {"/bin/true"}), 125);
}

TEST_F(Seams, ExecRunsOnTheProcessorsThatItWasGiven) {
    cpu_set_t cpus;
    ASSERT_EQ(::sched_getaffinity(0, sizeof cpus, &cpus), 0);
    if (CPU_COUNT(&cpus) < 2 || !CPU_ISSET(0, &cpus) || !CPU_ISSET(1, &cpus))
        GTEST_SKIP() << "needs processors 0 and 1";
    ASSERT_EQ(create("placed", {"/bin/sleep", "1000"}), 0);
    ASSERT_EQ(start("placed"), 0);
    const auto allowed = [&](const core::Json &affinity) {
        EXPECT_EQ(
            exec("placed", {"/bin/grep", "Cpus_allowed_list", "/proc/self/status"}, {{"execCPUAffinity", affinity}}),
            0);
        return read_text(output);
    };
    EXPECT_EQ(allowed({{"initial", "0"}, {"final", "1"}}), "Cpus_allowed_list:\t1\n");
    const std::string all = allowed(core::Json::object());
    EXPECT_EQ(allowed({{"initial", "0"}}), all) << "without final: what the container has";
    EXPECT_EQ(exec("placed", {"/bin/true"}, {{"execCPUAffinity", {{"final", "8000"}}}}), 125);
    EXPECT_EQ(remove("placed", true), 0);
}

TEST_F(Seams, ASupervisorIsAskedFromStartAndFromExec) {
    const std::string path = box.dir() + "/agent";
    const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listening, 4), 0);
    // The descriptors that nobody takes are closed with the connection: the call then fails by ENOSYS.
    const auto told = [&] {
        const int from = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        std::string text;
        char part[4096];
        for (ssize_t n; (n = ::read(from, part, sizeof part)) > 0;)
            text.append(part, static_cast<std::size_t>(n));
        ::close(from);
        return core::Json::parse(text, nullptr, false);
    };
    ASSERT_EQ(apart([&](auto &engine) {
                  auto request = request_for(engine, "asked", {"/bin/sh", "-c", "probe mkdir /tmp/x; sleep 1000"});
                  request.own_gate = true;
                  request.spec["ctr"].erase("seccomp");
                  request.spec["annotations"] = {{"a", "b"}};
                  request.spec["linux"]["seccomp"] = {
                      {"defaultAction", "SCMP_ACT_ALLOW"},
                      {"listenerPath", path},
                      {"syscalls", {{{"names", {"mkdir"}}, {"action", "SCMP_ACT_NOTIFY"}}}}};
                  auto container = Container::create(engine, std::move(request));
                  return good(container) && good(container.value()->commit()) ? 0 : 1;
              }),
              0);
    ASSERT_EQ(start("asked"), 0);
    core::Json about = told();
    ASSERT_TRUE(about.is_object());
    EXPECT_EQ(about["state"]["status"], "created");
    EXPECT_EQ(about["pid"], state("asked").pid);
    EXPECT_EQ(about["state"]["pid"], state("asked").pid);
    EXPECT_EQ(exec("asked", {"/bin/true"}), 0);
    about = told();
    ASSERT_TRUE(about.is_object());
    EXPECT_EQ(about["state"]["status"], "running");
    EXPECT_NE(about["pid"], state("asked").pid);
    EXPECT_EQ(about["state"]["pid"], state("asked").pid);
    EXPECT_EQ(about["state"]["annotations"], core::Json({{"a", "b"}}));
    EXPECT_EQ(remove("asked", true), 0);
    ::close(listening);
    ::unlink(path.c_str());
}

TEST_F(Seams, AMonitorOwnsAContainerWhoseCallerIsGone) {
    ASSERT_EQ(apart([&](auto &engine) {
                  auto monitor = core::sys::fork_process([&] {
                      auto container = Container::create(
                          engine, request_for(engine, "watched",
                                              {"/bin/sh", "-c", "until [ -e /tmp/go ]; do sleep 0.05; done; exit 7"}));
                      if (!good(container) || !good(container.value()->start())) return 1;
                      return good(attend(*container.value())) ? 0 : 1;
                  });
                  return good(monitor) ? 0 : 1;
              }),
              0);
    EXPECT_TRUE(eventually([&] { return box.ctr({"ps"}).out.find("watched  running") != std::string::npos; }));
    EXPECT_STATUS(box.ctr({"rm", "watched"}), 125);
    write_text("/proc/" + std::to_string(state("watched").pid) + "/root/tmp/go", "");
    // Stopped it is as soon as its process is gone; how it ended is known when its owner has waited for it.
    EXPECT_TRUE(eventually([&] { return state("watched").exit_status == 7; }));
    EXPECT_EQ(state("watched").status, Status::stopped);
    EXPECT_TRUE(eventually([&] { return box.ctr({"rm", "watched"}).status == 0; }));
}

TEST_F(Seams, AMonitorThatIsKilledTakesTheContainerWithIt) {
    const std::string file = box.dir() + "/monitor";
    ASSERT_EQ(
        apart([&](auto &engine) {
            auto monitor = core::sys::fork_process([&] {
                auto container = Container::create(engine, request_for(engine, "watched", {"/bin/sleep", "1000"}));
                if (!good(container) || !good(container.value()->start())) return 1;
                return good(attend(*container.value())) ? 0 : 1;
            });
            if (!good(monitor)) return 1;
            write_text(file, std::to_string(monitor.value()));
            return 0;
        }),
        0);
    EXPECT_TRUE(eventually([&] { return box.ctr({"ps"}).out.find("watched  running") != std::string::npos; }));
    signal_one(std::stoi(read_text(file)), SIGKILL);
    EXPECT_TRUE(eventually([&] { return state("watched").status == Status::stopped; }));
    EXPECT_TRUE(state("watched").abandoned);
    EXPECT_STATUS(box.ctr({"recover"}), 0);
    EXPECT_STATUS(box.ctr({"rm", "watched"}), 0);
}

// Its program lives, for it was told to outlive its owner; but the owner died before it had left it, so nobody answers
// for it.
TEST_F(Seams, RecoverEndsWhatItsOwnerHadNotLeftYet) {
    ASSERT_EQ(apart([&](auto &engine) {
                  auto request = request_for(engine, "orphan", {"/bin/sleep", "1000"});
                  request.detached = true;
                  request.meta = {{"rm", true}};
                  auto container = Container::create(engine, std::move(request));
                  return good(container) && good(container.value()->start()) ? 0 : 1;
              }),
              0);
    EXPECT_EQ(state("orphan").status, Status::running);
    EXPECT_TRUE(state("orphan").abandoned);
    EXPECT_STATUS(box.ctr({"recover"}), 0);
    EXPECT_HAS(box.ctr({"rm", "orphan"}).err, "container does not exist");
}

TEST_F(Seams, WhatItsOwnerHasLeftGoesOn) {
    ASSERT_EQ(apart([&](auto &engine) {
                  auto request = request_for(engine, "left", {"/bin/sleep", "1000"});
                  request.detached = true;
                  auto container = Container::create(engine, std::move(request));
                  return good(container) && good(container.value()->start()) && good(container.value()->leave()) ? 0
                                                                                                                 : 1;
              }),
              0);
    EXPECT_STATUS(box.ctr({"recover"}), 0);
    EXPECT_EQ(state("left").status, Status::running);
    EXPECT_FALSE(state("left").abandoned);
    EXPECT_EQ(remove("left", true), 0);
}

TEST_F(Seams, AThirdPartysConfinementReachesWhatIsExecutedLater) {
    ASSERT_EQ(apart([&](auto &engine) {
                  auto request = request_for(engine, "slow", {"/bin/sleep", "1000"});
                  request.own_gate = true;
                  request.spec["ctr"]["confiner"] = 123456;
                  auto container = Container::create(engine, std::move(request));
                  return good(container) && good(container.value()->commit()) ? 0 : 1;
              }),
              0);
    ASSERT_EQ(start("slow"), 0);
    EXPECT_EQ(exec("slow", {"/bin/sh", "-c", "cat /proc/$$/timerslack_ns"}), 0);
    EXPECT_EQ(read_text(output), "123456\n");
    EXPECT_EQ(remove("slow", true), 0);
}
