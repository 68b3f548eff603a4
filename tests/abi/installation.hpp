// SPDX-License-Identifier: MIT
//
// ctr as a packager installs it: `cmake --install` into a prefix of our own, once for all tests of a process; a root
// file system with a static busybox beside it. Tests use only this tree, so that what they see is what a user of the
// SDK gets.
#pragma once

#include "process.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace sdk_test {

class Installation {
public:
    /// Made by the first call; ok() says whether it could be, problem() why not.
    static Installation &get();
    ~Installation();

    bool ok() const { return problem_.empty(); }
    const std::string &problem() const { return problem_; }
    const std::string &root() const { return root_; } // everything below goes away at the end
    std::string prefix() const { return root_ + "/prefix"; }
    std::string plugins() const { return prefix() + "/lib/ctr/plugins"; }
    std::string rootfs() const { return root_ + "/rootfs"; }
    std::string state() const { return root_ + "/run"; }
    /// A new empty directory that plugins may be loaded from.
    std::string directory(const std::string &name) const;
    /// A config file that keeps to our own cgroups and to no network; `more` is members of the object, each with its
    /// comma behind.
    std::string config(const std::string &more = {}) const;
    /// prefix/bin/ctr with our own roots and the config; `words` follow.
    Outcome ctr(const std::vector<std::string> &words, const std::string &config_file = {}) const;
    /// Builds sdk/sample out of tree against the prefix alone, once; the directory of sample.so, or empty with
    /// problem() set.
    const std::string &sample();
    /// Builds another project in the same way; its directory, or empty with problem() set.
    std::string project(const std::string &name, const std::string &source);

private:
    Installation();
    std::string make();
    std::string root_, problem_, sample_;
};

/// The steps of `ctr plan --format json`: "KIND of PLUGIN", in the order of the plan.
std::vector<std::string> steps_of(const std::string &plan_json);
/// The position in steps_of(), or -1.
int position(const std::vector<std::string> &steps, const std::string &step);

} // namespace sdk_test

/// Skips without the static busybox that a root file system is made of.
#define NEEDS_ROOTFS()                                                                                                 \
    if (::access((sdk_test::Installation::get().rootfs() + "/bin/busybox").c_str(), X_OK) != 0)                        \
    GTEST_SKIP() << "needs a static /bin/busybox (package busybox-static)"
#define NEEDS_ROOT()                                                                                                   \
    if (::geteuid() != 0) GTEST_SKIP() << "needs root"
