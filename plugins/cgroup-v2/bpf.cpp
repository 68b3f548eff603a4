// SPDX-License-Identifier: MIT
#include "bpf.hpp"

#include "../cgroup-common/cgroupfs.hpp"

#include <cstring>
#include <ctr/cpp/fd.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>

namespace ctr::cgroup2 {
namespace {

/// ctr recognises its own programs by this name.
constexpr char program_name[BPF_OBJ_NAME_LEN] = "ctr_devices";

int bpf(int command, bpf_attr &attr) { return static_cast<int>(::syscall(SYS_bpf, command, &attr, sizeof attr)); }

std::uint64_t address(const void *p) { return reinterpret_cast<std::uintptr_t>(p); }

Fd load(const std::vector<bpf_insn> &program) {
    static constexpr char license[] = "MIT";
    bpf_attr attr;
    std::memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attr.insns = address(program.data());
    attr.insn_cnt = static_cast<std::uint32_t>(program.size());
    attr.license = address(license);
    std::memcpy(attr.prog_name, program_name, sizeof program_name);
    return Fd(bpf(BPF_PROG_LOAD, attr));
}

/// Before Linux 5.11 programs count against RLIMIT_MEMLOCK, which is small by default; the limit is raised and then
/// restored, because the container inherits it.
Fd load_within_limits(const std::vector<bpf_insn> &program) {
    Fd fd = load(program);
    if (fd.valid() || errno != EPERM) return fd;
    rlimit old{};
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    if (::getrlimit(RLIMIT_MEMLOCK, &old) != 0 || ::setrlimit(RLIMIT_MEMLOCK, &none) != 0)
        return errno = EPERM, std::move(fd);
    fd = load(program);
    const int code = errno;
    ::setrlimit(RLIMIT_MEMLOCK, &old);
    errno = code;
    return fd;
}

bpf_prog_info info_of(int program) {
    bpf_prog_info info{};
    bpf_attr attr;
    std::memset(&attr, 0, sizeof attr);
    attr.info.bpf_fd = static_cast<std::uint32_t>(program);
    attr.info.info_len = sizeof info;
    attr.info.info = address(&info);
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, attr) != 0) info = {};
    return info;
}

} // namespace

void detach_device_programs(int cgroup, std::uint32_t keep) {
    std::uint32_t ids[64] = {}; // BPF_CGROUP_MAX_PROGS
    bpf_attr attr;
    std::memset(&attr, 0, sizeof attr);
    attr.query.target_fd = static_cast<std::uint32_t>(cgroup);
    attr.query.attach_type = BPF_CGROUP_DEVICE;
    attr.query.prog_ids = address(ids);
    attr.query.prog_cnt = 64;
    if (bpf(BPF_PROG_QUERY, attr) != 0) return;
    const std::uint32_t count = attr.query.prog_cnt;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (ids[i] == keep) continue;
        std::memset(&attr, 0, sizeof attr);
        attr.prog_id = ids[i];
        const Fd program(bpf(BPF_PROG_GET_FD_BY_ID, attr));
        if (!program.valid() || std::strcmp(info_of(program.get()).name, program_name) != 0) continue;
        std::memset(&attr, 0, sizeof attr);
        attr.target_fd = static_cast<std::uint32_t>(cgroup);
        attr.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
        attr.attach_type = BPF_CGROUP_DEVICE;
        bpf(BPF_PROG_DETACH, attr);
    }
}

Result<> attach_device_program(int cgroup, const std::vector<bpf_insn> &code) {
    const auto failed = [](const char *command, const char *message) {
        const int saved = errno;
        const char *const hint = saved == EPERM || saved == EACCES
                                     ? "device rules need CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, and a parent "
                                       "cgroup whose program may be added to"
                                 : saved == EINVAL || saved == ENOSYS ? "the kernel needs CONFIG_CGROUP_BPF"
                                                                      : "";
        return Error{.error_class = CTR_E_SYSTEM,
                     .message = message,
                     .hint = hint,
                     .errno_value = saved,
                     .syscall = std::string("bpf ") + command,
                     .path = "/linux/resources/devices"};
    };
    const Fd program = load_within_limits(code);
    if (!program.valid()) return failed("BPF_PROG_LOAD", "the kernel does not take the program for the device rules");
    bpf_attr attr;
    std::memset(&attr, 0, sizeof attr);
    attr.target_fd = static_cast<std::uint32_t>(cgroup);
    attr.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attr) != 0)
        return failed("BPF_PROG_ATTACH", "the program for the device rules cannot be attached to the cgroup");
    detach_device_programs(cgroup, info_of(program.get()).id);
    return {};
}

} // namespace ctr::cgroup2
