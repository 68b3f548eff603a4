// SPDX-License-Identifier: MIT
#include "front/oci/tables.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <sstream>

namespace core::oci {

std::string wide_table(std::vector<std::vector<std::string>> rows) {
    std::vector<std::size_t> widths(rows[0].size(), 12);
    for (auto &row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = printable(row[i]); // a cell must not begin a new row
            widths[i] = std::max(widths[i], row[i].size() + 3);
        }
    std::string out;
    for (const auto &row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            out += row[i] + (i + 1 < row.size() ? std::string(widths[i] - row[i].size(), ' ') : "");
        out += '\n';
    }
    return out;
}

Result<std::string> lines_of_pids(const std::string &output, const std::vector<int> &pids) {
    std::istringstream lines(output);
    std::string line, out;
    if (!std::getline(lines, line)) return out;
    std::istringstream heading(line);
    std::size_t column = 0;
    bool found = false;
    for (std::string word; heading >> word; ++column)
        if (word == "PID") {
            found = true;
            break;
        }
    if (!found) return failure(CTR_E_INVALID, "couldn't find PID field in ps output", "choose a format with it");
    out = line + "\n";
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string field;
        for (std::size_t i = 0; i <= column; ++i)
            fields >> field;
        if (std::any_of(pids.begin(), pids.end(), [&](pid_t pid) { return field == std::to_string(pid); }))
            out += line + "\n";
    }
    return out;
}

} // namespace core::oci
