// SPDX-License-Identifier: MIT
//
// Programs with input, environment and a time limit: what OCI hooks are run by.
#include "sys/spawn.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

ctr_spawn nothing() {
    ctr_spawn what{};
    what.directory = what.out = what.err = -1;
    return what;
}

ctr_spawned run(const std::vector<const char *> &argv, const std::string &input = {}, std::int64_t timeout = 20,
                const char *path = nullptr) {
    std::vector<const char *> words = argv;
    words.push_back(nullptr);
    const char *const environment[] = {"WORD=a b", nullptr};
    ctr_spawn what = nothing();
    what.path = path == nullptr ? argv[0] : path;
    what.argv = words.data();
    what.envp = environment;
    what.input = input.data();
    what.input_size = input.size();
    what.timeout = timeout;
    const core::sys::SpawnContext context = {what.envp, nullptr, nullptr, -1};
    ctr_spawned how;
    core::sys::spawn_and_wait(&what, &context, &how);
    return how;
}
ctr_spawned sh(const char *script, const std::string &input = {}, std::int64_t timeout = 20) {
    return run({"sh", "-c", script}, input, timeout, "/bin/sh");
}
std::string said(const ctr_spawned &how) { return std::string(how.errors, how.n_errors); }

TEST(Spawn, GivesInputAndEnvironment) {
    const ctr_spawned how = sh("read word; test \"$word\" = hello && test \"$WORD\" = 'a b'", "hello\n");
    EXPECT_EQ(how.end, CTR_SPAWN_EXITED);
    EXPECT_EQ(how.code, 0);
}

TEST(Spawn, RunsWhereItIsToldOrWhereItsCallerIs) {
    char here[4096];
    ASSERT_NE(::getcwd(here, sizeof here), nullptr);
    const std::string in_here = std::string("test \"$(pwd -P)\" = '") + here + "'";
    EXPECT_EQ(sh(in_here.c_str()).code, 0);
    const char *const argv[] = {"sh", "-c", "test \"$(pwd -P)\" = /", nullptr};
    ctr_spawn what = nothing();
    what.path = "/bin/sh";
    what.argv = argv;
    what.envp = argv + 3;
    for (const char *cwd : {"/", "/no/such/directory"}) {
        what.cwd = cwd;
        const core::sys::SpawnContext context = {what.envp, nullptr, nullptr, -1};
        ctr_spawned how;
        core::sys::spawn_and_wait(&what, &context, &how);
        EXPECT_EQ(how.code, 0) << cwd;
    }
}

TEST(Spawn, SurvivesLargeInputThatNobodyReads) {
    const ctr_spawned how = sh("exit 3", std::string(std::size_t{4} << 20, 'x'));
    EXPECT_EQ(how.end, CTR_SPAWN_EXITED);
    EXPECT_EQ(how.code, 3);
}

TEST(Spawn, KeepsTheLastOfWhatItSaid) {
    EXPECT_EQ(said(sh("echo one >&2; exit 1")), "one\n");
    const std::string text =
        said(sh("i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; echo end >&2"));
    EXPECT_EQ(text.size(), sizeof ctr_spawned::errors);
    EXPECT_EQ(text.substr(text.size() - 4), "end\n");
}

TEST(Spawn, SaysHowItEnded) {
    EXPECT_EQ(sh("kill -TERM $$").end, CTR_SPAWN_SIGNALED);
    EXPECT_EQ(sh("kill -TERM $$").code, SIGTERM);
    const ctr_spawned missing = run({"/nowhere/program"});
    EXPECT_EQ(missing.end, CTR_SPAWN_NOT_STARTED);
    EXPECT_EQ(missing.code, ENOENT);
    EXPECT_STREQ(missing.syscall, "execve");
}

TEST(Spawn, KillsWhatTakesTooLongButWaitsForNoDescendant) {
    const auto before = ::time(nullptr);
    EXPECT_EQ(sh("while :; do echo busy >&2; sleep 0.1; done", {}, 1).end, CTR_SPAWN_TIMED_OUT);
    EXPECT_EQ(sh("sleep 20 > /dev/null & exit 4").code, 4);
    EXPECT_LT(::time(nullptr) - before, 10);
}

TEST(Spawn, LeavesNoDescriptorAndHandsNoneOver) {
    const int before = ::dup(0);
    ::close(before);
    const int kept = ::dup(0);
    EXPECT_EQ(
        sh("for fd in /proc/self/fd/*; do case ${fd##*/} in 0|1|2) ;; *) test ! -e \"$fd\" || exit 9;; esac; done")
            .code,
        0);
    ::close(kept);
    const int after = ::dup(0);
    ::close(after);
    EXPECT_EQ(after, before);
}

TEST(Spawn, ClearsBlockedAndIgnoredSignals) {
    sigset_t blocked, old;
    ::sigfillset(&blocked);
    ::sigprocmask(SIG_BLOCK, &blocked, &old);
    const auto handler = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(sh("grep -qE '^SigBlk:.0*$' /proc/self/status && grep -qE '^SigIgn:.0*$' /proc/self/status").code, 0);
    ::signal(SIGPIPE, handler);
    ::sigprocmask(SIG_SETMASK, &old, nullptr);
}

} // namespace
