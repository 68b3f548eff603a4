// SPDX-License-Identifier: MIT
#include "name.hpp"

#include <limits.h>

#include <algorithm>

namespace image {

namespace {

bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alnum(char c) { return lower(c) || digit(c); }

// [a-z0-9]+ joined by ".", "_", "__" or any number of "-".
bool path_component(std::string_view text) {
    if (text.empty() || !alnum(text.front()) || !alnum(text.back())) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (alnum(text[i])) {
            ++i;
            continue;
        }
        const std::size_t end = std::min(text.find_first_of("abcdefghijklmnopqrstuvwxyz0123456789", i), text.size());
        const std::string_view joint = text.substr(i, end - i);
        if (joint != "." && joint != "_" && joint != "__" && joint.find_first_not_of('-') != std::string_view::npos)
            return false;
        i = end;
    }
    return true;
}

bool host_component(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || host.front() == '-' || host.back() == '-' || host.front() == '.' || host.back() == '.')
        return false;
    if (!std::all_of(host.begin(), host.end(), [](char c) { return alnum(c) || upper(c) || c == '.' || c == '-'; }))
        return false;
    if (colon == std::string_view::npos) return true;
    const std::string_view port = text.substr(colon + 1);
    return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), digit);
}

// As in references: the first component is a host if it can be nothing else.
bool looks_like_host(std::string_view text) {
    return text == "localhost" || text.find_first_of(".:") != std::string_view::npos ||
           std::any_of(text.begin(), text.end(), upper);
}

bool tag(std::string_view text) {
    const auto word = [](char c) { return alnum(c) || upper(c) || c == '_'; };
    return !text.empty() && text.size() <= 128 && word(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return word(c) || c == '.' || c == '-'; });
}

// Where the colon before the tag is, npos if there is no tag.
std::size_t tag_colon(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    const std::size_t slash = name.rfind('/');
    if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash))
        return std::string_view::npos;
    return colon;
}

} // namespace

std::string_view tag_of(std::string_view name) {
    const std::size_t colon = tag_colon(name);
    return colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
}

std::string name_problem(std::string_view name) {
    if (name.empty()) return "the name is empty";
    if (name.find('@') != std::string_view::npos) return "a digest (@...) cannot be part of the name of a local image";
    const std::size_t colon = tag_colon(name);
    if (colon != std::string_view::npos && !tag(name.substr(colon + 1)))
        return "the tag '" + std::string(name.substr(colon + 1)) + "' is not [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
    std::string_view rest = name.substr(0, colon);
    if (rest.size() > 255) return "the name is longer than 255 bytes";
    bool first = true;
    while (true) {
        const std::size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        const bool host = first && slash != std::string_view::npos && looks_like_host(part);
        if (host ? !host_component(part) : !path_component(part))
            return "'" + std::string(part) + "' is not " +
                   (host ? "HOST[:PORT]" : "lower-case letters and digits, joined by . _ __ or -");
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
        first = false;
    }
    if (escape_name(name).size() + sizeof ".json" - 1 > NAME_MAX) return "the name is too long for a file name";
    return {};
}

std::string escape_name(std::string_view name) {
    constexpr const char *digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : name) {
        if (alnum(c) || upper(c) || c == '.' || c == '_' || c == '-') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string record_path(const std::string &data_root, std::string_view name) {
    return data_root + "/images/" + escape_name(name) + ".json";
}

} // namespace image
