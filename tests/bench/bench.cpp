// SPDX-License-Identifier: MIT
//
// bench: how long `run`, `run` with a seccomp profile, create + start + delete and `exec` take, ctr-oci beside crun and
// runc, and for the first what the kernel alone costs (the floor).
//
//   bench [--rounds N] [--burst N] [--cold N] [--gap MILLISECONDS] [--task WORD] [--ctr FILE] [--floor FILE] [--smoke]
//
// Warm: each program alone, back to back, in bursts that take turns, so that drift of the machine hits all alike and
// none pays for its predecessor: the first starts of each burst are not counted. (Interleaving single starts is unfair:
// the row behind one that takes no cgroup lock pays the RCU grace period for it.) Cold: one start after an idle gap,
// the case that a human or an orchestrator sees; there the programs do take turns one by one. Medians, because outliers
// are other people's work.
#include "bundle.hpp"
#include "programs.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using bench::Contender;
using bench::Task;

struct Options {
    int rounds = 10, burst = 20, unmeasured = 3, cold = 40, gap_ms = 120;
    std::string task, ctr = CTR_PROGRAM, floor = CTR_FLOOR_SOURCE;
};

/// True for a whole number and nothing else.
bool read_number(std::string_view text, int &into) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), into);
    return wrong == std::errc() && end == text.data() + text.size();
}

bool read_options(int argc, char **argv, Options &options) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--smoke") {
            options.rounds = 1, options.burst = 3, options.unmeasured = 0, options.cold = 3, options.gap_ms = 10;
            continue;
        }
        if (i + 1 == argc) return false;
        const char *value = argv[++i];
        if (int *const number = word == "--rounds"  ? &options.rounds
                                : word == "--burst" ? &options.burst
                                : word == "--cold"  ? &options.cold
                                : word == "--gap"   ? &options.gap_ms
                                                    : nullptr) {
            if (!read_number(value, *number)) return false;
        } else if (word == "--task")
            options.task = value;
        else if (word == "--ctr")
            options.ctr = value;
        else if (word == "--floor")
            options.floor = value;
        else
            return false;
    }
    return options.rounds > 0 && options.burst > 0 && options.cold > 0 && options.gap_ms >= 0;
}

bool measure(const Contender &contender, std::vector<bench::Time> *into) {
    const auto took = bench::time_one(contender.timed);
    if (took && into != nullptr) into->push_back(*took);
    return took.has_value();
}

double at(const std::vector<double> &sorted, double part) {
    return sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * part)];
}

std::vector<double> sorted(const std::vector<bench::Time> &times, double bench::Time::*what) {
    std::vector<double> all;
    for (const bench::Time &time : times)
        all.push_back(time.*what);
    std::sort(all.begin(), all.end());
    return all;
}

void print(const char *title, const Task &task, std::vector<bench::Time> Contender::*times) {
    double our_wall = 0, our_cpu = 0;
    std::printf("\n%-24s %5s %9s %9s %9s %9s %9s   %s\n", (task.title + ": " + title).c_str(), "n", "median", "min",
                "p10", "p90", "cpu", "ctr / it: median, cpu");
    for (const Contender &contender : task.contenders) {
        const auto wall = sorted(contender.*times, &bench::Time::wall),
                   cpu = sorted(contender.*times, &bench::Time::cpu);
        const bool is_ctr = contender.name == "ctr-oci";
        if (is_ctr) our_wall = at(wall, 0.5), our_cpu = at(cpu, 0.5);
        std::printf("%-24s %5zu %9.0f %9.0f %9.0f %9.0f %9.0f", contender.name.c_str(), wall.size(), at(wall, 0.5),
                    wall[0], at(wall, 0.1), at(wall, 0.9), at(cpu, 0.5));
        if (is_ctr)
            std::printf("\n");
        else
            std::printf("   %.2f, %.2f\n", our_wall / at(wall, 0.5), our_cpu / at(cpu, 0.5));
    }
}

/// Runs a task with all that can do it; the number of goes that failed, all of them if ctr cannot.
int run_task(Task &task, const Options &options, const std::string &cgroup) {
    bool ctr_failed = false;
    std::erase_if(task.contenders, [&](const Contender &contender) {
        if (bench::time_one(contender.before) && measure(contender, nullptr)) return false;
        std::printf("%s: %s left out, it failed here (see above)\n", task.title.c_str(), contender.name.c_str());
        bench::time_one(contender.after);
        bench::remove_cgroups(cgroup);
        ctr_failed = ctr_failed || contender.name == "ctr-oci";
        return true;
    });
    int failed = ctr_failed ? 1 : 0;
    for (int round = 0; round < options.rounds; ++round)
        for (Contender &contender : task.contenders)
            for (int i = -options.unmeasured; i < options.burst; ++i)
                failed += measure(contender, i < 0 ? nullptr : &contender.warm) ? 0 : 1;
    for (int i = 0; i < options.cold; ++i)
        for (Contender &contender : task.contenders) {
            ::usleep(static_cast<useconds_t>(options.gap_ms) * 1000);
            failed += measure(contender, &contender.cold) ? 0 : 1;
        }
    for (const Contender &contender : task.contenders)
        failed += bench::time_one(contender.after) ? 0 : 1;
    if (failed > 0) return failed;
    print("warm", task, &Contender::warm);
    print("cold", task, &Contender::cold);
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    Options options;
    if (!read_options(argc, argv, options)) {
        std::fprintf(stderr,
                     "usage: bench [--rounds N] [--burst N] [--cold N] [--gap MILLISECONDS] [--task WORD] [--ctr FILE] "
                     "[--floor FILE.c] [--smoke]\n");
        return 2;
    }
    const auto skip = [](const std::string &why) { return std::printf("skipped: %s\n", why.c_str()), 77; };
    if (::geteuid() != 0) return skip("starting containers takes root");
    if (const std::string why = bench::enter_private_mounts(); !why.empty()) return skip(why);
    const bench::Workspace workspace;
    if (workspace.path().empty()) return skip("/run is not writable");
    const std::string cgroup = "/ctr-bench-" + std::to_string(::getpid());
    if (const std::string why = bench::make_bundles(workspace.path(), cgroup, CTR_BENCH_PROFILE); !why.empty())
        return skip(why);
    ::setpriority(PRIO_PROCESS, 0, -20);

    std::printf("microseconds; the program is /bin/true in the bundle of `runc spec`\n");
    int failed = 0;
    for (Task &task : bench::find_tasks(options.ctr, options.floor, workspace.path()))
        if (task.title.find(options.task) != std::string::npos) failed += run_task(task, options, cgroup);
    bench::remove_cgroups(cgroup);
    return failed > 0 ? std::printf("%d starts failed\n", failed), 1 : 0;
}
