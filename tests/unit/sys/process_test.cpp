// SPDX-License-Identifier: MIT
#include "sys/process.hpp"

#include "base/fd.hpp"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

namespace {

using namespace core;

/// Runs `work` in a process made by clone_process; gives its exit status.
int in_a_clone(const sys::CloneRequest &request, int (*work)()) {
    auto child = sys::clone_process(
        request, [](void *what) { ::_exit(reinterpret_cast<int (*)()>(what)()); }, reinterpret_cast<void *>(work));
    EXPECT_TRUE(child.ok()) << child.error().text();
    if (!child.ok()) return -1;
    const auto exit = sys::wait_for(child.value());
    return exit.ok() ? exit.value().shell_status() : -1;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(CloseAllBut, ClosesWhatIsNotKept) {
    const Fd a(::fcntl(0, F_DUPFD, 20)), b(::fcntl(0, F_DUPFD, 30)), c(::fcntl(0, F_DUPFD, 40));
    ASSERT_TRUE(a.get() == 20 && b.get() == 30 && c.get() == 40);
    EXPECT_EQ(in_a_clone({},
                         [] {
                             const int kept[] = {-1, 1, 2, 30};
                             if (sys::close_all_but(kept, 4) != 0) return 1;
                             for (int fd = 0; fd < 100; ++fd)
                                 if (is_open(fd) != (fd == 1 || fd == 2 || fd == 30)) return 100 + fd;
                             return 0;
                         }),
              0);
    EXPECT_TRUE(is_open(20) && is_open(40)) << "this process keeps its own";
}

TEST(CloseAllBut, NothingKeptIsNothingOpen) {
    EXPECT_EQ(in_a_clone({},
                         [] {
                             if (sys::close_all_but(nullptr, 0) != 0) return 1;
                             for (int fd = 0; fd < 100; ++fd)
                                 if (is_open(fd)) return 100 + fd;
                             return 0;
                         }),
              0);
}

TEST(ResetSignals, NothingOfTheCallersIsLeft) {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGRTMIN + 3, SIG_IGN);
    sigset_t blocked, before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    EXPECT_EQ(in_a_clone({},
                         [] {
                             sys::reset_signal_actions();
                             sys::unblock_signals();
                             struct sigaction now {};
                             for (const int number : {SIGPIPE, SIGRTMIN + 3}) {
                                 ::sigaction(number, nullptr, &now);
                                 if (now.sa_handler != SIG_DFL) return number;
                             }
                             sigset_t mask;
                             ::sigprocmask(SIG_SETMASK, nullptr, &mask);
                             return ::sigisemptyset(&mask) == 1 ? 0 : 100;
                         }),
              0);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGRTMIN + 3, SIG_DFL);
}

TEST(ResetAffinity, AllProcessorsOfTheCpuset) {
    cpu_set_t all, one;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "this process may use one processor only";
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
        if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(in_a_clone({},
                         [] {
                             sys::reset_affinity();
                             cpu_set_t now;
                             ::sched_getaffinity(0, sizeof now, &now);
                             return CPU_COUNT(&now) > 1 ? 0 : 1;
                         }),
              0);
    ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);
}

TEST(CloneProcess, AProcessInBetweenLeavesOurNamespacesAlone) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make namespaces";
    char before[64] = "", after[64] = "";
    ASSERT_GT(::readlink("/proc/self/ns/time_for_children", before, sizeof before - 1), 0);
    const Fd secret(::fcntl(0, F_DUPFD, 50));
    sys::CloneRequest request;
    request.between.new_time = true;
    request.between.time_offsets = "monotonic 1000000 0\n";
    request.kept = {0, 1, 2};
    EXPECT_EQ(in_a_clone(request,
                         [] {
                             timespec now{};
                             ::clock_gettime(CLOCK_MONOTONIC, &now);
                             return now.tv_sec > 1000000 && !is_open(50) ? 0 : 1;
                         }),
              0);
    ASSERT_GT(::readlink("/proc/self/ns/time_for_children", after, sizeof after - 1), 0);
    EXPECT_STREQ(before, after);
    EXPECT_TRUE(is_open(50));
}

TEST(CloneProcess, JoinsAPidAndATimeNamespace) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make namespaces";
    sys::CloneRequest fresh;
    fresh.namespaces = CLONE_NEWPID;
    fresh.between.new_time = true;
    fresh.kept = {0, 1, 2};
    auto first = sys::clone_process(
        fresh,
        [](void *) {
            for (;;)
                ::pause();
        },
        nullptr);
    ASSERT_TRUE(first.ok()) << first.error().text();
    const std::string ns = "/proc/" + std::to_string(first.value().pid) + "/ns/";
    const Fd pid(::open((ns + "pid").c_str(), O_RDONLY | O_CLOEXEC)),
        time(::open((ns + "time").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(pid.valid() && time.valid());
    sys::CloneRequest request;
    request.between.entered = {{pid.get(), CLONE_NEWPID}, {time.get(), 0x80}};
    request.kept = {0, 1, 2};
    EXPECT_EQ(in_a_clone(request, [] { return ::getpid() == 2 && ::getppid() == 0 ? 0 : 1; }), 0);
    sys::kill_and_reap(first.value());
}

TEST(CloneProcess, SaysWhatCannotBeJoined) {
    const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    sys::CloneRequest request;
    request.between.entered = {{file.get(), CLONE_NEWPID}};
    request.kept = {0, 1, 2};
    const auto child = sys::clone_process(
        request, [](void *) {}, nullptr);
    ASSERT_FALSE(child.ok());
    EXPECT_NE(child.error().text().find("setns"), std::string::npos) << child.error().text();
}

} // namespace
