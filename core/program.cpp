// SPDX-License-Identifier: MIT
//
// One program with two names: `ctr` for people, `ctr-oci` for engines. By any other name (runc, crun, the name of a
// copy) it is `ctr-oci`, because other names are used from a config or a script.
#include "front/cli/app.hpp"
#include "front/oci/app.hpp"
#include "sys/own_executable.hpp"
#include "sys/surroundings.hpp"

#include <malloc.h>
#include <unistd.h>

namespace {

/// The App is never destroyed (see below).
template <class App> App &kept() {
    static App *const app = new App;
    return *app;
}

/// True for "ctr", "ctr-0.2", "ctr.old" and an empty name.
bool is_for_people(const std::string &name) {
    return name.empty() || name == "ctr" ||
           (name.rfind("ctr", 0) == 0 && name.rfind("ctr-oci", 0) != 0 && (name[3] == '-' || name[3] == '.'));
}

int run(const std::string &name, const std::vector<std::string> &words) {
    if (!is_for_people(name)) return kept<core::oci::App>().main(name, words);
    return kept<core::cli::App>().main(words);
}

} // namespace

extern "C" [[gnu::visibility("default")]] int ctr_main(int argc, char **argv) {
    core::sys::settle();
    // The heap grows in one step enough for the C++ runtimes of all plugins, each of which keeps 73 kB for exceptions.
    ::mallopt(M_TOP_PAD, 1 << 20);
    core::sys::remember_arguments(argc, argv);
    const std::string path = argc > 0 ? argv[0] : "";
    const std::string name = path.substr(path.find_last_of('/') + 1);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const int status = run(name, words);
#ifdef CTR_QUICK_EXIT
    // Output is flushed. Nothing is freed here, because the kernel frees all at once: a page that is written to (as
    // freeing does) must first be copied while a container's process may still share it.
    ::_exit(status);
#endif
    return status;
}
