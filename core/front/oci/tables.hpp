// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace core::oci {

/// Columns at least 12 wide and 3 apart, as people's scripts know them from runc.
std::string wide_table(std::vector<std::vector<std::string>> rows);
/// The lines of the output of ps(1) whose pid is one of these, and the heading, from which the column's place is read.
/// Error: there is no such column.
Result<std::string> lines_of_pids(const std::string &output, const std::vector<int> &pids);

} // namespace core::oci
