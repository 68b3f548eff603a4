// SPDX-License-Identifier: MIT
//
// Calls a function of the host's table by its name, with some argument of each type. The list is that of
// ctr/contexts.h, so a new function is called too; one whose arguments are of a new type needs a line at some().
#pragma once

#include <ctr/plugin.hpp>

#include <fcntl.h>
#include <type_traits>

namespace caller {

/// What the plugin was given last, of each type. In most contexts two of the three are of an earlier call, and what
/// they pointed to is gone.
struct Handles {
    ctr_plan *plan;
    ctr_run *run;
    ctr_shell *shell;
};
inline Handles handles = {reinterpret_cast<ctr_plan *>(0x40), reinterpret_cast<ctr_run *>(0x40),
                          reinterpret_cast<ctr_shell *>(0x40)};

CTR_CHILD int in_child(ctr_run *raw);
CTR_CHILD int use_nothing(ctr_run *, int);

inline constexpr const char *no_words[] = {"true", nullptr};
inline constexpr ctr_error some_error = {sizeof(ctr_error), CTR_E_INVALID, 0,   "said by the test",
                                         "a hint",          "call",        "/x"};
inline constexpr ctr_step some_step = {sizeof(ctr_step), CTR_PREPARE, 0,       0,       0,       "caller.idle",
                                       nullptr,          nullptr,     nullptr, nullptr, nullptr, nullptr};
inline constexpr ctr_spawn some_spawn = {sizeof(ctr_spawn), 0, "/bin/true", no_words, no_words, nullptr,
                                         nullptr,           0, 0,           -1,       -1,       -1};
inline char room[1024]; // for what is given back

/// Some argument of that type. `name` is of an argument or output that the step has.
template <typename T> CTR_ALWAYS_INLINE T some([[maybe_unused]] const char *name) {
    if constexpr (std::is_same_v<T, const char *>)
        return name;
    else if constexpr (std::is_same_v<T, int>)
        return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    else if constexpr (std::is_integral_v<T>)
        return 0;
    else if constexpr (std::is_same_v<T, ctr_str>)
        return {"text", 4};
    else if constexpr (std::is_same_v<T, const char *const *>)
        return no_words;
    else if constexpr (std::is_same_v<T, const ctr_error *>)
        return &some_error;
    else if constexpr (std::is_same_v<T, const ctr_step *>)
        return &some_step;
    else if constexpr (std::is_same_v<T, const ctr_spawn *>)
        return &some_spawn;
    else if constexpr (std::is_same_v<T, int (*)(ctr_run *, int)>)
        return use_nothing;
    else {
        static_assert(std::is_pointer_v<T> && !std::is_const_v<std::remove_pointer_t<T>>, "say what to pass");
        static_assert(sizeof(std::remove_pointer_t<T>) <= sizeof room);
        return reinterpret_cast<T>(room);
    }
}

template <typename Handle> CTR_ALWAYS_INLINE Handle *kept() {
    if constexpr (std::is_same_v<Handle, ctr_plan>)
        return handles.plan;
    else if constexpr (std::is_same_v<Handle, ctr_run>)
        return handles.run;
    else
        return handles.shell;
}

template <typename Result, typename Handle, typename... Arguments>
CTR_ALWAYS_INLINE void call(Result (*function)(Handle *, Arguments...), [[maybe_unused]] const char *name) {
    function(kept<Handle>(), some<Arguments>(name)...);
}

/// The functions that want a name want one of the right type.
CTR_ALWAYS_INLINE const char *name_for(const char *function) {
    if (strcmp(function, "output_fd") == 0) return "fd";
    if (strcmp(function, "output_str") == 0 || strcmp(function, "recorded_str") == 0) return "text";
    if (strcmp(function, "ask") == 0) return "kernel";
    if (strcmp(function, "spec") == 0 || strcmp(function, "config") == 0) return "";
    return "number";
}

CTR_ALWAYS_INLINE void call_by_name(const char *wanted) {
#define CTR_CALL(function, contexts)                                                                                   \
    if (strcmp(wanted, #function) == 0) call(ctr::host->function, name_for(#function));
    CTR_HOST_FUNCTIONS(CTR_CALL)
#undef CTR_CALL
}

} // namespace caller
