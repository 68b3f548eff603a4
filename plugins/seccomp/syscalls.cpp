// SPDX-License-Identifier: MIT
#include "syscalls.hpp"

#include <cerrno>
#include <cstdlib>
#include <linux/audit.h>
#include <seccomp.h>

namespace seccomp {
namespace {

/// System calls that libseccomp 2.5 does not know. From 424 on a number means the same on every architecture (MIPS and
/// x32 add their base); asm-generic/unistd.h and syscall_64.tbl of Linux 6.19. Without them the filter would answer
/// ENOSYS, which is safe.
struct Newer {
    std::string_view name;
    std::uint32_t number;
    std::uint32_t only_token; // 0: every architecture
};
constexpr Newer newer[] = {{"riscv_hwprobe", 258, SCMP_ARCH_RISCV64},
                           {"uretprobe", 335, SCMP_ARCH_X86_64},
                           {"uprobe", 336, SCMP_ARCH_X86_64},
                           {"futex_waitv", 449, 0},
                           {"set_mempolicy_home_node", 450, 0},
                           {"cachestat", 451, 0},
                           {"fchmodat2", 452, 0},
                           {"map_shadow_stack", 453, 0},
                           {"futex_wake", 454, 0},
                           {"futex_wait", 455, 0},
                           {"futex_requeue", 456, 0},
                           {"statmount", 457, 0},
                           {"listmount", 458, 0},
                           {"lsm_get_self_attr", 459, 0},
                           {"lsm_set_self_attr", 460, 0},
                           {"lsm_list_modules", 461, 0},
                           {"mseal", 462, 0},
                           {"setxattrat", 463, 0},
                           {"getxattrat", 464, 0},
                           {"listxattrat", 465, 0},
                           {"removexattrat", 466, 0},
                           {"open_tree_attr", 467, 0},
                           {"file_getattr", 468, 0},
                           {"file_setattr", 469, 0},
                           {"listns", 470, 0}};

/// socketcall(2) and ipc(2): libseccomp marks what they multiplex by numbers from -101 and -201 down.
constexpr int socketcall_first = -101, socketcall_last = -120, ipc_first = -201, ipc_last = -224;

constexpr std::uint32_t base_of(std::uint32_t token) {
    switch (token) {
    case SCMP_ARCH_X32: return 0x40000000;
    case SCMP_ARCH_MIPS:
    case SCMP_ARCH_MIPSEL: return 4000;
    case SCMP_ARCH_MIPS64:
    case SCMP_ARCH_MIPSEL64: return 5000;
    case SCMP_ARCH_MIPS64N32:
    case SCMP_ARCH_MIPSEL64N32: return 6000;
    default: return 0;
    }
}

constexpr std::string_view architectures[] = {"X86",         "X86_64", "X32",    "ARM",       "AARCH64", "LOONGARCH64",
                                              "M68K",        "MIPS",   "MIPS64", "MIPS64N32", "MIPSEL",  "MIPSEL64",
                                              "MIPSEL64N32", "PPC",    "PPC64",  "PPC64LE",   "S390",    "S390X",
                                              "SH",          "SHEB",   "PARISC", "PARISC64",  "RISCV64"};

#define CTR_ABI(name)                                                                                                  \
    Abi { "SCMP_ARCH_" #name, SCMP_ARCH_##name, SCMP_ARCH_##name, (SCMP_ARCH_##name & __AUDIT_ARCH_64BIT) != 0 }

constexpr Abi family[] = {
#if defined(__x86_64__)
    CTR_ABI(X86_64), CTR_ABI(X86),
    // x32 has no AUDIT_ARCH of its own: bit 30 of the number tells it from x86-64.
    Abi{"SCMP_ARCH_X32", SCMP_ARCH_X32, SCMP_ARCH_X86_64, false}
#elif defined(__i386__)
    CTR_ABI(X86)
#elif defined(__aarch64__)
    CTR_ABI(AARCH64), CTR_ABI(ARM)
#elif defined(__arm__)
    CTR_ABI(ARM)
#elif defined(__s390x__)
    CTR_ABI(S390X), CTR_ABI(S390)
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    CTR_ABI(PPC64LE)
#elif defined(__powerpc64__)
    CTR_ABI(PPC64), CTR_ABI(PPC)
#elif defined(__riscv) && __riscv_xlen == 64
    CTR_ABI(RISCV64)
#elif defined(__mips64) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    CTR_ABI(MIPSEL64), CTR_ABI(MIPSEL), CTR_ABI(MIPSEL64N32)
#elif defined(__mips64)
    CTR_ABI(MIPS64), CTR_ABI(MIPS), CTR_ABI(MIPS64N32)
#else
#error "name this architecture's ABIs here"
#endif
};

} // namespace

std::span<const Abi> native_family() { return family; }

const Abi *find_abi(std::string_view oci_name) {
    for (const auto &abi : native_family())
        if (oci_name == abi.oci_name) return &abi;
    return nullptr;
}

bool is_architecture(std::string_view oci_name) {
    if (oci_name.substr(0, 10) != "SCMP_ARCH_") return false;
    for (const auto &each : architectures)
        if (oci_name.substr(10) == each) return true;
    return false;
}

std::string_view docker_architecture() {
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__i386__)
    return "386";
#elif defined(__powerpc64__)
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "ppc64le" : "ppc64";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__riscv)
    return "riscv64";
#elif defined(__arm__)
    return "arm";
#else
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "mips64le" : "mips64";
#endif
}

std::optional<std::uint32_t> Table::direct_number(const std::string &name) {
    if (direct_.empty()) {
        const std::uint32_t base = base_of(abi_.token);
        for (std::uint32_t number = base; number < base + 600; ++number) {
            char *found = seccomp_syscall_resolve_num_arch(abi_.token, static_cast<int>(number));
            if (found != nullptr) direct_.emplace(found, number);
            std::free(found);
        }
    }
    const auto at = direct_.find(name);
    return at == direct_.end() ? std::nullopt : std::optional(at->second);
}

Resolved Table::resolve(const std::string &name) {
    Resolved result;
    const int number = seccomp_syscall_resolve_name_arch(abi_.token, name.c_str());
    if (number >= 0) {
        result.number = static_cast<std::uint32_t>(number);
    } else if (number == __NR_SCMP_ERROR) {
        for (const auto &each : newer)
            if (each.name == name && (each.only_token == 0 || each.only_token == abi_.token))
                result.number = base_of(abi_.token) + each.number;
    } else if ((number <= socketcall_first && number >= socketcall_last) ||
               (number <= ipc_first && number >= ipc_last)) {
        const bool socket = number >= socketcall_last;
        const int multiplexer = seccomp_syscall_resolve_name_arch(abi_.token, socket ? "socketcall" : "ipc");
        if (multiplexer < 0) return result; // an ABI without them: the name has no number there
        result.multiplexer = static_cast<std::uint32_t>(multiplexer);
        result.selector = static_cast<std::uint32_t>((socket ? socketcall_first + 1 : ipc_first + 1) - number);
        result.number = direct_number(name);
    }
    return result;
}

bool is_known(const std::string &name) {
    if (seccomp_syscall_resolve_name_arch(native_family()[0].token, name.c_str()) != __NR_SCMP_ERROR) return true;
    for (const auto &each : newer)
        if (each.name == name) return true;
    return false;
}

std::string library_version() {
    const scmp_version *version = seccomp_version();
    return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->micro);
}

} // namespace seccomp
