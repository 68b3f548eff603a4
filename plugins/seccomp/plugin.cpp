// SPDX-License-Identifier: MIT
//
// Two steps: the parent compiles the program (or takes it from the cache), the child loads it. With SCMP_ACT_NOTIFY two
// more (notify.hpp).
//
//   /linux/seccomp   the runtime-spec's object
//   /ctr/seccomp     "default", "unconfined", or a profile in docker's format
#include "child.hpp"
#include "default_profile.hpp"
#include "notify.hpp"
#include "program.hpp"
#include "syscalls.hpp"
#include "translate.hpp"

#include "../capabilities-common/docker_default.hpp"

#include <algorithm>
#include <iterator>

namespace seccomp {
namespace {

using ctr::Node;
using ctr::Plan;
using ctr::Run;
using ctr::Shell;

/// Part of every cache key. It must change when the compiler makes another program of the same profile.
constexpr const char *generator = "ctr filter 1";

/// "cap_chown" -> "CHOWN"
std::string plain_capability(std::string name) {
    for (char &c : name)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return name.rfind("CAP_", 0) == 0 ? name.substr(4) : name;
}

/// The most that the container may have: its bounding set. Reads the same members as the plugin `capabilities`, which
/// refuses wrong names. Of docker's default set the default profile looks only at SYS_CHROOT; a user's profile may look
/// at the others.
void look_at_capabilities(Plan plan, Circumstances &all) {
    const Node change = plan.spec("/ctr/capabilities");
    std::vector<std::string> base;
    if (const Node lists = plan.spec("/process/capabilities"))
        base = lists.get("/bounding").strings();
    else if (const Node own = plan.config("/default_capabilities"); own && change)
        base = own.strings();
    else if (change)
        base.assign(std::begin(capabilities::docker_default), std::end(capabilities::docker_default));
    const auto named = [](Node list) {
        std::set<std::string> names;
        for (const auto &name : list.strings())
            names.insert(plain_capability(name));
        return names;
    };
    const auto add = named(change.get("/add")), drop = named(change.get("/drop"));
    if (add.count("ALL") != 0) {
        all.all_capabilities = true;
        all.dropped = drop;
        return;
    }
    for (const auto &name : base)
        all.capabilities.insert(plain_capability(name));
    if (drop.count("ALL") != 0) all.capabilities.clear();
    for (const auto &name : drop)
        all.capabilities.erase(name);
    all.capabilities.insert(add.begin(), add.end());
}

int plan_load(Plan plan, unsigned flags, const std::string &flag_names, bool notifies = false) {
    const bool no_new_privs = plan.spec("/process/noNewPrivileges").boolean();
    auto step = plan.step("seccomp.load", CTR_CONFINE);
    // Without no_new_privs the kernel demands SYS_ADMIN, which the interim set still has. With no_new_privs seccomp is
    // the last call before execve.
    std::vector<std::string> after = {CTR_TOKEN_CAPS_BOUNDED, CTR_TOKEN_IDS_SET, CTR_TOKEN_HOOKS_START};
    for (const char *token : {no_new_privs ? CTR_TOKEN_CAPS_FINAL : CTR_TOKEN_CAPS_INTERIM,
                              no_new_privs ? CTR_TOKEN_NO_NEW_PRIVS_SET : CTR_TOKEN_LABEL_SET})
        after.emplace_back(token);
    if (notifies && plan_notify(plan, after) != 0) return -1;
    if (notifies) step.value("peer", "seccomp.peer");
    step.value("program", "seccomp.program").arg("flags", std::int64_t{flags});
    for (const auto &token : after)
        step.after(token);
    return step.note(flag_names).gives(CTR_TOKEN_SECCOMP_LOADED).add();
}

int plan_default(Plan plan, const Circumstances &circumstances) {
    auto step = plan.step("seccomp.compile", CTR_PREPARE);
    step.arg("profile", "default");
    for (const auto &name : default_profile_looks_at())
        if (circumstances.has(name)) step.arg("cap", name);
    const int added = step.arg("cache", plan.name("state_dir"))
                          .output("program", CTR_TYPE_FD, "seccomp.program")
                          .note("allows what programs need; `cap` opens what needs a capability anyway")
                          .add();
    return added != 0 ? -1 : plan_load(plan, 0, {});
}

/// crun's annotation: with it an unknown name of a system call is an error instead of being skipped.
int check_names(Plan plan, const std::string &where) {
    const Node on = plan.spec("/annotations/run.oci.seccomp_fail_unknown_syscall");
    if (!on || on.str() == "0") return 0;
    const Node rules = plan.spec(where + "/syscalls");
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto names = rules.at(i).get("/names").strings();
        for (std::size_t j = 0; j < names.size(); ++j)
            if (!is_known(names[j]))
                return plan.invalid(where + "/syscalls/" + std::to_string(i) + "/names/" + std::to_string(j),
                                    "\"" + names[j] + "\" is no system call that is known here",
                                    "the annotation run.oci.seccomp_fail_unknown_syscall asks that this is an error");
    }
    return 0;
}

int plan_profile(Plan plan, const char *where, Format format, const Circumstances &circumstances) {
    const Node node = plan.spec(where);
    if (format == Format::oci && check_names(plan, where) != 0) return -1;
    auto translated = translate(node, format, circumstances);
    if (!translated.ok()) {
        translated.error().path.insert(0, where);
        return plan.fail(translated.error());
    }
    const Profile &profile = translated.value();
    auto step = plan.step("seccomp.compile", CTR_PREPARE);
    step.arg("default", text_of(profile.default_action)).args("arch", profile.architectures);
    for (const auto &rule : profile.rules)
        step.arg("rule", text_of(rule));
    std::string known;
    for (const auto &name : profile.known)
        known += (known.empty() ? "" : " ") + name;
    if (!known.empty()) step.arg("known", known);
    if (step.arg("cache", plan.name("state_dir")).output("program", CTR_TYPE_FD, "seccomp.program").add() != 0)
        return -1;
    std::string flags;
    for (const auto &flag : node.get("/flags").strings())
        flags += (flags.empty() ? "" : " ") + flag;
    return plan_load(plan, profile.flags, flags, profile.notifies);
}

int plan_steps(Plan plan) {
    const Node oci = plan.spec("/linux/seccomp"), own = plan.spec("/ctr/seccomp");
    const bool has_oci = oci && oci.type() != CTR_NODE_NULL;
    if (has_oci && own)
        return plan.invalid("/ctr/seccomp", "stands beside /linux/seccomp: which of the two is meant?",
                            "leave one of them out");
    if (!has_oci && !own) return 0;
    Circumstances circumstances;
    look_at_capabilities(plan, circumstances);
    if (has_oci) return plan_profile(plan, "/linux/seccomp", Format::oci, circumstances);
    if (!own.is_string()) {
        circumstances.kernel = plan.ask("kernel").value_or("0");
        return plan_profile(plan, "/ctr/seccomp", Format::docker, circumstances);
    }
    const std::string name = own.str();
    if (name == "default") return plan_default(plan, circumstances);
    if (name == "unconfined") return 0;
    return plan.invalid("/ctr/seccomp", "\"" + name + "\" is no profile",
                        "\"default\", \"unconfined\" or a profile object");
}

/// The profile that the arguments of a compile step describe; nothing if an argument is malformed.
std::optional<Profile> profile_of(Run run) {
    if (run.has("profile")) {
        const auto capabilities = run.strings("cap");
        return default_profile({capabilities.begin(), capabilities.end()});
    }
    Profile profile;
    const auto action = parse_action_text(run.str("default"));
    if (!action) return std::nullopt;
    profile.default_action = *action;
    profile.architectures = run.strings("arch");
    for (const auto &text : run.strings("rule")) {
        auto rule = parse_rule(text);
        if (!rule) return std::nullopt;
        profile.rules.push_back(std::move(*rule));
    }
    const std::string known = run.str("known");
    for (std::size_t from = 0; from < known.size();) {
        const auto to = std::min(known.find(' ', from), known.size());
        profile.known.push_back(known.substr(from, to - from));
        from = to + 1;
    }
    return profile;
}

/// The cache key: the text of the whole profile, or the revision of the default profile.
std::string key_of(Run run, const std::optional<Profile> &profile) {
    std::string key = std::string(generator) + ", libseccomp " + library_version() + "\n";
    if (profile) return key + text_of(*profile);
    key += "default profile " + std::to_string(default_profile_revision()) + "\n";
    for (const auto &name : run.strings("cap"))
        (key += "cap " + name) += "\n";
    return key;
}

int compile_step(Run run) {
    const bool own = run.has("profile");
    std::optional<Profile> profile = own ? std::nullopt : profile_of(run);
    if (!own && !profile)
        return run.fail({.error_class = CTR_E_INTERNAL,
                         .message = "the step's arguments are no profile",
                         .path = "seccomp.compile"});
    const std::string cache = run.str("cache");
    const std::string key = key_of(run, profile);
    if (const int file = cache.empty() ? -1 : open_cached(cache, key); file >= 0) return run.output_fd("program", file);
    if (own) profile = profile_of(run);

    std::vector<std::string> unknown;
    const auto program = compile(*profile, unknown);
    for (const auto &name : unknown)
        run.log(CTR_LOG_DEBUG, "seccomp: system call " + name + " is not known here, its rule is skipped");
    if (!program.ok()) return run.fail(program.error());
    const std::string bytes = pack(program.value(), key);
    if (!cache.empty() && !keep(cache, key, bytes))
        run.log(CTR_LOG_DEBUG, "seccomp: the compiled filter could not be kept in " + cache);
    const int file = in_memory(bytes);
    return file < 0 ? run.fail("memfd_create") : run.output_fd("program", file);
}

int compile_in_shell(Run run, Shell shell) {
    const auto profile = profile_of(run);
    if (!profile) return shell.text("# seccomp: unreadable profile");
    std::string text = "# No shell command compiles a system call filter. This one is:\n";
    std::string line;
    for (const char c : text_of(*profile)) {
        line += c;
        if (c != '\n') continue;
        text += "#   " + line;
        line.clear();
    }
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return shell.text(text);
}

int load_in_shell(Run, Shell shell) {
    return shell.text(
        "# seccomp(2) cannot be called from a shell; with bubblewrap and a compiled program: bwrap --seccomp FD. What "
        "can be\n"
        "# said here: `grep Seccomp /proc/self/status` shows 2 inside a container of ctr, and 0 in this script's.");
}

constexpr ctr_step_kind compile_kind = ctr::parent_kind<compile_step, compile_in_shell>("seccomp.compile");
constexpr ctr_step_kind load_kind = ctr::child_kind<load_in_shell>("seccomp.load", load_in_child);

constexpr ctr_step_kind channel_kind = ctr::child_kind<channel_in_shell>("seccomp.channel", channel_in_child);
constexpr ctr_step_kind notify_kind = ctr::parent_kind<notify_step, notify_in_shell>("seccomp.notify");

} // namespace
} // namespace seccomp

CTR_PLUGIN("seccomp", "0.1.0", seccomp::plan_steps, &seccomp::compile_kind, &seccomp::load_kind, &seccomp::channel_kind,
           &seccomp::notify_kind);
