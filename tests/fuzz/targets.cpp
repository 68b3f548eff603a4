// SPDX-License-Identifier: MIT
#include "targets.hpp"

#include "config/config.hpp"
#include "container/record.hpp"
#include "launch/values.hpp"
#include "plugin/manifest.hpp"
#include "plugin/note.hpp"
#include "spec/oci.hpp"

#include <cstring>
#include <ctr/manifest.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace fuzz {
namespace {

/// Every refusal says something, in at most a screen.
std::string check(const core::Error &error) {
    const std::string text = error.text();
    if (text.empty()) return "an error without words";
    if (text.size() > 8192) return "an error of " + std::to_string(text.size()) + " bytes";
    return {};
}

std::string read_note(std::string_view bytes) {
    static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return "memfd";
    const auto notes = core::plugin::read_manifest_notes(fd, "fuzzed.so");
    if (!notes.ok()) return check(notes.error());
    if (notes.value().empty()) return "success without a manifest";
    for (const std::string &note : notes.value())
        if (note.size() > CTR_NOTE_MAX) return "a manifest above the limit";
    return "";
}

std::string read_manifest(std::string_view bytes) {
    const auto manifest = core::plugin::parse_manifest(std::string(bytes), "fuzzed.so");
    if (!manifest.ok()) return check(manifest.error());
    const core::plugin::Manifest &m = manifest.value();
    // The id becomes part of paths.
    if (m.id.empty() || m.id.find('/') != std::string::npos || m.id[0] == '.')
        return "an id that is no file name: " + m.id;
    return m.operations.empty() ? "a plugin without operations" : "";
}

std::string read_config(std::string_view bytes) {
    const auto config = core::config::parse_config(bytes, "config.json");
    if (!config.ok()) return check(config.error());
    // What `ctr config show` prints is a config again, and the same one.
    const std::string shown = core::config::to_json(config.value()).dump();
    const auto again = core::config::parse_config(shown, "shown");
    if (!again.ok()) return "the shown config is refused: " + again.error().text() + "\n" + shown;
    return core::config::to_json(again.value()).dump() == shown ? "" : "the shown config reads differently: " + shown;
}

std::string read_spec(std::string_view bytes) {
    const auto spec = core::spec::parse_spec(bytes, "config.json");
    if (!spec.ok()) return check(spec.error());
    return core::spec::validate(spec.value()).ok() ? "" : "a spec that was read does not validate";
}

/// What removing a container and showing it do with what was read.
std::string read_journal(std::string_view bytes) {
    using core::container::Record;
    for (const auto part : {Record::Part::all, Record::Part::without_steps}) {
        const auto read = core::container::read_record(bytes, "/run/ctr/containers/x", part);
        if (!read.ok()) {
            if (std::string wrong = check(read.error()); !wrong.empty()) return wrong;
            continue;
        }
        const Record &record = read.value();
        if (part == Record::Part::without_steps) continue;
        if (record.intended.size() < record.plan.steps.size() || record.undone.size() != record.plan.steps.size())
            return "marks that do not fit the plan";
        const auto block = core::launch::Block::pack(
            record.plan, [](const std::string &, const std::string &) -> const ctr_step_kind * { return nullptr; });
        core::launch::restore_values(*block, record.values);
    }
    return "";
}

constexpr const char *journal =
    "{\"boot_id\":\"b\",\"drivers\":{\"cgroup\":\"cgroup-v1\"},\"cgroup\":\"/ctr/"
    "x\",\"meta\":{\"about\":{\"rm\":true,\"command\":[\"sh\"],"
    "\"bundle\":\"/b\"},\"spec\":{\"ociVersion\":\"1.0.2\",\"annotations\":{\"a\":\"b\"}}}}\n"
    "{\"plan\":{\"plan\":1,\"id\":\"x\",\"operation\":1,\"drivers\":{},\"plugins\":[{\"id\":\"p\",\"version\":\"1\","
    "\"path\":\"/p.so\"}],\"steps\":["
    "{\"plugin\":\"p\",\"kind\":\"k\",\"process\":\"parent\",\"phase\":\"prepare\",\"until\":\"delete\",\"undo\":true,"
    "\"args\":[{\"name\":\"a\",\"int\":1},"
    "{\"name\":\"b\",\"string\":\"s\"},{\"name\":\"c\",\"bytes\":\"00ff\"},{\"name\":\"d\",\"template\":\"x${v}y\"},{"
    "\"name\":\"e\",\"value\":\"v\"}],"
    "\"outputs\":[{\"name\":\"o\",\"type\":\"string\",\"value\":\"v\"},{\"name\":\"n\",\"type\":\"int\",\"value\":"
    "\"w\"}]},"
    "{\"plugin\":\"p\",\"kind\":\"l\",\"process\":\"child\",\"phase\":\"mounts\",\"wait_for\":0}],\"machine\":{}}}\n"
    "{\"intent\":0}\n{\"done\":0,\"values\":{\"v\":\"t\",\"w\":-4,\"u\":[1,2,255]}}\n{\"child\":77,\"start_time\":"
    "123456}\n{\"created\":true}\n"
    "{\"committed\":true}\n{\"running\":true}\n{\"paused\":true}\n{\"stopped\":0}\n{\"undone\":0}\n";

constexpr const char *manifest =
    R"({"id": "overlay", "version": "0.1.0", "abi": 1, "summary": "storage", "slot": "storage",
"default": {"rank": 10, "when": [{"ask": "fstype:${data_root}", "is": "btrfs"}]}, "operations": ["create", "exec"], "always": true,
"extensions": ["ctr.storage/1"], "kinds": {"overlay.mount": "parent", "overlay.x": "child"}, "needs": ["a.b"], "gives": ["c.d"],
"claims": ["/root/path", "/mounts/*/destination"], "privileges": ["CAP_SYS_ADMIN"],
"config": {"type": "object", "additionalProperties": false, "properties": {"n": {"type": "integer", "minimum": 1}}}})";

