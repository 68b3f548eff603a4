// SPDX-License-Identifier: MIT
#include "sys/clock.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace core::sys {

/// Does not use gmtime(3), which first reads the machine's time zone.
std::string timestamp() {
    using namespace std::chrono;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const sys_seconds time{seconds(now.tv_sec)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09ldZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), now.tv_nsec);
    return text;
}

} // namespace core::sys
