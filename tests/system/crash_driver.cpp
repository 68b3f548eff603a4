// SPDX-License-Identifier: MIT
//
// crash_driver NUMBER FILE [ctr-oci] WORDS...: `ctr WORDS...` or `ctr-oci WORDS...`, but at the NUMBER'th boundary
// (core/launch/launch.hpp, step_hook) it kills itself with SIGKILL. Every boundary is written to FILE as "WHEN STEP";
// NUMBER 0 only counts.
#include "front/cli/app.hpp"
#include "front/oci/app.hpp"
#include "launch/launch.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace {

int number = 0, seen = 0, log_fd = -1;
pid_t main_process = 0;

void at(const char *when, std::uint32_t step) {
    const std::string line = std::string(when) + " " + std::to_string(step) + "\n";
    if (::write(log_fd, line.data(), line.size()) < 0) std::abort();
    if (++seen != number) return;
    ::kill(main_process, SIGKILL);
    for (;;) // this may be the process that undoes for it, which dies with it
        ::pause();
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    main_process = ::getpid();
    number = std::stoi(argv[1]);
    log_fd = ::open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log_fd < 0) return 2;
    core::launch::step_hook = at;
    const std::string name = argv[3];
    if (name == "ctr-oci") return core::oci::App().main(name, std::vector<std::string>(argv + 4, argv + argc));
    core::cli::App app;
    return app.main(std::vector<std::string>(argv + 3, argv + argc));
}
