// SPDX-License-Identifier: MIT
//
// Parses the values of `ctr run`'s flags, in docker's notation. Each parser takes the text behind its flag. Its error
// names the flag and the text: `--memory: "12x" is no size`.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core::cli {

/// A size in bytes: "512m", "1.5g", "1073741824". The units b k m g t p are powers of 1024 and may be followed by "b"
/// or "ib"; at most three decimals.
Result<std::int64_t> parse_size(std::string_view flag, std::string_view text);
/// --memory: a size that is not 0.
Result<std::int64_t> parse_memory(std::string_view text);

/// --cpus, in microseconds: "1.5" is a quota of 150000 in each period of 100000.
struct CpuQuota {
    std::int64_t quota = 0;
    std::uint64_t period = 100000;
};
Result<CpuQuota> parse_cpus(std::string_view text);

/// --pids-limit: a number from 1, or -1 for no limit.
Result<std::int64_t> parse_pids_limit(std::string_view text);

/// -v SRC:DST[:OPTION,...] with absolute paths. Options: ro rw; bind rbind; [r]private [r]shared [r]slave; nosuid nodev
/// noexec.
struct Volume {
    std::string source;
    std::string destination;          // without "." and double slashes
    std::vector<std::string> options; // all mount options
    std::string propagation;          // the propagation among them
};
Result<Volume> parse_volume(std::string_view text);

/// --tmpfs DST[:OPTION,...]. noexec, nosuid and nodev are added unless the options say otherwise.
struct Tmpfs {
    std::string destination;
    std::vector<std::string> options;
};
Result<Tmpfs> parse_tmpfs(std::string_view text);

/// --ulimit NAME=SOFT[:HARD]; "unlimited" and -1 are RLIM_INFINITY.
struct Ulimit {
    std::string type; // "RLIMIT_NOFILE"
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};
Result<Ulimit> parse_ulimit(std::string_view text);

/// --sysctl KEY=VALUE
Result<std::pair<std::string, std::string>> parse_sysctl(std::string_view text);

/// -e NAME=VALUE, or NAME to take the value from `environment`; std::nullopt if it is not set there.
using Environment = std::function<std::optional<std::string>(const std::string &name)>;
Result<std::optional<std::string>> parse_env(std::string_view text, const Environment &environment);

/// -u NAME|UID[:GROUP|GID]
struct User {
    std::string text;                                           // as given
    std::optional<std::pair<std::uint32_t, std::uint32_t>> ids; // if both are numbers
};
Result<User> parse_user(std::string_view flag, std::string_view text);

/// --cap-add, --cap-drop: "NET_ADMIN", "cap_net_admin", "ALL"; answers "CAP_NET_ADMIN" or "ALL".
Result<std::string> parse_capability(std::string_view flag, std::string_view text);

/// --security-opt no-new-privileges[=BOOL], seccomp=unconfined, seccomp=FILE (which the caller reads).
struct SecurityOption {
    enum Kind { no_new_privileges, seccomp_unconfined, seccomp_file } kind = no_new_privileges;
    bool on = true;   // no_new_privileges
    std::string file; // seccomp_file
};
Result<SecurityOption> parse_security_option(std::string_view text);

/// --hostname: a name that sethostname(2) and DNS accept.
Result<std::string> parse_hostname(std::string_view text);
/// -w: an absolute path.
Result<std::string> parse_workdir(std::string_view text);

/// An absolute path inside the container without "." and double slashes; ".." is refused.
Result<std::string> clean_path(std::string_view flag, std::string_view text);

} // namespace core::cli
