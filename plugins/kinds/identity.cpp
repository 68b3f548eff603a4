// SPDX-License-Identifier: MIT
//
// Ids, limits, umask, no_new_privs. The set*id calls are raw system calls, because glibc's wrappers signal all threads
// (nptl(7)), and the child of a clone has only one.
#include "child.hpp"
#include "shell.hpp"
#include "table.hpp"
#include "users.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace kinds {
namespace {

struct Limit {
    const char *name;
    int resource;
};
const Limit limits[] = {
    {"RLIMIT_CPU", RLIMIT_CPU},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_STACK", RLIMIT_STACK},   {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_NPROC", RLIMIT_NPROC},   {"RLIMIT_NOFILE", RLIMIT_NOFILE},     {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_AS", RLIMIT_AS},         {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_NICE", RLIMIT_NICE},     {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
};

CTR_CHILD int rlimit_apply(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const char *type = run.str("type");
    for (const Limit &limit : limits) {
        if (!equal(limit.name, type)) continue;
        // -1 becomes RLIM_INFINITY, all bits set
        const std::uint64_t values[2] = {static_cast<std::uint64_t>(run.integer("soft")),
                                         static_cast<std::uint64_t>(run.integer("hard"))};
        if (syscall(SYS_prlimit64, 0, limit.resource, values, nullptr) == 0) return 0;
        return fail(raw, "prlimit", type,
                    errno == EPERM ? "raising a hard limit needs CAP_SYS_RESOURCE on the machine" : nullptr);
    }
    return fail_words(raw, CTR_E_INVALID, "there is no such resource limit", type);
}

int rlimit_shell(ctr::Run run, ctr::Shell shell) {
    const auto number = [&run](const char *name) {
        return run.integer(name) == -1 ? std::string("unlimited") : std::to_string(run.integer(name));
    };
    std::string option = "--";
    for (const char c : run.str("type").substr(std::strlen("RLIMIT_")))
        option += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return shell.text("prlimit --pid $$ " + option + "=" + number("soft") + ":" + number("hard"));
}

CTR_CHILD int umask_apply(ctr_run *raw) {
    umask(static_cast<mode_t>(ctr::ChildRun{raw}.integer("mask") & 0777));
    return 0;
}
int umask_shell(ctr::Run run, ctr::Shell shell) {
    std::string digits = "0000";
    auto rest = run.integer("mask") & 0777;
    for (std::size_t i = 4; i-- > 0; rest /= 8)
        digits[i] = static_cast<char>('0' + rest % 8);
    return shell.cmd({"umask", digits});
}

CTR_CHILD int no_new_privs_apply(ctr_run *raw) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : fail(raw, "prctl(PR_SET_NO_NEW_PRIVS)", nullptr);
}
int no_new_privs_shell(ctr::Run, ctr::Shell shell) {
    return shell.text("setpriv=\"${setpriv:-setpriv} --no-new-privs\"");
}

/// Gives the pipe or terminal behind stdio to the user, because a program that reopens /dev/stdout needs to own it.
/// Regular files keep their owner.
CTR_CHILD void give_stdio(std::uint32_t uid) {
    for (int fd = 0; fd < 3; ++fd) {
        struct stat st;
        if (fstat(fd, &st) != 0 || st.st_uid == uid) continue;
        const bool terminal = S_ISCHR(st.st_mode) && st.st_rdev != device_number(1, 3);
        // An error is ignored: the file may belong to another user namespace.
        if (S_ISFIFO(st.st_mode) || terminal) syscall(SYS_fchown, fd, uid, static_cast<gid_t>(-1));
    }
}

constexpr const char *too_many_groups = "there are more than 65536 supplementary groups";

/// Static is safe, because the child is a separate process.
constinit UserIds child_ids{};

