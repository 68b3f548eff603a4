// SPDX-License-Identifier: MIT
#include "name_files.hpp"

#include <arpa/inet.h>

namespace name_files {
namespace {

constexpr std::string_view blanks = " \t\r";

/// Removes the next word from `line` and returns it; empty at the end.
std::string_view next_word(std::string_view &line) {
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return line = {};
    const std::size_t end = line.find_first_of(blanks, begin);
    const std::string_view word = line.substr(begin, end == std::string_view::npos ? end : end - begin);
    line = end == std::string_view::npos ? std::string_view{} : line.substr(end);
    return word;
}

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> all;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
        all.emplace_back(word);
    return all;
}

std::string without_scope(const std::string &address) { return address.substr(0, address.find('%')); }

/// One word without white space or comment signs: what can stand in hosts or resolv.conf and be read back as it was.
bool is_word(std::string_view text) {
    if (text.empty()) return false;
    for (char c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == '#' || c == ';' || c == 0x7f) return false;
    return true;
}

/// How many bytes a program in the container may add to these files; their file system has that much more room.
constexpr std::int64_t room = 256 * 1024;

/// Bytes in whole pages, as the file system counts.
std::int64_t in_pages(const std::string &content) {
    constexpr std::size_t page = 4096;
    return static_cast<std::int64_t>((content.size() + page) / page * page);
}

} // namespace

bool is_address(const std::string &text) {
    unsigned char bytes[sizeof(in6_addr)];
    return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, without_scope(text).c_str(), bytes) == 1;
}

bool is_loopback(const std::string &address) {
    in_addr v4{};
    if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, without_scope(address).c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool parse_host(std::string_view text, HostEntry &out) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    out = {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
    // Engines write IPv6 addresses in brackets too.
    if (out.address.size() > 2 && out.address.front() == '[' && out.address.back() == ']')
        out.address = out.address.substr(1, out.address.size() - 2);
    return is_word(out.name) && is_address(out.address);
}

Resolver parse_resolv_conf(std::string_view text) {
    Resolver resolver;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        line = line.substr(0, line.find_first_of("#;"));
        const std::string_view keyword = next_word(line);
        std::vector<std::string> rest = words(line);
        if (keyword == "nameserver" && !rest.empty()) resolver.servers.push_back(rest.front());
        if (keyword == "options") resolver.options.insert(resolver.options.end(), rest.begin(), rest.end());
        if (keyword == "search" || keyword == "domain")
            resolver.search = std::move(rest); // resolv.conf(5): the last one wins
    }
    return resolver;
}

std::string format_resolv_conf(const Resolver &resolver) {
    std::string text;
    const auto line = [&text](const char *keyword, const std::vector<std::string> &values) {
        if (values.empty()) return;
        text += keyword;
        for (const auto &value : values)
            text += " " + value;
        text += "\n";
    };
    line("search", resolver.search);
    for (const auto &server : resolver.servers)
        text += "nameserver " + server + "\n";
    line("options", resolver.options);
    return text;
}

int extra_hosts(ctr::Plan plan, std::string &out) {
    const ctr::Node all = plan.spec("/ctr/hosts");
    for (std::size_t i = 0; i < all.size(); ++i) {
        HostEntry entry;
        const std::string text = all.at(i).str();
        if (!parse_host(text, entry))
            return plan.invalid("/ctr/hosts/" + std::to_string(i), "\"" + text + "\" is not NAME:ADDRESS",
                                "for example db:10.0.0.5 or db:fd00::5");
        out += entry.address + "\t" + entry.name + "\n";
    }
    return 0;
}

int read_dns(ctr::Plan plan, ctr::Node node, const std::string &where, Resolver &out) {
    if (const std::vector<std::string> servers = node.get("/servers").strings(); !servers.empty()) {
        for (const auto &server : servers)
            if (!is_address(server))
                return plan.invalid(where + "/servers", "\"" + server + "\" is not an IPv4 or IPv6 address");
        out.servers = servers;
    }
    if (const std::vector<std::string> search = node.get("/search").strings(); !search.empty()) {
        for (const auto &domain : search)
            if (!is_word(domain)) return plan.invalid(where + "/search", "\"" + domain + "\" is not a domain name");
        out.search = search;
    }
    return 0;
}

int add(ctr::Plan plan, const Files &files) {
    ctr::Step step = plan.step(CTR_KIND_MOUNT_FILES, CTR_MOUNTS);
    std::int64_t size = room;
    const auto add = [&](const char *target, const std::string &content) {
        if (content.empty()) return;
        step.arg("target", target).format("content", content);
        size += in_pages(content);
    };
    add("/etc/hosts", files.hosts);
    add("/etc/resolv.conf", ctr::Step::escape(files.resolv_conf));
    add("/etc/hostname", files.hostname.empty() ? "" : ctr::Step::escape(files.hostname + "\n"));
    if (size == room) return 0;
    // Right after the root is attached, so that a user's mount on the same path, or on /etc, comes later and covers it.
    return step.arg("size", size)
        .needs(CTR_TOKEN_ROOT_ATTACHED)
        .note("the container's own, with room for little more")
        .add();
}

} // namespace name_files