constexpr const char *config = R"({// comment
"data_root": "/srv/ctr", "run_root": "/run/ctr", "plugin_dirs": ["/opt/p"], "log_level": "debug", /* more */
"plugins": {"pins": {"seccomp": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}},
"storage": {"driver": "btrfs"}, "network": {"driver": "bridge"}, "bridge": {"subnet": "10.5.0.0/16", "list": [1, -2.5, null, true]}, "seccomp": "off"})";

constexpr const char *spec = R"({"ociVersion": "1.3.0", "hostname": "a", "root": {"path": "rootfs", "readonly": true},
"process": {"terminal": true, "consoleSize": {"height": 24, "width": 80}, "user": {"uid": 0, "gid": 4294967295, "additionalGids": [1]},
"args": ["/bin/true"], "cwd": "/", "env": ["A=b"], "capabilities": {"bounding": ["CAP_KILL"]}, "noNewPrivileges": true, "oomScoreAdj": -5,
"rlimits": [{"type": "RLIMIT_NOFILE", "hard": 18446744073709551615, "soft": 1024}]},
"mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "mode=755"]}], "annotations": {"a.b": "c"},
"hooks": {"prestart": [{"path": "/bin/h", "args": ["h"], "timeout": 1}]},
"linux": {"cgroupsPath": "/a", "resources": {"devices": [{"allow": false, "type": "c", "major": 1, "minor": -1, "access": "rwm"}],
"memory": {"limit": 1048576}, "cpu": {"shares": 1024, "quota": -1, "cpus": "0-1"}, "pids": {"limit": 10}},
"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}], "sysctl": {"net.ipv4.ip_forward": "1"},
"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"}], "maskedPaths": ["/proc/kcore"],
"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}}})";

template <typename T> void append(std::string &to, const T &value) {
    to.append(reinterpret_cast<const char *>(&value), sizeof value);
}

/// The smallest shared object that has a manifest, behind another note.
std::string shared_object() {
    std::string notes;
    const auto note = [&](std::string_view owner, Elf64_Word type, std::string text) {
        append(notes, Elf64_Nhdr{4, static_cast<Elf64_Word>(text.size()), type});
        notes.append(owner).append(4 - owner.size(), '\0');
        notes += text.append((4 - text.size() % 4) % 4, '\0');
    };
    note("GNU", NT_GNU_BUILD_ID, "12345678901234567890");
    note("CTR", CTR_NOTE_TYPE, manifest);
    Elf64_Ehdr elf{};
    std::memcpy(elf.e_ident, ELFMAG, SELFMAG);
    elf.e_ident[EI_CLASS] = ELFCLASS64;
    elf.e_ident[EI_DATA] = ELFDATA2LSB;
    elf.e_type = ET_DYN;
    elf.e_phoff = sizeof elf;
    elf.e_phentsize = sizeof(Elf64_Phdr);
    elf.e_phnum = 2;
    Elf64_Phdr load{}, segment{};
    load.p_type = PT_LOAD;
    segment.p_type = PT_NOTE;
    segment.p_offset = sizeof elf + 2 * sizeof segment;
    segment.p_filesz = notes.size();
    std::string file;
    append(file, elf);
    append(file, load);
    append(file, segment);
    return file + notes;
}

} // namespace

const std::vector<Target> &targets() {
    static const std::vector<Target> all = {
        {"note", read_note, {shared_object()}},  {"manifest", read_manifest, {manifest}},
        {"config", read_config, {config, "{}"}}, {"spec", read_spec, {spec}},
        {"journal", read_journal, {journal}},
    };
    return all;
}

} // namespace fuzz
