// SPDX-License-Identifier: MIT
#include "sys/own_executable.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace core::sys {
namespace {

constexpr std::uintptr_t page = 4096;

struct Segment {
    std::uintptr_t from, to; // addresses, rounded to whole pages
    int protection;
};

/// Where the program is mapped.
struct Program {
    std::vector<Segment> segments;
    std::uintptr_t low() const { return segments.front().from; }
    std::uintptr_t high() const { return segments.back().to; }
};

std::uintptr_t arguments_begin = 0, arguments_end = 0;

int protection_of(unsigned flags) {
    return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
           ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

/// The first call by dl_iterate_phdr(3) is for the program; its segments come in the order of their addresses (elf(5)).
int measure(dl_phdr_info *info, std::size_t /*size*/, void *out) {
    Program &program = *static_cast<Program *>(out);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto &header = info->dlpi_phdr[i];
        const std::uintptr_t from = (info->dlpi_addr + header.p_vaddr) & ~(page - 1),
                             to = (info->dlpi_addr + header.p_vaddr + header.p_memsz + page - 1) & ~(page - 1);
        if (header.p_type == PT_LOAD) program.segments.push_back({from, to, protection_of(header.p_flags)});
    }
    return 1;
}

/// Replaces the mapped file by anonymous memory with the same bytes, so that the dynamic linker and the unwinder can
/// still read what they know of the program.
Result<void> replace_mappings(const Program &program) {
    const std::size_t size = program.high() - program.low();
    void *copy = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return system_error("mmap");
    for (const Segment &each : program.segments)
        std::memcpy(static_cast<char *>(copy) + (each.from - program.low()), reinterpret_cast<const void *>(each.from),
                    each.to - each.from);
    if (::mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, reinterpret_cast<void *>(program.low())) ==
        MAP_FAILED) {
        const Error error = system_error("mremap");
        ::munmap(copy, size);
        return error;
    }
    for (const Segment &each : program.segments)
        if (::mprotect(reinterpret_cast<void *>(each.from), each.to - each.from, each.protection) != 0)
            return system_error("mprotect");
    return {};
}

} // namespace

void remember_arguments(int argc, char **argv) {
    if (argc < 1) return;
    arguments_begin = reinterpret_cast<std::uintptr_t>(argv[0]);
    arguments_end = reinterpret_cast<std::uintptr_t>(argv[argc - 1]) + std::strlen(argv[argc - 1]) + 1;
}

CTR_CHILD int let_go_of(OwnExecutable *own) {
    if (!own->pending) return 0;
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &own->map, sizeof own->map, 0) != 0) return -1;
    own->pending = false;
    close(static_cast<int>(own->map.exe_fd));
    return 0;
}

Result<void> let_go_of_executable(OwnExecutable &left) {
#ifdef CTR_SANITIZED
    (void)left;
    return {}; // the sanitizer's runtime is in the program, which cannot be replaced while it runs
#endif
    static bool gone = false;
    if (gone) return {};
    Program program;
    ::dl_iterate_phdr(measure, &program);
    const auto here = reinterpret_cast<std::uintptr_t>(&let_go_of_executable);
    if (program.segments.empty() || (program.low() <= here && here < program.high())) return {};
    // This empty file becomes /proc/self/exe. Mode 0555, because the kernel wants an executable file there.
    Fd empty(::memfd_create("ctr", MFD_CLOEXEC));
    if (!empty.valid() || ::fchmod(empty.get(), 0555) != 0) return system_error("memfd_create");
    CTR_TRY(replace_mappings(program));
    prctl_mm_map &map = left.map;
    map.start_code = map.start_data = program.low();
    map.end_code = map.end_data = program.high();
    map.start_brk = map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    // The kernel put the program's name on the stack, so this address is always on it, whatever arguments and
    // environment there are.
    map.start_stack = ::getauxval(AT_EXECFN);
    map.arg_start = arguments_begin != 0 ? arguments_begin : map.start_stack;
    map.arg_end = std::max<__u64>(arguments_end, map.arg_start);
    map.env_start = map.env_end = map.arg_end; // nobody needs to see them
    map.exe_fd = static_cast<std::uint32_t>(empty.release());
    left.pending = true;
    if (let_go_of(&left) == 0) return gone = true, Result<void>();
    if (errno == EPERM && ::geteuid() != 0) return {};
    return system_error("prctl(PR_SET_MM_MAP)", "/proc/self/exe", let_go_hint);
}

} // namespace core::sys
