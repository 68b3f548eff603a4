// SPDX-License-Identifier: MIT
//
// The labels of security modules. Both are written to /proc/self/attr and take effect at execve(2); afterwards the
// process could not take them back. If the machine's kernel does not run the module, a label is refused, because the
// container would be less confined than its description says.
//
// They are written before the ids change (afterwards only root could write the file) and before no_new_privs
// (afterwards a transition may be refused).
#include <ctr/plugin.hpp>

namespace security {
namespace {

using ctr::Plan;

int refuse(Plan plan, const char *where, const char *module) {
    return plan.fail({.error_class = CTR_E_UNSUPPORTED,
                      .message = std::string(module) + " is not enabled on this machine",
                      .hint = "leave it out of the description, or boot with security=" +
                              std::string(module == std::string_view("AppArmor") ? "apparmor" : "selinux"),
                      .path = where});
}

int add_write(Plan plan, const std::string &path, const std::string &content, const char *hint) {
    return plan.step(CTR_KIND_PROC_WRITE, CTR_CONFINE)
        .arg("path", path)
        .arg("content", content)
        .arg("hint", hint)
        .note("from execve on")
        .gives(CTR_TOKEN_LABEL_SET)
        .add();
}

int plan_apparmor(Plan plan) {
    const char *where = "/process/apparmorProfile";
    const std::string profile = plan.spec(where).str();
    if (profile.empty()) return 0;
    const bool enabled = plan.ask("file:/sys/module/apparmor/parameters/enabled").value_or("N").substr(0, 1) == "Y";
    if (!enabled) return profile == "unconfined" ? 0 : refuse(plan, where, "AppArmor");
    // AppArmor has its own directory from Linux 5.8 on; the other file belongs to the first module only.
    const bool own = plan.ask("exists:/proc/self/attr/apparmor/exec").has_value();
    return add_write(plan, own ? "self/attr/apparmor/exec" : "self/attr/exec", "exec " + profile,
                     "the profile must be loaded: apparmor_parser -r FILE");
}

int plan_selinux(Plan plan) {
    const char *where = "/process/selinuxLabel";
    const std::string label = plan.spec(where).str();
    if (label.empty()) return 0;
    if (!plan.ask("exists:/sys/fs/selinux/enforce")) return refuse(plan, where, "SELinux");
    return add_write(plan, "self/attr/exec", label, "the policy must know the label, and allow ctr to run it");
}

int plan_steps(Plan plan) { return plan_apparmor(plan) != 0 ? -1 : plan_selinux(plan); }

} // namespace
} // namespace security

CTR_PLUGIN("security", "0.1.0", security::plan_steps);
