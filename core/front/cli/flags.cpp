// SPDX-License-Identifier: MIT
#include "front/cli/flags.hpp"

#include "base/text.hpp"
#include "spec/oci_rules.hpp"

#include <algorithm>
#include <limits>

namespace core::cli {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool only(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

Error bad(std::string_view flag, std::string_view text, const std::string &why, std::string hint = {}) {
    return invalid(std::string(flag), in_quotes(text) + " " + why, std::move(hint));
}

/// A decimal number: whole + fraction / scale. "1.5" has the scale 10.
struct Decimal {
    std::uint64_t whole = 0, fraction = 0, scale = 1;
};

std::optional<Decimal> parse_decimal(std::string_view text, std::size_t decimals) {
    const std::size_t dot = text.find('.');
    const auto whole = parse_u64(text.substr(0, dot));
    if (!whole) return std::nullopt;
    Decimal out{*whole, 0, 1};
    if (dot == std::string_view::npos) return out;
    const std::string_view tail = text.substr(dot + 1);
    const auto fraction = parse_u64(tail);
    if (!fraction || tail.size() > decimals) return std::nullopt;
    out.fraction = *fraction;
    for (std::size_t i = 0; i < tail.size(); ++i)
        out.scale *= 10;
    return out;
}

/// A comma-separated list; an empty text is an empty list.
std::vector<std::string_view> options_of(std::string_view text) {
    return text.empty() ? std::vector<std::string_view>{} : split(text, ',');
}

bool has(const std::vector<std::string> &list, std::string_view what) {
    return std::find(list.begin(), list.end(), what) != list.end();
}

} // namespace

Result<std::int64_t> parse_size(std::string_view flag, std::string_view text) {
    const std::string hint = "write bytes or a number with k, m, g, t or p: 512m, 1.5g";
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string unit = lower(text.substr(end));
    constexpr std::string_view units = "bkmgtp";
    const std::size_t power = unit.empty() ? 0 : units.find(unit[0]);
    const std::string_view tail = unit.empty() ? std::string_view() : std::string_view(unit).substr(1);
    const auto number = parse_decimal(text.substr(0, end), 3);
    const bool whole_bytes = power == 0 && number && number->scale > 1;
    if (!number || power == std::string_view::npos || whole_bytes ||
        !(tail.empty() || (power > 0 && (tail == "b" || tail == "ib"))))
        return bad(flag, text, "is no size", hint);
    const std::uint64_t factor = std::uint64_t{1} << (10 * power);
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (number->whole > most / factor - (factor > 1 ? 1 : 0)) return bad(flag, text, "is more than 2^63-1 bytes");
    return static_cast<std::int64_t>(number->whole * factor + number->fraction * factor / number->scale);
}

Result<std::int64_t> parse_memory(std::string_view text) {
    CTR_ASSIGN(const std::int64_t bytes, parse_size("--memory", text));
    if (bytes == 0) return bad("--memory", text, "leaves no memory at all", "leave the flag out for no limit");
    return bytes;
}

Result<CpuQuota> parse_cpus(std::string_view text) {
    const auto number = parse_decimal(text, 5);
    if (!number || number->whole > 100000)
        return bad("--cpus", text, "is no number of CPUs", "write for example 0.5 or 2, with at most five decimals");
    CpuQuota out;
    out.quota = static_cast<std::int64_t>(number->whole * out.period + number->fraction * out.period / number->scale);
    if (out.quota < 1000) return bad("--cpus", text, "is less than 0.01, the least that the kernel can give");
    return out;
}

Result<std::int64_t> parse_pids_limit(std::string_view text) {
    if (text == "-1") return std::int64_t{-1};
    const auto number = parse_u64(text);
    if (!number || *number == 0 || *number > std::numeric_limits<std::int32_t>::max())
        return bad("--pids-limit", text, "is no number of processes from 1 to 2147483647", "write -1 for no limit");
    return static_cast<std::int64_t>(*number);
}

Result<std::string> clean_path(std::string_view flag, std::string_view text) {
    if (!spec::is_absolute(text)) return bad(flag, text, "is no absolute path");
    if (text.size() > 4095 || text.find('\0') != std::string_view::npos)
        return bad(flag, text, "is no path that the kernel takes");
    std::string out;
    for (const std::string_view part : split(text.substr(1), '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") return bad(flag, text, "has \"..\" in it", "write the path without it");
        (out += '/') += part;
    }
    return out.empty() ? std::string("/") : out;
}

namespace {

/// What an option of -v is about. Two different ones of one group, except `flag`, contradict each other.
enum class Group { access, bind, propagation, flag };
struct VolumeOption {
    std::string_view name;
    Group group;
};
constexpr VolumeOption volume_options[] = {
    {"ro", Group::access},          {"rw", Group::access},           {"bind", Group::bind},
    {"rbind", Group::bind},         {"private", Group::propagation}, {"rprivate", Group::propagation},
    {"shared", Group::propagation}, {"rshared", Group::propagation}, {"slave", Group::propagation},
    {"rslave", Group::propagation}, {"nosuid", Group::flag},         {"nodev", Group::flag},
    {"noexec", Group::flag},
};

Result<Group> volume_option(std::string_view text, std::string_view option) {
    if (option == "z" || option == "Z")
        return bad("-v", text, "asks for SELinux relabelling (" + std::string(option) + "), which is not done",
                   "relabel the directory yourself (chcon) and leave the option out");
    std::vector<std::string_view> known;
    for (const VolumeOption &each : volume_options) {
        if (each.name == option) return each.group;
        known.push_back(each.name);
    }
    return bad("-v", text, "has the unknown option " + in_quotes(option), suggestion(option, known));
}

Result<void> read_volume_options(std::string_view text, std::string_view list, Volume &out) {
    std::string_view access = "rw", bind = "rbind", propagation = "rprivate";
    bool set[3] = {};
    std::vector<std::string> flags;
    for (const std::string_view option : options_of(list)) {
        CTR_ASSIGN(const Group group, volume_option(text, option));
        if (group == Group::flag) {
            flags.emplace_back(option);
            continue;
        }
        std::string_view &slot = group == Group::access ? access : group == Group::bind ? bind : propagation;
        bool &is_set = set[static_cast<std::size_t>(group)];
        if (is_set && slot != option)
            return bad("-v", text, "says both " + std::string(slot) + " and " + std::string(option));
        slot = option;
        is_set = true;
    }
    out.propagation = propagation;
    out.options = {std::string(bind), std::string(propagation)};
    if (access == "ro") out.options.emplace_back("ro");
    for (std::string &flag : flags)
        if (!has(out.options, flag)) out.options.push_back(std::move(flag));
    return {};
}

} // namespace

Result<Volume> parse_volume(std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3)
        return bad("-v", text, "is not SRC:DST[:OPTIONS]",
                   "anonymous volumes do not exist here: name a directory of the machine");
    if (!spec::is_absolute(parts[0]))
        return bad("-v", text, "has no absolute path as its source",
                   "named volumes do not exist here; for a relative path write \"$PWD/" + std::string(parts[0]) + "\"");
    if (parts[0].find('\0') != std::string_view::npos || parts[0].size() > 4095)
        return bad("-v", text, "has a source that is no path");
    Volume out;
    out.source = parts[0];
    CTR_ASSIGN(out.destination, clean_path("-v", parts[1]));
    if (out.destination == "/")
        return bad("-v", text, "would cover the whole root", "mount it below a directory, or use --rootfs");
    CTR_TRY(read_volume_options(text, parts.size() == 3 ? parts[2] : std::string_view(), out));
    return out;
}

namespace {

/// True if tmpfs has such an option.
bool is_tmpfs_option(std::string_view option) {
    constexpr std::string_view words[] = {"ro",         "rw",          "exec",         "noexec",     "suid",
                                          "nosuid",     "dev",         "nodev",        "sync",       "async",
                                          "atime",      "noatime",     "diratime",     "nodiratime", "relatime",
                                          "norelatime", "strictatime", "nostrictatime"};
    if (std::find(std::begin(words), std::end(words), option) != std::end(words)) return true;
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = option.substr(0, equals), value = option.substr(equals + 1);
    if (key == "mode") return !value.empty() && value.size() <= 5 && only(value, "01234567");
    if (key == "uid" || key == "gid" || key == "nr_inodes") return parse_u64(value).has_value();
    if (key == "mpol") return !value.empty();
    if (key != "size" || value.empty()) return false;
    const bool unit = std::string_view("kmgKMG%").find(value.back()) != std::string_view::npos;
    return parse_u64(value.substr(0, value.size() - (unit ? 1 : 0))).has_value();
}

} // namespace

Result<Tmpfs> parse_tmpfs(std::string_view text) {
    const std::size_t colon = text.find(':');
    Tmpfs out;
    CTR_ASSIGN(out.destination, clean_path("--tmpfs", text.substr(0, colon)));
    if (out.destination == "/") return bad("--tmpfs", text, "would cover the whole root");
    std::vector<std::string> given;
    for (const std::string_view option :
         options_of(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1))) {
        if (!is_tmpfs_option(option))
            return bad("--tmpfs", text, "has an option that tmpfs does not take: " + in_quotes(option),
                       "for example size=64m, mode=1777, uid=0, exec");
        if (!has(given, option)) given.emplace_back(option);
    }
    for (const char *word : {"exec", "suid", "dev"})
        if (!has(given, word) && !has(given, std::string("no") + word)) out.options.push_back(std::string("no") + word);
    out.options.insert(out.options.end(), given.begin(), given.end());
    return out;
}

