// SPDX-License-Identifier: MIT
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace core::oci {

/// Columns at least 12 wide and 3 apart, as in runc, because scripts read them.
std::string wide_table(std::vector<std::vector<std::string>> rows);
/// The heading of the output of ps(1), and its lines whose pid is one of `pids`. The heading tells which column has the
/// pid. Errors: there is no such column.
Result<std::string> lines_of_pids(const std::string &output, const std::vector<int> &pids);

} // namespace core::oci
