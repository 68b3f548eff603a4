// SPDX-License-Identifier: MIT
//
// A host for the unit tests of plugins: the whole table of ctr/host.h, without ctr. With Planning a test calls plan();
// with Running it carries single steps out, undoes them and prints them. docs/PLUGINS.md and sdk/sample/sample_test.cpp
// have examples. Needs GoogleTest and nlohmann_json.
//
// Its answers and errors are those of ctr: tests/unit/testing compares the two. The headers say where it differs.
#pragma once

#include <ctr/testing/running.hpp>

namespace ctr::testing {

/// The table. Planning, Running and node() hand it to the plugin.
inline const ctr_host *host() {
    static const ctr_host table = [] {
        ctr_host made{};
        made.size = sizeof made;
        made.abi = CTR_ABI_VERSION;
        made.version = "testing";
        detail::set_plan_functions(made);
        detail::set_node_functions(made);
        detail::set_step_functions(made);
        detail::set_process_functions(made);
        detail::set_shell_functions(made);
        return made;
    }();
    return &table;
}

inline Node node(const Json &json) {
    ctr::host = host();
    return Node{detail::node_of(&json)};
}

inline int Planning::plan(const ctr_plugin_entry &entry) {
    static_cast<Said &>(*this) = {};
    steps.clear();
    questions.clear();
    handed_out.clear();
    plugin = &entry;
    if (entry.load(host()) != 0)
        return fail({.error_class = CTR_E_INTERNAL, .message = "load() failed", .path = entry.id});
    if (entry.plan == nullptr) return 0;
    auto *const raw = reinterpret_cast<ctr_plan *>(this);
    const detail::Calling around({CTR_IN_PLAN, raw, nullptr, this});
    const int code = entry.plan(raw);
    if (code != 0 && !failed)
        fail({.error_class = CTR_E_INTERNAL,
              .message = std::string("plugin ") + entry.id + ": it refused the plan without saying why",
              .hint = "this is a bug of the plugin"});
    return failed ? -1 : 0;
}

inline Running::Running() { ctr::host = host(); }
inline Running::Running(const ctr_plugin_entry &entry) : plugin(&entry) {
    if (entry.load(host()) != 0) ADD_FAILURE() << "load() of " << entry.id << " failed";
}

inline int Running::apply(const Step &now) {
    const ctr_step_kind *const found = kind(now);
    if (found == nullptr || found->apply == nullptr) return -1;
    return in(found->process == CTR_PROCESS_CHILD ? CTR_IN_CHILD : CTR_IN_PARENT, now, found->apply);
}

inline int Running::undo(const Step &now) {
    const ctr_step_kind *const found = kind(now);
    if (found == nullptr) return -1;
    return found->undo == nullptr ? 0 : in(CTR_IN_UNDO, now, found->undo);
}

inline std::string Running::shell(const Step &now) {
    const ctr_step_kind *const found = kind(now);
    return found == nullptr ? "" : print(now, found->shell);
}

inline std::string Running::shell_undo(const Step &now) {
    const ctr_step_kind *const found = kind(now);
    return found == nullptr ? "" : print(now, found->shell_undo);
}

} // namespace ctr::testing
