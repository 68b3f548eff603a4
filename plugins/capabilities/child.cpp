// SPDX-License-Identifier: MIT
//
// Why three steps? The bounding set must be dropped while the process still has SETPCAP. Then the ids change; with
// keepcaps a process that stops being root keeps its permitted set but loses the effective one. So the interim step
// raises only what seccomp(2) needs without no_new_privs (SYS_ADMIN). The final step removes that again. Inheritable
// and ambient are always written, never left as the caller had them (CVE-2022-29162).
//
// A capability that was asked for but is not permitted here (the kernel or ctr itself lacks it) is left out, as the
// runtime-spec demands.
#include "child.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace capabilities {
namespace {

using Mask = std::uint64_t;

struct State {
    Mask effective, permitted, inheritable;
};

constexpr Mask sys_admin = Mask{1} << CAP_SYS_ADMIN;

/// The argument of that name: 16 hexadecimal digits, made by hex().
CTR_ALWAYS_INLINE Mask mask_of(const ctr::ChildRun &run, const char *name) {
    Mask mask = 0;
    const ctr_str text = run.text(name);
    for (std::size_t i = 0; i < text.len; ++i) {
        const char c = text.data[i];
        mask = mask << 4 | static_cast<Mask>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return mask;
}

CTR_ALWAYS_INLINE int get(State &state) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    state.effective = data[0].effective | Mask{data[1].effective} << 32;
    state.permitted = data[0].permitted | Mask{data[1].permitted} << 32;
    state.inheritable = data[0].inheritable | Mask{data[1].inheritable} << 32;
    return 0;
}

CTR_ALWAYS_INLINE int set(const State &state) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{static_cast<__u32>(state.effective), static_cast<__u32>(state.permitted),
                                             static_cast<__u32>(state.inheritable)},
                                            {static_cast<__u32>(state.effective >> 32),
                                             static_cast<__u32>(state.permitted >> 32),
                                             static_cast<__u32>(state.inheritable >> 32)}};
    return static_cast<int>(syscall(SYS_capset, &header, data));
}

CTR_ALWAYS_INLINE int set_ambient(const ctr::ChildRun &run, Mask ambient) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return run.fail("prctl(PR_CAP_AMBIENT_CLEAR_ALL)", "ambient capabilities");
    for (unsigned long each = 0; ambient != 0; ++each, ambient >>= 1)
        if ((ambient & 1) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, each, 0, 0) != 0)
            return run.fail("prctl(PR_CAP_AMBIENT_RAISE)", "ambient capabilities");
    return 0;
}

constexpr const char *capset_hint =
    "where a seccomp profile is loaded before (no_new_privs is not set) it must allow capset and prctl";

} // namespace

CTR_CHILD int bound_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    const Mask keep = mask_of(run, "bounding");
    for (unsigned long each = 0; each < 64; ++each) {
        if ((keep >> each & 1) != 0 || prctl(PR_CAPBSET_DROP, each, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) break; // past the last capability of this kernel
        if (errno == EPERM && prctl(PR_CAPBSET_READ, each, 0, 0, 0) == 0) continue; // it is not in the set
        return run.fail("prctl(PR_CAPBSET_DROP)", "bounding set", "dropping capabilities needs CAP_SETPCAP");
    }
    return 0;
}

CTR_CHILD int interim_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    State state{};
    if (get(state) != 0) return run.fail("capget", "capabilities");
    const Mask available = state.permitted;
    state.permitted = available & (mask_of(run, "permitted") | sys_admin);
    state.effective = state.permitted;
    state.inheritable = available & mask_of(run, "inheritable");
    if (set(state) != 0) return run.fail("capset", "interim capabilities");
    return set_ambient(run, mask_of(run, "ambient") & state.permitted & state.inheritable);
}

CTR_CHILD int final_in_child(ctr_run *raw) {
    const ctr::ChildRun run{raw};
    State state{};
    if (get(state) != 0) return run.fail("capget", "capabilities", capset_hint);
    const Mask available = state.permitted;
    state.permitted = available & mask_of(run, "permitted");
    state.effective = state.permitted & mask_of(run, "effective");
    state.inheritable = (available | state.inheritable) & mask_of(run, "inheritable");
    if (set(state) != 0) return run.fail("capset", "final capabilities", capset_hint);
    if (run.count("ambient") == 0) return 0; // the interim step raised them; capset has just lowered them where needed
    return set_ambient(run, mask_of(run, "ambient") & state.permitted & state.inheritable);
}

} // namespace capabilities
