// SPDX-License-Identifier: MIT
//
// Plans without root: the plugins of this build plan a spec against a machine that is a table of questions and answers
// (sdk/include/ctr/host.h lists the questions). What comes out is compared with a golden file, so a change of any
// plugin's plan shows up as a difference that a reviewer reads. CTR_UPDATE_GOLDEN=1 in the environment writes the
// golden files instead.
#pragma once

#include "base/json.hpp"
#include "front/cli/run_spec.hpp"
#include "plan/planner.hpp"

#include <map>
#include <string>
#include <vector>

namespace plan_fixture {

using Answers = std::map<std::string, std::string>;

/// A machine with cgroup v1 hierarchies and ext4, and one with cgroup v2 alone.
Answers machine_v1();
Answers machine_v2();

/// What one plan is made from. The members are the whole of it: change what the test is about.
struct Planning {
    Answers machine = machine_v1();
    std::string config = "{}"; // the text of a config file
    std::map<std::string, std::string> drivers;
    ctr_operation operation = CTR_OP_CREATE;
    std::string id = "littlebox";
    std::vector<std::string> asked;       // what is new in a description of a container that is there already
    std::vector<std::string> without;     // files of stock plugins that are not installed ("seccomp"); "*": none is
    std::vector<std::string> directories; // more plugins, before the stock ones

    /// What is installed.
    core::plugin::Catalog &catalog() const;
    core::Result<core::plan::Plan> plan(const core::Json &spec) const;
    core::Result<core::plan::Plan> plan(const core::cli::RunOptions &options) const;
};

/// `ctr run` of an image with two layers, network `bridge`, as root.
core::cli::RunOptions run_options();

/// Compares the table of the plan, notes and all, with directory/NAME.plan; a difference fails the test and prints
/// both.
void expect_golden(const core::Result<core::plan::Plan> &plan, const std::string &directory, const std::string &name);
/// The plan is refused, and the error (path, message, hint) has each of the words.
void expect_refused(const core::Result<core::plan::Plan> &plan, const std::vector<std::string> &words);

} // namespace plan_fixture
