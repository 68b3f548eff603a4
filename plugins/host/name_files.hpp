// SPDX-License-Identifier: MIT
//
// The three files with names for a container: /etc/hosts, /etc/resolv.conf, /etc/hostname. The drivers `host` and
// `bridge` both make them (each has this source compiled in): on a small file system of their own in memory, bound over
// the image's own files, so that neither the image nor the machine's files change, and a container that fills them
// fills nothing else.
#pragma once

#include <ctr/plugin.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace name_files {

/// The content of the files; an empty one is not made. `hosts` is a template: literal text in it is escaped
/// (ctr::Step::escape).
struct Files {
    std::string hosts;
    std::string resolv_conf;
    std::string hostname;
};

struct HostEntry {
    std::string name;
    std::string address;
};

/// What the lines `nameserver`, `search` and `options` of a resolv.conf say.
struct Resolver {
    std::vector<std::string> servers;
    std::vector<std::string> search;
    std::vector<std::string> options;
};

bool is_address(const std::string &text);
bool is_loopback(const std::string &address);
/// "NAME:ADDR", split at the first colon: an IPv6 address has colons of its own. False if it is not that.
bool parse_host(std::string_view text, HostEntry &out);
Resolver parse_resolv_conf(std::string_view text);
std::string format_resolv_conf(const Resolver &resolver);

/// Makes `out` of the entries in /ctr/hosts as lines of /etc/hosts. 0, or the plan has failed.
int extra_hosts(ctr::Plan plan, std::string &out);
/// Reads {"servers": [], "search": []} at `node` into `out`, replacing what it names. `where` is for the error. 0, or
/// the plan has failed.
int read_dns(ctr::Plan plan, ctr::Node node, const std::string &where, Resolver &out);
/// Adds the step, in `mounts`. 0, or the plan has failed.
int add(ctr::Plan plan, const Files &files);

} // namespace name_files