Result<Ulimit> parse_ulimit(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return bad("--ulimit", text, "is not NAME=SOFT[:HARD]");
    std::string name = "RLIMIT_" + lower(text.substr(0, equals));
    for (char &c : name)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!spec::is_rlimit(name)) {
        std::vector<std::string> known;
        for (const std::string_view each : spec::rlimit_names())
            known.push_back(lower(each.substr(7)));
        return bad("--ulimit", text, "names no limit",
                   suggestion(text.substr(0, equals), {known.begin(), known.end()}));
    }
    const auto parts = split(text.substr(equals + 1), ':');
    const auto limit = [](std::string_view word) {
        return word == "unlimited" || word == "-1" ? std::optional(std::numeric_limits<std::uint64_t>::max())
                                                   : parse_u64(word);
    };
    const auto soft = limit(parts.front()), hard = limit(parts.back());
    if (parts.size() > 2 || !soft || !hard)
        return bad("--ulimit", text, "is not NAME=SOFT[:HARD] with numbers or \"unlimited\"");
    if (*soft > *hard) return bad("--ulimit", text, "has a soft limit above its hard limit");
    return Ulimit{name, *soft, *hard};
}

Result<std::pair<std::string, std::string>> parse_sysctl(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (equals == std::string_view::npos || key.empty()) return bad("--sysctl", text, "is not KEY=VALUE");
    if (!only(key.substr(0, 1), letters) || key.find("..") != std::string_view::npos ||
        key.find_first_of(" \t\n\r\\") != std::string_view::npos || key.find('\0') != std::string_view::npos ||
        key.back() == '.' || key.back() == '/')
        return bad("--sysctl", text, "has a key that is no sysctl's name", "write for example net.ipv4.ip_forward=1");
    const std::string_view value = text.substr(equals + 1);
    if (value.find('\0') != std::string_view::npos) return bad("--sysctl", text, "has a NUL byte in its value");
    return std::pair(std::string(key), std::string(value));
}

