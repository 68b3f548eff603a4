// SPDX-License-Identifier: MIT
//
// Device nodes. On a tmpfs of its own, or as a directory of the root, /dev gets what runtime-spec config-linux.md calls
// the default devices and links; on a bind mount of the machine's /dev there is nothing to make, and on other bind
// mounts nothing is made.
#include "mounts.hpp"
#include "paths.hpp"

#include <algorithm>

namespace mounts {
namespace {

using ctr::Plan;

struct Device {
    std::string path, type;
    std::int64_t major = 0, minor = 0, mode = 0666, uid = 0, gid = 0;
};

int number(Plan plan, const std::string &pointer, std::uint64_t most, bool required, std::int64_t &out) {
    const ctr::Node node = plan.spec(pointer);
    if (!node && !required) return 0;
    const auto value = node.uinteger();
    if (!value || *value > most) return plan.invalid(pointer, "must be a whole number up to " + std::to_string(most));
    out = static_cast<std::int64_t>(*value);
    return 0;
}

int read_device(Plan plan, std::size_t index, Device &out) {
    const std::string where = "/linux/devices/" + std::to_string(index);
    const std::string path = plan.spec(where + "/path").str();
    if (path.empty() || path[0] != '/') return plan.invalid(where + "/path", "must be an absolute path");
    out.path = clean(path);
    out.type = plan.spec(where + "/type").str();
    if (out.type != "c" && out.type != "b" && out.type != "u" && out.type != "p")
        return plan.invalid(where + "/type", "there is no device of type \"" + out.type + "\"",
                            "c or u (character), b (block), p (fifo)");
    if (out.type == "u") out.type = "c";
    const bool numbered = out.type != "p";
    if (number(plan, where + "/major", 4095, numbered, out.major) != 0) return -1;
    if (number(plan, where + "/minor", 1048575, numbered, out.minor) != 0) return -1;
    // Some specs copy the mode from stat(2) with its type bits; these are ignored.
    if (number(plan, where + "/fileMode", 0177777, false, out.mode) != 0) return -1;
    out.mode &= 07777;
    if (number(plan, where + "/uid", 2147483647, false, out.uid) != 0) return -1;
    return number(plan, where + "/gid", 2147483647, false, out.gid);
}

int add_device(Plan plan, const Device &device) {
    ctr::Step step = plan.step(CTR_KIND_ROOT_MKNOD, CTR_MOUNTS);
    step.arg("target", device.path).arg("type", device.type);
    if (device.type != "p") step.arg("major", device.major).arg("minor", device.minor);
    step.arg("mode", device.mode);
    if (device.uid != 0 || device.gid != 0) step.arg("uid", device.uid).arg("gid", device.gid);
    return step.needs(CTR_TOKEN_ROOT_ATTACHED).gives(CTR_TOKEN_DEV_MOUNTED).add();
}

int add_default_nodes(Plan plan, const std::vector<Device> &asked) {
    struct Node {
        const char *path;
        std::int64_t major, minor;
    };
    constexpr Node defaults[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                                 {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};
    ctr::Step step = plan.step(CTR_KIND_ROOT_MKNOD, CTR_MOUNTS);
    step.arg("type", "c");
    bool any = false;
    for (const Node &node : defaults) {
        if (std::any_of(asked.begin(), asked.end(), [&](const Device &each) { return each.path == node.path; }))
            continue;
        step.arg("target", node.path).arg("major", node.major).arg("minor", node.minor);
        any = true;
    }
    return any ? step.needs(CTR_TOKEN_ROOT_ATTACHED).gives(CTR_TOKEN_DEV_MOUNTED).add() : 0;
}

/// `keep`: files that the root already has there stay.
int add_default_links(Plan plan, bool keep) {
    constexpr const char *links[][2] = {{"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
                                        {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
                                        {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"}};
    ctr::Step step = plan.step(CTR_KIND_ROOT_SYMLINK, CTR_MOUNTS);
    for (const auto &link : links)
        step.arg("target", link[0]).arg("to", link[1]);
    if (keep) step.arg("keep", std::int64_t{1});
    return step.needs(CTR_TOKEN_ROOT_ATTACHED).gives(CTR_TOKEN_DEV_MOUNTED).add();
}

} // namespace

int add_devices(Plan plan, const State &state) {
    std::vector<Device> asked(plan.spec("/linux/devices").size());
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (read_device(plan, i, asked[i]) != 0) return -1;
    const bool in_image = state.dev == Dev::image;
    if (state.dev == Dev::tmpfs || in_image)
        if (add_default_nodes(plan, asked) != 0 || add_default_links(plan, in_image) != 0) return -1;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        // The machine's ptmx would open the machine's terminals. The container's ptmx is a link to its own devpts
        // (devpts.txt).
        if (asked[i].path == "/dev/ptmx" && state.dev == Dev::tmpfs) continue;
        const bool in_dev = is_below(asked[i].path, "/dev");
        if (in_dev && state.dev == Dev::machine) continue; // it is there already
        if (in_dev && state.dev == Dev::other_bind)
            return plan.invalid("/linux/devices/" + std::to_string(i) + "/path",
                                "/dev is a bind mount of a directory of the machine, where no devices are made",
                                "mount a tmpfs on /dev");
        if (add_device(plan, asked[i]) != 0) return -1;
    }
    return 0;
}

} // namespace mounts
