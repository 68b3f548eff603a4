// SPDX-License-Identifier: MIT
//
// Names and numbers of system calls: libseccomp's tables, and what is newer than they are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace seccomp {

/// One ABI of the kernel: a table of numbers.
struct Abi {
    const char *oci_name;     // SCMP_ARCH_X32
    std::uint32_t token;      // libseccomp's; AUDIT_ARCH_* except for x32
    std::uint32_t audit_arch; // what the kernel puts into seccomp_data.arch
    bool wide;                // arguments are compared in full (64 bits)
};

/// The ABIs that this machine's kernel can serve, its own first. Programs for other ABIs cannot run here, so a filter
/// needs no part for them.
std::span<const Abi> native_family();
/// One of the family by its OCI name.
const Abi *find_abi(std::string_view oci_name);
/// True for every architecture that the runtime-spec names.
bool is_architecture(std::string_view oci_name);
/// The machine's name in docker's profiles: "amd64".
std::string_view docker_architecture();

/// How a system call is made on one ABI. Old ABIs multiplex: i386's socket(2) is both system call 359 and socketcall(2)
/// with 1 as its first argument.
struct Resolved {
    std::optional<std::uint32_t> number;
    std::optional<std::uint32_t> multiplexer; // socketcall or ipc
    std::uint32_t selector = 0;               // its first argument
};

/// Resolves names for one ABI; caches what is expensive to find.
class Table {
public:
    explicit Table(const Abi &abi) : abi_(abi) {}
    Resolved resolve(const std::string &name);

private:
    std::optional<std::uint32_t> direct_number(const std::string &name);

    const Abi &abi_;
    std::map<std::string, std::uint32_t> direct_; // filled on the first name that is multiplexed
};

/// True if any ABI of the family has that system call, or libseccomp knows it from another.
bool is_known(const std::string &name);

/// "2.5.4"
std::string library_version();

} // namespace seccomp
