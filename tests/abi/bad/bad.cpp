// SPDX-License-Identifier: MIT
//
// The code of the plugins that a host must refuse. Each is right but for one thing, chosen by a macro in
// bad/CMakeLists.txt.
#include <ctr/plugin.hpp>

#ifndef BAD_CODE_ID
#define BAD_CODE_ID BAD_ID
#endif

#ifdef BAD_UNDEFINED
extern "C" int ctr_test_nobody_defines_this();
#endif

namespace {

int nothing(ctr::Run) {
#ifdef BAD_UNDEFINED
    return ctr_test_nobody_defines_this();
#else
    return 0;
#endif
}
int nothing_by_hand(ctr::Run, ctr::Shell) { return 0; }

[[maybe_unused]] int plan([[maybe_unused]] ctr::Plan plan) {
#ifdef BAD_NEED
    if (plan.step(CTR_KIND_UMASK, CTR_CONFINE).arg("mask", std::int64_t{022}).needs(BAD_NEED).gives(BAD_GIVE).add() !=
        0)
        return -1;
#endif
#ifdef BAD_NEED_TOO
    if (plan.step(CTR_KIND_UMASK, CTR_CONFINE)
            .arg("mask", std::int64_t{022})
            .needs(BAD_NEED_TOO)
            .gives(BAD_GIVE_TOO)
            .add() != 0)
        return -1;
#endif
    return 0;
}

constexpr auto hook = ctr::parent_kind<nothing, nothing_by_hand>("bad.hook");

} // namespace

#ifndef BAD_NO_ENTRY
#ifdef BAD_CODE_ABI
namespace {
constexpr const ctr_step_kind *kinds[] = {&hook, nullptr};
}
extern "C" __attribute__((visibility("default"))) const ctr_plugin_entry ctr_plugin_entry_v1 = {
    sizeof(ctr_plugin_entry),           BAD_CODE_ABI, BAD_CODE_ID, "1.0.0", ctr::detail::load,
    ctr::detail::plan_trampoline<plan>, kinds,        nullptr};
#else
CTR_PLUGIN(BAD_CODE_ID, "1.0.0", plan, &hook);
#endif
#else
extern "C" __attribute__((visibility("default"))) const int not_the_entry = sizeof hook + sizeof &plan;
#endif
