// SPDX-License-Identifier: MIT
//
// The message about an exception that nobody caught. libstdc++'s own handler prints the type's name as in the source,
// and for that links a demangler into every plugin: 50 kB, and 250 pointers to relocate at each start of a container.
// This handler prints only what().
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace __gnu_cxx {

void __verbose_terminate_handler() {
    try {
        if (const std::exception_ptr current = std::current_exception(); current != nullptr)
            std::rethrow_exception(current);
        std::fputs("ctr: terminated without an exception\n", stderr);
    } catch (const std::exception &error) {
        std::fputs("ctr: terminated by an exception that nobody caught: ", stderr);
        // What it says may quote a document of an image, and stands on a terminal.
        for (const char *at = error.what(); *at != '\0'; ++at)
            std::fputc(*at < ' ' || *at > '~' ? '?' : *at, stderr);
        std::fputc('\n', stderr);
    } catch (...) {
        std::fputs("ctr: terminated by an exception that nobody caught, and that is no std::exception\n", stderr);
    }
    std::abort();
}

} // namespace __gnu_cxx
