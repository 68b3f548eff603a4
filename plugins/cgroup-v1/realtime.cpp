// SPDX-License-Identifier: MIT
#include "realtime.hpp"

#include "../cgroup-common/ownership.hpp"

namespace ctr::cgroup1 {
namespace {

constexpr const char *runtime_file = "cpu.rt_runtime_us", *period_file = "cpu.rt_period_us";
constexpr std::uint64_t usual_period = 1000000; // microseconds, the kernel's

std::uint64_t number_in(int dir, const char *file, std::uint64_t otherwise) {
    return cgroup::leading_number(cgroup::read_at(dir, file).value_or("")).value_or(otherwise);
}

/// The same share of the time, in microseconds of another period, rounded up.
std::uint64_t in_period(std::uint64_t runtime, std::uint64_t period, std::uint64_t wanted) {
    if (period == 0 || runtime > UINT64_MAX / wanted) return UINT64_MAX;
    return runtime * wanted / period + (runtime * wanted % period != 0 ? 1 : 0);
}

/// The sum of what the children of a cgroup have, without the child `but`.
std::uint64_t given_to_others(int dir, const std::string &but, std::uint64_t period) {
    std::uint64_t sum = 0;
    for (const auto &name : cgroup::children_of(dir)) {
        const Fd child = name == but ? Fd() : cgroup::open_directory(dir, name.c_str());
        if (child.valid())
            sum += in_period(number_in(child.get(), runtime_file, 0), number_in(child.get(), period_file, usual_period),
                             period);
    }
    return sum;
}

} // namespace

void give_realtime(const std::string &mount, const std::string &path, const cgroup::Settings &settings) {
    std::uint64_t runtime = 0, period = 0;
    for (const auto &s : settings) {
        if (s.file == runtime_file)
            runtime = cgroup::leading_number(s.value).value_or(0); // -1 means unlimited, which a child cannot be
        if (s.file == period_file) period = cgroup::leading_number(s.value).value_or(0);
    }
    if (runtime == 0) return;
    if (period == 0)
        period = cgroup::leading_number(cgroup::read_file(mount + path + '/' + period_file).value_or(""))
                     .value_or(usual_period);
    // From the top down, because no cgroup can have more than its parent.
    const auto names = ctr::split(path, '/');
    std::string above = mount;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        above += '/' + names[i];
        if (cgroup::mark_of(above) != cgroup::shared_mark) continue;
        const Fd dir = cgroup::open_directory(AT_FDCWD, above.c_str());
        if (!dir.valid()) return;
        const std::uint64_t own_period = number_in(dir.get(), period_file, usual_period);
        const std::uint64_t wanted =
            given_to_others(dir.get(), names[i + 1], own_period) + in_period(runtime, period, own_period);
        if (wanted > number_in(dir.get(), runtime_file, 0))
            cgroup::write_at(dir.get(), runtime_file, std::to_string(wanted));
    }
}

} // namespace ctr::cgroup1
