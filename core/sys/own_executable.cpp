// SPDX-License-Identifier: MIT
#include "sys/own_executable.hpp"

#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace core::sys {
namespace {

constexpr std::uintptr_t page = 4096;

/// dl_iterate_phdr(3) tells the program first.
int measure(dl_phdr_info *info, std::size_t /*size*/, void *out) {
    OwnExecutable &own = *static_cast<OwnExecutable *>(out);
    own.low = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto &segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD) continue;
        const std::uintptr_t from = info->dlpi_addr + segment.p_vaddr, to = from + segment.p_memsz;
        own.low = std::min(own.low, from & ~(page - 1));
        own.high = std::max(own.high, (to + page - 1) & ~(page - 1));
    }
    return 1;
}

} // namespace

Result<OwnExecutable> own_executable(Fd &empty) {
    OwnExecutable own;
    ::dl_iterate_phdr(measure, &own);
    const auto here = reinterpret_cast<std::uintptr_t>(&own_executable);
    if (own.low <= here && here < own.high) return OwnExecutable{};
    empty.reset(::memfd_create("ctr", MFD_CLOEXEC));
    if (!empty.valid() || ::fchmod(empty.get(), 0555) != 0) return system_error("memfd_create");
    // The kernel wants these in order; nothing reads them before execve sets them anew.
    const auto heap = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    const auto arguments = reinterpret_cast<std::uintptr_t>(environ == nullptr ? nullptr : environ[0]);
    own.map.start_code = own.low;
    own.map.end_code = own.high;
    own.map.start_data = own.low;
    own.map.end_data = own.high;
    own.map.start_brk = heap;
    own.map.brk = heap;
    own.map.start_stack = arguments;
    own.map.arg_start = own.map.arg_end = own.map.env_start = own.map.env_end = arguments;
    own.map.exe_fd = static_cast<std::uint32_t>(empty.get());
    return own;
}

CTR_CHILD int let_go_of(const OwnExecutable *own) {
    if (own->high == 0) return 0;
    if (munmap(reinterpret_cast<void *>(own->low), own->high - own->low) != 0) return -1;
    return prctl(PR_SET_MM, PR_SET_MM_MAP, &own->map, sizeof own->map, 0);
}

} // namespace core::sys
