// SPDX-License-Identifier: MIT
//
// ELF files made by hand: a plugin's note, and no code.
#pragma once

#include <ctr/manifest.h>

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>

namespace elf_file {

inline constexpr std::size_t note_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);

inline std::string padded(std::string text) {
    text.resize((text.size() + 3) & ~std::size_t{3});
    return text;
}

inline std::string note(const std::string &owner, std::uint32_t type, const std::string &description) {
    const Elf64_Nhdr header{static_cast<Elf64_Word>(owner.size()), static_cast<Elf64_Word>(description.size()), type};
    return std::string(reinterpret_cast<const char *>(&header), sizeof header) + padded(owner) + padded(description);
}

inline const std::string ours(CTR_NOTE_OWNER, sizeof CTR_NOTE_OWNER);

/// A shared object with one PT_NOTE segment that holds `notes`.
struct Elf {
    Elf64_Ehdr header{};
    Elf64_Phdr segment{};
    std::string notes;

    explicit Elf(std::string text) : notes(std::move(text)) {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = ET_DYN;
        header.e_phoff = sizeof header;
        header.e_phentsize = sizeof segment;
        header.e_phnum = 1;
        segment.p_type = PT_NOTE;
        segment.p_offset = note_offset;
        segment.p_filesz = notes.size();
    }
    std::string bytes() const {
        return std::string(reinterpret_cast<const char *>(&header), sizeof header) +
               std::string(reinterpret_cast<const char *>(&segment), sizeof segment) + notes;
    }
};

} // namespace elf_file
