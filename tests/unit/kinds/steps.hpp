// SPDX-License-Identifier: MIT
//
// Steps of the shared kinds, written as "name=value" words: the manifest says of which type each argument is.
#pragma once

#include <ctr/testing/directory.hpp>
#include <ctr/testing/host.hpp>

#include <string>
#include <vector>

namespace steps {

using ctr::testing::Running;
using ctr::testing::Step;
using ctr::testing::TemporaryDirectory;

/// What the steps below run in, with the root; programs that they run are run.
Running &running();
/// Begins anew, without a root.
void reset();
void set_root(int fd); // a copy is kept
/// Of an argument of type fd the word has a number, and a copy of that descriptor is the value. Each output that some
/// kind has is declared.
Step step(const std::string &kind, const std::vector<std::string> &words);
/// Runs apply; the error, or "" for success.
std::string apply(const std::string &kind, const std::vector<std::string> &words);
std::string shell(const std::string &kind, const std::vector<std::string> &words);

} // namespace steps
