// SPDX-License-Identifier: MIT
//
// A setting is one write to one control file of a cgroup. The plan shows settings as arguments `set`, so that `ctr
// plan` shows the exact text that is written:
//     memory.limit_in_bytes=67108864            the file must be there
//     ?hugetlb.2MB.rsvd.limit_in_bytes=0        only where the kernel has it
//     |blkio.bfq.weight=500                     only if the file of the setting before it is missing
//     ~devices.allow=c 10:200 rwm               only as far as the parent cgroup permits it
#pragma once

#include "path.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ctr::cgroup {

enum class When { always, if_present, if_previous_missing, if_permitted };

struct Setting {
    std::string file;
    std::string value;
    When when = When::always;

    bool operator==(const Setting &) const = default;

    std::string text() const {
        const char *mark = when == When::if_present            ? "?"
                           : when == When::if_previous_missing ? "|"
                           : when == When::if_permitted        ? "~"
                                                               : "";
        return mark + file + '=' + value;
    }
    static Setting from(std::string_view text) {
        Setting s;
        if (text.substr(0, 1) == "?") s.when = When::if_present;
        if (text.substr(0, 1) == "|") s.when = When::if_previous_missing;
        if (text.substr(0, 1) == "~") s.when = When::if_permitted;
        if (s.when != When::always) text.remove_prefix(1);
        const std::size_t equals = text.find('=');
        s.file = text.substr(0, equals);
        if (equals != std::string_view::npos) s.value = text.substr(equals + 1);
        return s;
    }
    /// "memory.max" belongs to the controller "memory".
    std::string controller() const { return file.substr(0, file.find('.')); }
};

using Settings = std::vector<Setting>;

/// -1, and anything below, means no limit.
inline std::string number_or(std::int64_t value, const char *unlimited) {
    return value < 0 ? unlimited : std::to_string(value);
}

/// The settings as lines of a script. `locate` gives a control file's path.
template <typename Locate> std::string shell_lines(const Settings &settings, const Locate &locate) {
    std::string out;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const Setting &s = settings[i];
        const std::string file = ctr::shell_word(locate(s));
        const std::string write = "echo " + ctr::shell_word(s.value) + " > " + file;
        const bool other = i + 1 < settings.size() && settings[i + 1].when == When::if_previous_missing;
        if (!out.empty()) out += '\n';
        if (other) {
            const Setting &next = settings[++i];
            out += "if [ -e " + file + " ]; then " + write + "; else echo " + ctr::shell_word(next.value) + " > " +
                   ctr::shell_word(locate(next)) + "; fi";
        } else {
            out += s.when == When::if_present     ? "[ ! -e " + file + " ] || " + write
                   : s.when == When::if_permitted ? write + " 2>/dev/null || true"
                                                  : write;
        }
    }
    return out;
}

inline Settings settings_of(const std::vector<std::string> &texts) {
    Settings all;
    for (const auto &text : texts)
        all.push_back(Setting::from(text));
    return all;
}

} // namespace ctr::cgroup
