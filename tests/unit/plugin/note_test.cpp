// SPDX-License-Identifier: MIT
//
// The reader of plugins' notes, with ELF files made by hand: what a hostile or truncated file can say.
#include "plugin/note.hpp"

#include "elf_file.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace core;
using namespace elf_file;

Result<std::vector<std::string>> read_all(const std::string &bytes) {
    const int fd = ::memfd_create("plugin", MFD_CLOEXEC);
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    auto out = plugin::read_manifest_notes(fd, "/x/plugin.so");
    ::close(fd);
    return out;
}

/// The first.
Result<std::string> read(const std::string &bytes) {
    CTR_ASSIGN(const std::vector<std::string> all, read_all(bytes));
    return all.at(0);
}

void expect_refused(const std::string &bytes, const char *field) {
    const auto result = read(bytes);
    ASSERT_FALSE(result.ok()) << field;
    EXPECT_NE(result.error().text().find(field), std::string::npos) << result.error().text();
    EXPECT_NE(result.error().text().find("/x/plugin.so"), std::string::npos);
}

TEST(Note, IsFoundBehindOthers) {
    const auto result =
        read(Elf(note("GNU" + std::string(1, '\0'), 3, "build id") + note(ours, CTR_NOTE_TYPE, "{\"id\": 1}")).bytes());
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_EQ(result.value(), "{\"id\": 1}");
}

TEST(Note, OneFileMayHaveSeveral) {
    const auto several = read_all(Elf(note(ours, CTR_NOTE_TYPE, "{}") + note("GNU" + std::string(1, '\0'), 3, "x") +
                                      note(ours, CTR_NOTE_TYPE, "[]"))
                                      .bytes());
    ASSERT_TRUE(several.ok()) << several.error().text();
    EXPECT_EQ(several.value(), (std::vector<std::string>{"{}", "[]"}));
}

TEST(Note, OfAnotherOwnerOrTypeIsNotOurs) {
    expect_refused(Elf(note(ours, 1, "{}")).bytes(), "ELF note");
    expect_refused(Elf(note("XTR" + std::string(1, '\0'), CTR_NOTE_TYPE, "{}")).bytes(), "ELF note");
    expect_refused(Elf("").bytes(), "ELF note");
}

TEST(Note, EveryTruncatedFileIsRefused) {
    const std::string whole = Elf(note(ours, CTR_NOTE_TYPE, "{\"id\": \"x\"}")).bytes();
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(read(whole.substr(0, length)).ok()) << length;
}

TEST(Note, WhatIsNoSharedObjectOfThisMachineIsRefused) {
    expect_refused("#!/bin/sh\n", "an ELF shared object");
    Elf narrow(""), program(""), big_endian("");
    narrow.header.e_ident[EI_CLASS] = ELFCLASS32;
    expect_refused(narrow.bytes(), "64-bit");
    big_endian.header.e_ident[EI_DATA] = ELFDATA2MSB;
    expect_refused(big_endian.bytes(), "little-endian");
    program.header.e_type = ET_EXEC;
    expect_refused(program.bytes(), "ET_DYN");
}

TEST(Note, ProgramHeadersOutsideTheFileAreRefused) {
    Elf none(""), many(""), odd(""), far(""), wrapping("");
    none.header.e_phnum = 0;
    many.header.e_phnum = 0xffff;
    odd.header.e_phentsize = 1;
    far.header.e_phoff = 1 << 20;
    wrapping.header.e_phoff = UINT64_MAX - 8;
    for (const Elf *each : {&none, &many, &odd, &far, &wrapping})
        expect_refused(each->bytes(), "program headers");
}

TEST(Note, ASegmentOutsideTheFileOrTooLargeIsRefused) {
    Elf far("abc"), wrapping("abc"), huge("");
    far.segment.p_offset = 1 << 20;
    wrapping.segment.p_offset = note_offset;
    wrapping.segment.p_filesz = UINT64_MAX - 4;
    huge.notes.resize((std::size_t{256} << 10) + 4);
    huge.segment.p_filesz = huge.notes.size();
    for (const Elf *each : {&far, &wrapping, &huge})
        expect_refused(each->bytes(), "note segment");
}

TEST(Note, SizesInsideTheSegmentThatLieAreRefused) {
    for (const std::uint32_t lie : {std::uint32_t{1} << 20, UINT32_MAX, UINT32_MAX - 2}) {
        std::string name = note(ours, CTR_NOTE_TYPE, "{}"), description = name;
        std::memcpy(name.data(), &lie, sizeof lie);
        std::memcpy(description.data() + 4, &lie, sizeof lie);
        expect_refused(Elf(name).bytes(), "ELF note");
        expect_refused(Elf(description).bytes(), "ELF note");
    }
}

TEST(Note, AManifestAboveTheLimitIsRefused) {
    expect_refused(Elf(note(ours, CTR_NOTE_TYPE, std::string(CTR_NOTE_MAX + 1, ' '))).bytes(), "at most 64 KiB");
    EXPECT_TRUE(read(Elf(note(ours, CTR_NOTE_TYPE, std::string(CTR_NOTE_MAX, ' '))).bytes()).ok());
}

} // namespace
