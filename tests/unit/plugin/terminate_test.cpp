// SPDX-License-Identifier: MIT
//
// sdk/cmake/ctr_terminate.cpp, which every plugin has in it.
#include <exception>
#include <gtest/gtest.h>
#include <stdexcept>

namespace {

template <class Thrown> void fling(const Thrown &thrown) { throw thrown; }

/// Exceptions do not leave a function that is noexcept.
template <class Thrown> void escape(const Thrown &thrown) noexcept {
    std::set_terminate(__gnu_cxx::__verbose_terminate_handler);
    fling(thrown);
}

} // namespace

TEST(TerminateDeathTest, SaysWhatHappened) {
    EXPECT_EXIT(escape(std::runtime_error("the reason")), testing::KilledBySignal(SIGABRT),
                "ctr: terminated by an exception that nobody caught: the reason");
    EXPECT_EXIT(escape(1), testing::KilledBySignal(SIGABRT), "that is no std::exception");
    EXPECT_EXIT(
        {
            std::set_terminate(__gnu_cxx::__verbose_terminate_handler);
            std::terminate();
        },
        testing::KilledBySignal(SIGABRT), "terminated without an exception");
}
