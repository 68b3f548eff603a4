// SPDX-License-Identifier: MIT
//
// One program with two names: `ctr` for people, `ctr-oci` for engines (also when it is called runc or crun, for those that know no other).
#include "cli/app.hpp"
#include "oci/app.hpp"
#include "sys/own_executable.hpp"
#include "sys/surroundings.hpp"

#include <malloc.h>
#include <unistd.h>

namespace {

/// Nothing that an App holds is taken apart (see below).
template <class App> App &kept() {
    static App *const app = new App;
    return *app;
}

int run(const std::string &name, const std::vector<std::string> &words) {
    if (name == "ctr-oci" || name == "runc" || name == "crun") return kept<core::oci::App>().main(name, words);
    return kept<core::cli::App>().main(words);
}

} // namespace

extern "C" [[gnu::visibility("default")]] int ctr_main(int argc, char **argv) {
    core::sys::settle();
    // One step of the heap is enough for the C++ runtimes of all plugins, each of which keeps 73 kB for exceptions.
    ::mallopt(M_TOP_PAD, 1 << 20);
    core::sys::remember_arguments(argc, argv);
    const std::string path = argc > 0 ? argv[0] : "ctr";
    const std::string name = path.substr(path.find_last_of('/') + 1);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const int status = run(name, words);
#ifdef CTR_QUICK_EXIT
    // Output is flushed. Nothing is taken apart that the kernel takes back at once: each page of memory that is written to (freeing does) has
    // to be copied first while a container's process may still share it.
    ::_exit(status);
#endif
    return status;
}
