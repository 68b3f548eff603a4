// SPDX-License-Identifier: MIT
#include "plugin/note.hpp"

#include <cstring>
#include <ctr/manifest.h>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace core::plugin {
namespace {

constexpr std::size_t max_program_headers = 128;
constexpr std::size_t max_note_segment = std::size_t{256} << 10;

Error refuse(const std::string &path, const std::string &field, const std::string &expected, const std::string &got) {
    return Error{.error_class = CTR_E_INVALID,
                 .message = field + ": expected " + expected + ", got " + got,
                 .hint = "build it with ctr_add_plugin() of this release's SDK",
                 .path = path};
}

/// The file, read by offset. Its first 4 KiB usually have all that is needed, because the linker puts notes behind the
/// program headers.
class File {
public:
    explicit File(int fd) : fd_(fd), got_(::pread(fd, front_, sizeof front_, 0)) {}

    /// True if the whole range is inside the file.
    bool has(std::uint64_t offset, std::uint64_t size) const {
        if (in_front(offset, size)) return true;
        struct stat st {};
        if (::fstat(fd_, &st) != 0) return false;
        const auto end = static_cast<std::uint64_t>(st.st_size);
        return offset <= end && size <= end - offset;
    }
    bool read(void *to, std::size_t size, std::uint64_t offset) const {
        if (size == 0) return true; // an empty vector's data() may be null, which memcpy(3) does not allow
        if (in_front(offset, size)) return std::memcpy(to, front_ + offset, size), true;
        return ::pread(fd_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
    }

private:
    bool in_front(std::uint64_t offset, std::uint64_t size) const {
        const auto got = static_cast<std::uint64_t>(got_ < 0 ? 0 : got_);
        return offset <= got && size <= got - offset;
    }
    int fd_;
    char front_[4096];
    ssize_t got_;
};

constexpr std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

/// Goes through the notes of one segment and adds the text of ours.
void find_notes(const std::vector<char> &segment, std::vector<std::string> &manifests) {
    std::size_t at = 0;
    while (segment.size() - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header{};
        std::memcpy(&header, segment.data() + at, sizeof header);
        at += sizeof header;
        const std::size_t left = segment.size() - at;
        if (header.n_namesz > left || aligned(header.n_namesz) > left) return;
        const std::size_t description = aligned(header.n_namesz);
        if (header.n_descsz > left - description) return;
        const bool ours = header.n_type == CTR_NOTE_TYPE && header.n_namesz == sizeof CTR_NOTE_OWNER &&
                          std::memcmp(segment.data() + at, CTR_NOTE_OWNER, sizeof CTR_NOTE_OWNER) == 0;
        if (ours && header.n_descsz <= CTR_NOTE_MAX)
            manifests.emplace_back(segment.data() + at + description, header.n_descsz);
        const std::size_t step = description + aligned(header.n_descsz);
        if (step > left) return;
        at += step;
    }
}

} // namespace

Result<std::vector<std::string>> read_manifest_notes(int fd, const std::string &path) {
    const File file(fd);
    Elf64_Ehdr elf{};
    if (!file.read(&elf, sizeof elf, 0) || std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(path, "file", "an ELF shared object", "something else");
    if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB)
        return refuse(path, "ELF class", "64-bit little-endian", "class " + std::to_string(elf.e_ident[EI_CLASS]));
    if (elf.e_type != ET_DYN) return refuse(path, "ELF type", "ET_DYN (shared object)", std::to_string(elf.e_type));
    if (elf.e_phentsize != sizeof(Elf64_Phdr) || elf.e_phnum == 0 || elf.e_phnum > max_program_headers)
        return refuse(path, "program headers", "1 to " + std::to_string(max_program_headers),
                      std::to_string(elf.e_phnum));

    std::vector<Elf64_Phdr> headers(elf.e_phnum);
    const std::size_t size = headers.size() * sizeof(Elf64_Phdr);
    if (!file.has(elf.e_phoff, size) || !file.read(headers.data(), size, elf.e_phoff))
        return refuse(path, "program headers", "inside the file", "offset " + std::to_string(elf.e_phoff));
    std::vector<std::string> manifests;
    for (const Elf64_Phdr &header : headers) {
        if (header.p_type != PT_NOTE) continue;
        if (!file.has(header.p_offset, header.p_filesz) || header.p_filesz > max_note_segment)
            return refuse(path, "note segment", "inside the file and at most 256 KiB",
                          std::to_string(header.p_filesz) + " bytes at " + std::to_string(header.p_offset));
        std::vector<char> segment(header.p_filesz);
        if (!file.read(segment.data(), segment.size(), header.p_offset))
            return refuse(path, "note segment", "readable", "a truncated file");
        find_notes(segment, manifests);
    }
    if (!manifests.empty()) return manifests;
    return refuse(path, "ELF note " CTR_NOTE_SECTION, "a manifest of at most 64 KiB", "none");
}

} // namespace core::plugin
