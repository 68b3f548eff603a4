// SPDX-License-Identifier: MIT
#include "cli/app.hpp"

#include <unistd.h>

int main(int argc, char **argv) {
    core::cli::App app;
    const int status = app.main(std::vector<std::string>(argv + 1, argv + argc));
#ifdef CTR_QUICK_EXIT
    // Output is flushed. Nothing is taken apart that the kernel takes back at once: each page of memory that is written to (freeing does) has
    // to be copied first while a container's process may still share it.
    ::_exit(status);
#endif
    return status;
}
