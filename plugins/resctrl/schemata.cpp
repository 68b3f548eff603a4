// SPDX-License-Identifier: MIT
#include "schemata.hpp"

#include <map>

namespace resctrl {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::string plain_value(std::string_view value) {
    value = trimmed(value);
    while (value.size() > 1 && value[0] == '0')
        value.remove_prefix(1);
    std::string out(value);
    for (char &c : out)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// Domain to value.
std::map<std::string, std::string> domains(std::string_view list) {
    std::map<std::string, std::string> out;
    while (!list.empty()) {
        const auto end = std::min(list.find(';'), list.size());
        const auto each = list.substr(0, end), sign = std::string_view("=");
        const auto equals = each.find(sign);
        if (equals != std::string_view::npos)
            out[plain_value(each.substr(0, equals))] = plain_value(each.substr(equals + 1));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return out;
}

} // namespace

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (const auto line = trimmed(text.substr(0, end)); !line.empty()) out.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::vector<std::string> wanted_lines(const std::string &l3, const std::string &bandwidth,
                                      const std::vector<std::string> &schemata) {
    std::vector<std::string> out;
    for (auto &line : lines_of(l3))
        if (bandwidth.empty() || line.rfind("MB:", 0) != 0) out.push_back(line);
    if (!bandwidth.empty()) out.push_back(bandwidth);
    for (const auto &each : schemata)
        for (auto &line : lines_of(each))
            out.push_back(line);
    return out;
}

bool has_line(std::string_view now, std::string_view line) {
    const auto colon = line.find(':');
    for (const auto &each : lines_of(now)) {
        const auto here = each.find(':');
        if (here == std::string::npos ||
            trimmed(std::string_view(each).substr(0, here)) != trimmed(line.substr(0, colon)))
            continue;
        const auto present = domains(std::string_view(each).substr(here + 1));
        for (const auto &[domain, value] : domains(line.substr(colon + 1)))
            if (const auto found = present.find(domain); found == present.end() || found->second != value) return false;
        return true;
    }
    return false;
}

bool is_line(std::string_view line) {
    const auto colon = line.find(':');
    return colon != std::string_view::npos && colon > 0 && line.find('\n') == std::string_view::npos;
}

} // namespace resctrl