Result<std::optional<std::string>> parse_env(std::string_view text, const Environment &environment) {
    const std::string name(text.substr(0, text.find('=')));
    if (name.empty() || text.find('\0') != std::string_view::npos) return bad("-e", text, "is not NAME=VALUE or NAME");
    if (name.size() < text.size()) return std::optional(std::string(text));
    const std::optional<std::string> value = environment ? environment(name) : std::nullopt;
    return value ? std::optional(name + "=" + *value) : std::nullopt;
}

namespace {

bool is_user_part(std::string_view part) {
    return !part.empty() && part.size() <= 256 && part[0] != '-' &&
           part.find_first_of(std::string_view(" \t\r\n,/\0", 7)) == std::string_view::npos;
}

/// A part that consists of digits is an id and must be in range.
bool is_id_or_name(std::string_view part) {
    if (!only(part, digits)) return true;
    const auto id = parse_u64(part);
    return id && *id < std::numeric_limits<std::uint32_t>::max();
}

} // namespace

Result<User> parse_user(std::string_view flag, std::string_view text) {
    const auto parts = split(text, ':');
    if (parts.size() > 2 || !std::all_of(parts.begin(), parts.end(), is_user_part))
        return bad(flag, text, "is not USER[:GROUP] with names or ids");
    if (!std::all_of(parts.begin(), parts.end(), is_id_or_name)) return bad(flag, text, "has an id above 4294967294");
    User out{std::string(text), std::nullopt};
    if (parts.size() == 2 && only(parts[0], digits) && only(parts[1], digits))
        out.ids = {static_cast<std::uint32_t>(*parse_u64(parts[0])), static_cast<std::uint32_t>(*parse_u64(parts[1]))};
    return out;
}

Result<std::string> parse_capability(std::string_view flag, std::string_view text) {
    std::string name = lower(text);
    for (char &c : name)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (name == "ALL" || name == "CAP_ALL") return std::string("ALL");
    if (name.starts_with("CAP_")) name.erase(0, 4);
    if (name.empty() || name.size() > 64 || !only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"))
        return bad(flag, text, "is no capability's name", "write for example NET_ADMIN, or ALL");
    return "CAP_" + name;
}

Result<SecurityOption> parse_security_option(std::string_view text) {
    const std::size_t mark = text.find_first_of("=:");
    const std::string_view key = text.substr(0, mark);
    const std::string_view value = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    if (key == "no-new-privileges") {
        if (mark != std::string_view::npos && value != "true" && value != "false")
            return bad("--security-opt", text, "is neither true nor false");
        return SecurityOption{SecurityOption::no_new_privileges, value != "false", {}};
    }
    if (key == "seccomp") {
        if (value == "unconfined") return SecurityOption{SecurityOption::seccomp_unconfined, true, {}};
        if (value.empty() || value.find('\0') != std::string_view::npos)
            return bad("--security-opt", text, "names no profile", "write seccomp=unconfined or seccomp=FILE");
        return SecurityOption{SecurityOption::seccomp_file, true, std::string(value)};
    }
    return bad("--security-opt", text, "is not known",
               suggestion(key, {"no-new-privileges", "seccomp=unconfined", "seccomp=FILE"}));
}

Result<std::string> parse_hostname(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 64 && text[0] != '-' && text[0] != '.' &&
                      only(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
    if (!good) return bad("--hostname", text, "is no host name of 1 to 64 letters, digits, dots and dashes");
    return std::string(text);
}

Result<std::string> parse_workdir(std::string_view text) { return clean_path("-w", text); }

} // namespace core::cli
