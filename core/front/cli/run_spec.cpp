// SPDX-License-Identifier: MIT
#include "front/cli/run_spec.hpp"

#include "base/describe.hpp"
#include "base/text.hpp"
#include "spec/oci.hpp"

#include <algorithm>

namespace core::cli {
namespace {

using Strings = std::vector<std::string>;

constexpr const char *default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Files of /proc and /sys that show or change the machine. Missing ones are skipped when the plan runs.
constexpr const char *masked_paths[] = {"/proc/acpi",        "/proc/asound",  "/proc/interrupts",
                                        "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
                                        "/proc/sched_debug", "/proc/scsi",    "/proc/timer_list",
                                        "/proc/timer_stats", "/sys/firmware", "/sys/devices/virtual/powercap"};
constexpr const char *readonly_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

// ---- the image's config -------------------------------------------------------------------------

/// The parts that are used. The image's author may have written anything.
struct ImageConfig {
    Strings env, cmd, entrypoint;
    std::string workdir, user;
};

Result<Strings> strings_of(const Json &config, const char *key) {
    Strings out;
    const auto it = config.find(key);
    if (it == config.end() || it->is_null()) return out;
    if (!it->is_array())
        return invalid("image config /" + std::string(key), "expected an array of strings, got " + got(*it));
    for (const Json &each : *it) {
        if (!each.is_string())
            return invalid("image config /" + std::string(key),
                           "expected an array of strings, got " + got(each) + " in it");
        out.push_back(each.get<std::string>());
    }
    return out;
}

Result<std::string> string_of(const Json &config, const char *key) {
    const auto it = config.find(key);
    if (it == config.end() || it->is_null()) return std::string();
    if (!it->is_string()) return invalid("image config /" + std::string(key), "expected a string, got " + got(*it));
    return it->get<std::string>();
}

/// Old builders write a single string instead of an array, and docker still accepts it.
Result<Strings> command_of(const Json &config, const char *key) {
    const auto it = config.find(key);
    return it != config.end() && it->is_string() ? Strings{it->get<std::string>()} : strings_of(config, key);
}

/// `ENTRYPOINT [""]` in a Dockerfile removes the one of its base image. An empty word behind another word is an
/// argument.
void drop_empty_commands(ImageConfig &config) {
    const Strings nothing = {""};
    if (config.entrypoint == nothing) config.entrypoint.clear();
    if (config.entrypoint.empty() && config.cmd == nothing) config.cmd.clear();
}

Result<ImageConfig> read_image_config(const Json &config) {
    ImageConfig out;
    if (config.is_null()) return out;
    if (!config.is_object()) return invalid("image config", "expected an object, got " + got(config));
    CTR_ASSIGN(out.env, strings_of(config, "Env"));
    CTR_ASSIGN(out.cmd, command_of(config, "Cmd"));
    CTR_ASSIGN(out.entrypoint, command_of(config, "Entrypoint"));
    drop_empty_commands(out);
    CTR_ASSIGN(out.workdir, string_of(config, "WorkingDir"));
    CTR_ASSIGN(out.user, string_of(config, "User"));
    return out;
}

// ---- /process -----------------------------------------------------------------------------------

/// A later entry of the same name replaces the first one at its place.
void set_env(Strings &env, const std::string &entry) {
    const std::string name = entry.substr(0, entry.find('=') + 1);
    for (std::string &each : env)
        if (each.starts_with(name)) return void(each = entry);
    env.push_back(entry);
}

bool is_root(const std::string &user) {
    const std::string name = user.substr(0, user.find(':'));
    return name.empty() || name == "root" || name == "0";
}

Strings environment(const RunOptions &options, const ImageConfig &image, const std::string &hostname,
                    const std::string &user) {
    Strings env = {default_path, "HOSTNAME=" + hostname};
    if (options.tty) env.emplace_back("TERM=xterm");
    // The home of another user is in the container's /etc/passwd; the step that looks the user up sets it.
    if (is_root(user)) env.emplace_back("HOME=/root");
    for (const std::string &entry : image.env)
        if (entry.find('=') != std::string::npos && entry[0] != '=')
            set_env(env, entry); // docker images may contain others
    for (const std::string &entry : options.env)
        set_env(env, entry);
    return env;
}

Result<Strings> arguments(const RunOptions &options, const ImageConfig &image) {
    Strings args = image.entrypoint;
    const Strings &rest = options.command.empty() ? image.cmd : options.command;
    args.insert(args.end(), rest.begin(), rest.end());
    if (args.empty())
        return failure(CTR_E_INVALID,
                       "no command to run: " + (options.image.empty()
                                                    ? std::string("a root directory names none")
                                                    : "the image " + in_quotes(options.image) + " names none"),
                       "add one at the end of the command line, for example /bin/sh");
    if (args[0].empty())
        return failure(CTR_E_INVALID, "the command to run is empty",
                       "add one at the end of the command line, for example /bin/sh");
    return args;
}

Json rlimits(const RunOptions &options) {
    std::map<std::string, const Ulimit *> last; // the last one of a name counts, as with docker
    for (const Ulimit &each : options.ulimits)
        last[each.type] = &each;
    Json out = Json::array();
    for (const auto &[type, limit] : last)
        out.push_back({{"type", type}, {"soft", limit->soft}, {"hard", limit->hard}});
    return out;
}

Result<Json> process(const RunOptions &options, const ImageConfig &image, const std::string &hostname, Json &extras) {
    Json out = {{"user", {{"uid", 0}, {"gid", 0}}}};
    CTR_ASSIGN(out["args"], arguments(options, image));
    const std::string user = options.user.empty() ? image.user : options.user;
    if (!user.empty()) {
        CTR_ASSIGN(const User who, parse_user(options.user.empty() ? "image config /User" : "-u", user));
        if (who.ids)
            out["user"] = {{"uid", who.ids->first}, {"gid", who.ids->second}, {"additionalGids", {who.ids->second}}};
        else
            extras["user"] = user;
    }
    out["env"] = environment(options, image, hostname, user);
    if (!options.workdir.empty()) {
        CTR_ASSIGN(out["cwd"], parse_workdir(options.workdir));
    } else {
        // Image builders also write relative paths, which start at the root.
        CTR_ASSIGN(out["cwd"], clean_path("image config /WorkingDir",
                                          image.workdir.starts_with('/') ? image.workdir : "/" + image.workdir));
    }
    if (options.tty) {
        out["terminal"] = true;
        if (options.console_size)
            out["consoleSize"] = {{"height", options.console_size->height}, {"width", options.console_size->width}};
    }
    if (options.no_new_privileges) out["noNewPrivileges"] = true;
    if (!options.ulimits.empty()) out["rlimits"] = rlimits(options);
    return out;
}

// ---- /mounts ------------------------------------------------------------------------------------

Json mount(const char *destination, const char *type, const char *source, Strings options) {
    return {{"destination", destination}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

Json default_mounts(const RunOptions &options) {
    Json all = Json::array({
        mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
        mount("/dev/pts", "devpts", "devpts",
              {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
        mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}),
        mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
        mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"}),
    });
    if (options.uids.empty()) return all;
    all.erase(all.size() - 1); // without a cgroup there is nothing to mount
    const bool has_tty_group = std::any_of(options.gids.begin(), options.gids.end(), [](const IdRange &range) {
        return range.inside <= 5 && range.inside + std::uint64_t{range.size} > 5;
    });
    if (!has_tty_group) all[2]["options"].erase(5);
    return all;
}

/// The mounts of -v and --tmpfs. Outer directories come before inner ones, whatever the order of the flags is.
Result<Json> user_mounts(const RunOptions &options) {
    Json out = Json::array();
    for (const Volume &each : options.volumes)
        out.push_back(mount(each.destination.c_str(), "bind", each.source.c_str(), each.options));
    for (const Tmpfs &each : options.tmpfs)
        out.push_back(mount(each.destination.c_str(), "tmpfs", "tmpfs", each.options));
    const auto depth = [](const Json &each) {
        const auto &path = each["destination"].get_ref<const std::string &>();
        return std::count(path.begin(), path.end(), '/');
    };
    std::stable_sort(out.begin(), out.end(), [&](const Json &a, const Json &b) { return depth(a) < depth(b); });
    for (std::size_t i = 0; i < out.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (out[i]["destination"] == out[j]["destination"])
                return failure(CTR_E_INVALID, "two mounts at " + out[i]["destination"].get<std::string>(),
                               "leave out one of the -v or --tmpfs flags");
    return out;
}

/// True for a default mount at or below a user's mount. It is left out, because the user's mount would hide it.
bool is_covered(const Json &each, const Json &own) {
    const std::string at = each["destination"].get<std::string>() + "/";
    return std::any_of(own.begin(), own.end(), [&](const Json &other) {
        return at.starts_with(other["destination"].get_ref<const std::string &>() + "/");
    });
}

Result<Json> mounts(const RunOptions &options) {
    CTR_ASSIGN(const Json own, user_mounts(options));
    Json out = Json::array();
    for (Json &each : default_mounts(options))
        if (!is_covered(each, own)) out.push_back(std::move(each));
    out.insert(out.end(), own.begin(), own.end());
    return out;
}

// ---- /linux -------------------------------------------------------------------------------------

Json namespaces(const RunOptions &options) {
    Json out = Json::array();
    for (const char *type : {"mount", "uts", "ipc", "pid", "network", "cgroup"})
        if (std::string_view(type) != "network" || options.network != "host") out.push_back({{"type", type}});
    if (!options.uids.empty()) out.push_back({{"type", "user"}});
    return out;
}

Json resources(const RunOptions &options) {
    // All devices are denied here; the cgroup driver then allows those that every container has.
    Json out = {{"devices", Json::array({{{"allow", false}, {"access", "rwm"}}})}};
    if (options.memory) out["memory"]["limit"] = *options.memory;
    if (options.cpus) out["cpu"] = {{"quota", options.cpus->quota}, {"period", options.cpus->period}};
    if (options.pids_limit) out["pids"]["limit"] = *options.pids_limit;
    return out;
}

/// A volume can share mounts with the machine only if the root's propagation allows it.
std::string root_propagation(const RunOptions &options) {
    std::string out;
    for (const Volume &each : options.volumes) {
        if (each.propagation.ends_with("shared")) return "shared";
        if (each.propagation.ends_with("slave")) out = "rslave";
    }
    return out;
}

Json id_map(const std::vector<IdRange> &ranges) {
    Json out = Json::array();
    for (const IdRange &each : ranges)
        out.push_back({{"containerID", each.inside}, {"hostID", each.outside}, {"size", each.size}});
    return out;
}

Json linux_part(const RunOptions &options) {
    Json out = {{"namespaces", namespaces(options)},
                {"resources", resources(options)},
                {"maskedPaths", masked_paths},
                {"readonlyPaths", readonly_paths}};
    if (!options.uids.empty()) {
        out["uidMappings"] = id_map(options.uids);
        out["gidMappings"] = id_map(options.gids);
    }
    if (!options.sysctls.empty()) out["sysctl"] = options.sysctls;
    if (const std::string propagation = root_propagation(options); !propagation.empty())
        out["rootfsPropagation"] = propagation;
    return out;
}

// ---- /ctr ---------------------------------------------------------------------------------------

Json ctr_part(const RunOptions &options) {
    Json out = {{"capabilities", {{"add", options.cap_add}, {"drop", options.cap_drop}}}};
    if (!options.image.empty()) out["image"] = {{"name", options.image}, {"layers", options.layers}};
    if (options.rm) out["rm"] = true;
    if (options.seccomp == RunOptions::Seccomp::standard) out["seccomp"] = "default";
    if (options.seccomp == RunOptions::Seccomp::profile) out["seccomp"] = options.seccomp_profile;
    return out;
}

Result<void> check(const RunOptions &options) {
    if (options.image.empty() == options.rootfs.empty())
        return failure(CTR_E_INVALID,
                       options.image.empty() ? "no image and no root directory" : "both an image and a root directory",
                       "name an image, or give --rootfs DIR");
    if (!options.rootfs.empty() && options.rootfs[0] != '/')
        return invalid("--rootfs", in_quotes(options.rootfs) + " is no absolute path");
    if (options.seccomp == RunOptions::Seccomp::profile &&
        (!options.seccomp_profile.is_object() || options.seccomp_profile.empty()))
        return invalid("--security-opt",
                       "seccomp: expected a profile (an object), got " + got(options.seccomp_profile));
    return {};
}

} // namespace

Result<Json> run_spec(const RunOptions &options) {
    CTR_TRY(check(options));
    CTR_ASSIGN(const ImageConfig image, read_image_config(options.image_config));
    const std::string hostname = options.hostname.empty() ? options.id.substr(0, 12) : options.hostname;
    Json spec = {{"ociVersion", "1.3.0"}, {"hostname", hostname}};
    spec["ctr"] = ctr_part(options);
    CTR_ASSIGN(spec["process"], process(options, image, hostname, spec["ctr"]));
    CTR_ASSIGN(spec["mounts"], mounts(options));
    spec["linux"] = linux_part(options);
    if (!options.rootfs.empty()) spec["root"]["path"] = options.rootfs;
    if (options.read_only) spec["root"]["readonly"] = true;
    CTR_TRY(spec::validate(spec).in("the container's description"));
    return spec;
}

} // namespace core::cli
