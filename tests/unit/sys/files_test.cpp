// SPDX-License-Identifier: MIT
#include "sys/files.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace core;

/// Waits until the process's state in /proc is Z.
bool becomes_zombie(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
        const auto text = sys::read_file("/proc/" + std::to_string(pid) + "/stat");
        if (text.ok() && text.value().find(") Z ") != std::string::npos) return true;
        ::usleep(10000);
    }
    return false;
}

TEST(ProcessStartTime, OneWhoseFirstThreadHasGoneLives) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        pthread_t other;
        const auto stay = [](void *) -> void * {
            for (;;)
                ::pause();
        };
        if (::pthread_create(&other, nullptr, stay, nullptr) != 0) ::_exit(1);
        ::syscall(SYS_exit, 0); // this thread alone
    }
    ASSERT_TRUE(becomes_zombie(pid));
    EXPECT_NE(sys::process_start_time(pid), 0U);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    EXPECT_EQ(sys::process_start_time(pid), 0U);
}

TEST(ProcessStartTime, AZombieIsDead) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    ASSERT_TRUE(becomes_zombie(pid));
    EXPECT_EQ(sys::process_start_time(pid), 0U);
    ::waitpid(pid, nullptr, 0);
}

} // namespace