CTR_CHILD int read_ids(ctr_run *raw, UserIds &ids) {
    const ctr::ChildRun run{raw};
    const int root = ctr::host->root_fd(raw);
    const char *wrong = nullptr, *about = run.str("user");
    ids.n_groups = 0;
    ids.home[0] = '\0';
    if (run.count("user") != 0) {
        wrong = root < 0 ? "the container has no root yet" : find_user(root, about, ids);
        // The primary group is also the first supplementary group, as with login(1).
        bool listed = false;
        for (std::uint32_t i = 0; i < ids.n_groups; ++i)
            listed = listed || ids.groups[i] == ids.gid;
        if (wrong == nullptr && !listed && ids.n_groups == max_groups) wrong = too_many_groups;
        if (wrong == nullptr && !listed) {
            memmove(ids.groups + 1, ids.groups, ids.n_groups * sizeof *ids.groups);
            ids.groups[0] = ids.gid;
            ++ids.n_groups;
        }
    } else {
        const std::int64_t uid = run.integer("uid"), gid = run.integer("gid");
        if (uid < 0 || gid < 0 || uid > 2147483647 || gid > 2147483647) wrong = "ids must be from 0 to 2147483647";
        ids.uid = static_cast<std::uint32_t>(uid);
        ids.gid = static_cast<std::uint32_t>(gid);
        if (wrong == nullptr && root >= 0 && ctr::host->wants_home(raw) != 0) wrong = find_home(root, ids);
    }
    if (wrong == nullptr && ids.home[0] == '/') ctr::host->set_home(raw, ids.home);
    for (std::size_t i = 0, n = run.count("groups"); i < n && wrong == nullptr; ++i) {
        const std::int64_t gid = run.integer("groups", 0, i);
        if (ids.n_groups == max_groups)
            wrong = too_many_groups;
        else if (gid < 0 || gid > 2147483647)
            wrong = "ids must be from 0 to 2147483647";
        else
            ids.groups[ids.n_groups++] = static_cast<gid_t>(gid);
    }
    for (std::size_t i = 0, n = run.count("add_groups"); i < n && wrong == nullptr; ++i) {
        about = run.str("add_groups", i);
        wrong = add_group(root, about, ids);
    }
    return wrong == nullptr ? 0 : fail_words(raw, CTR_E_INVALID, wrong, about);
}

CTR_CHILD int ids_apply(ctr_run *raw) {
    constexpr auto hint = "the user namespace has no such id";
    UserIds &ids = child_ids;
    ids.uid = ids.gid = 0;
    if (read_ids(raw, ids) != 0) return -1;
    if (ctr::ChildRun{raw}.integer("keep_caps", 1) != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        return fail(raw, "prctl(PR_SET_KEEPCAPS)", nullptr);
    if (ids.uid != 0) give_stdio(ids.uid);
    // In a user namespace made without privilege setgroups(2) is forbidden; then the caller's groups stay.
    const bool keeps = ctr::ChildRun{raw}.integer("keep_groups") != 0;
    if (!keeps && syscall(SYS_setgroups, ids.n_groups, ids.groups) != 0 && (errno != EPERM || ids.n_groups != 0))
        return fail(raw, "setgroups", nullptr, errno == EINVAL ? hint : nullptr);
    if (syscall(SYS_setresgid, ids.gid, ids.gid, ids.gid) != 0)
        return fail(raw, "setresgid", nullptr, errno == EINVAL ? hint : nullptr);
    if (syscall(SYS_setresuid, ids.uid, ids.uid, ids.uid) != 0)
        return fail(raw, "setresuid", nullptr, errno == EINVAL ? hint : nullptr);
    const int signal = ctr::host->death_signal(raw);
    if (signal != 0 && prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0)
        return fail(raw, "prctl(PR_SET_PDEATHSIG)", nullptr);
    return 0;
}

/// The script starts the program by setpriv(1) and collects its options in $setpriv.
int ids_shell(ctr::Run run, ctr::Shell shell) {
    std::string text = "setpriv=\"${setpriv:-setpriv} ";
    std::vector<std::string> groups = run.strings("groups");
    for (const auto &group : run.strings("add_groups"))
        groups.push_back(group);
    if (run.has("user")) {
        const std::string user = run.str("user"), name = user.substr(0, user.find(':'));
        const bool grouped = user.find(':') != std::string::npos;
        text += "--reuid=" + name + " --regid=" + (grouped ? user.substr(user.find(':') + 1) : "$(id -g " + name + ")");
        text += run.integer("keep_groups") != 0 ? " --keep-groups"
                : grouped && groups.empty()     ? " --clear-groups"
                : groups.empty()                ? " --init-groups"
                                                : " --groups=" + joined(groups);
    } else {
        text += "--reuid=" + run.str("uid") + " --regid=" + run.str("gid");
        text += run.integer("keep_groups") != 0 ? " --keep-groups"
                : groups.empty()                ? " --clear-groups"
                                                : " --groups=" + joined(groups);
    }
    return shell.text(text + "\"");
}

} // namespace

constinit const ctr_step_kind rlimit = ctr::child_kind<rlimit_shell>(CTR_KIND_RLIMIT, rlimit_apply);
constinit const ctr_step_kind set_umask = ctr::child_kind<umask_shell>(CTR_KIND_UMASK, umask_apply);
constinit const ctr_step_kind ids_set = ctr::child_kind<ids_shell>(CTR_KIND_IDS_SET, ids_apply);
constinit const ctr_step_kind no_new_privs =
    ctr::child_kind<no_new_privs_shell>(CTR_KIND_NO_NEW_PRIVS, no_new_privs_apply);

} // namespace kinds
