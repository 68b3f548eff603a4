// SPDX-License-Identifier: MIT
#include "base/result.hpp"

#include <cstring>

namespace core {

std::string errno_name(int errno_value) {
    const char *name = strerrorname_np(errno_value);
    return name != nullptr ? name : "errno " + std::to_string(errno_value);
}

std::string errno_text(int errno_value) {
    const char *text = strerrordesc_np(errno_value);
    return text != nullptr ? text : "unknown error " + std::to_string(errno_value);
}

std::string hint_of_limits(int errno_value) {
    switch (errno_value) {
    case EMFILE: return "the limit of open files is too low here: raise it (ulimit -n, RLIMIT_NOFILE)";
    case EFBIG: return "the limit of file sizes is too low here: raise it (ulimit -f, RLIMIT_FSIZE)";
    default: return {};
    }
}

std::string Error::text() const {
    std::string out;
    const auto add = [&out](const std::string &part) {
        if (part.empty()) return;
        if (!out.empty()) out += ": ";
        out += part;
    };
    add(context);
    add(path);
    add(message);
    add(syscall);
    if (errno_value != 0) add(errno_text(errno_value) + " (" + errno_name(errno_value) + ")");
    return out.empty() ? "unknown error" : out;
}

} // namespace core
