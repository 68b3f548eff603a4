// SPDX-License-Identifier: MIT
#include "layout.hpp"

#include "archive.hpp"
#include "failure.hpp"
#include "path.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace image {

namespace {

constexpr std::size_t max_document_size = 4 * 1024 * 1024;
/// What an index may hold: an image of 500 layers, in the oldest form three members each, has a tenth of it.
constexpr std::size_t max_index_bytes = 4 * 1024 * 1024;

/// True for the files by which an image's document is recognised.
bool is_document(const std::string &path) {
    return path == "oci-layout" || path == "index.json" || path == "manifest.json" || path == "repositories";
}

std::string read_all(ByteStream &stream, const std::string &what) {
    std::string text;
    for (std::string_view bytes = stream.next(); !bytes.empty(); bytes = stream.next()) {
        if (text.size() + bytes.size() > max_document_size) refuse(what, "is larger than 4 MiB");
        text += bytes;
    }
    return text;
}

bool hexadecimal_id(std::string_view text) {
    return text.size() >= 64 && text.substr(0, 64).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Image archives begin with one of these. Such an archive need not be hashed, and blobs are skipped by seeking.
bool begins_image_archive(const std::string &path) {
    const std::string top = path.substr(0, path.find('/'));
    return top == "blobs" || top == "oci-layout" || top == "index.json" || top == "manifest.json" ||
           top == "repositories" || hexadecimal_id(top);
}

// "../b/c" as a link in directory "a" of the archive: "b/c". Purely lexical, because this is a name in a list and not a
// path of the machine.
std::string link_path(const std::string &directory, const std::string &target) {
    std::vector<std::string> parts;
    const std::string whole = target.starts_with('/') ? target : directory + "/" + target;
    for (std::size_t begin = 0; begin <= whole.size();) {
        const std::size_t end = std::min(whole.find('/', begin), whole.size());
        const std::string part = whole.substr(begin, end - begin);
        begin = end + 1;
        if (part.empty() || part == ".") continue;
        if (part != "..")
            parts.push_back(part);
        else if (!parts.empty())
            parts.pop_back();
    }
    std::string path;
    for (const std::string &part : parts)
        path += (path.empty() ? "" : "/") + part;
    return path;
}

void add_member(ArchiveIndex &index, archive_entry *entry, const std::string &archive) {
    const char *name = archive_entry_pathname(entry);
    if (name == nullptr) refuse(archive, "has an entry without a name");
    const std::string path = normal_path(name);
    const std::string top = path.substr(0, path.find('/'));
    for (const char *directory : {"bin", "sbin", "etc", "usr", "lib"})
        index.root_file_system |= top == directory;
    ArchiveIndex::Member member;
    const std::string link(link_of(entry));
    if (archive_entry_hardlink(entry) != nullptr)
        member.link = link_path({}, link);
    else if (!link.empty())
        member.link = link_path(split_path(path).first, link);
    else
        member.file = archive_entry_filetype(entry) == AE_IFREG;
    member.size = static_cast<std::uint64_t>(std::max<std::int64_t>(archive_entry_size(entry), 0));
    index.add(path, std::move(member));
}

} // namespace

// Only an image's document needs its members, and it has few. In other archives members are counted but not kept.
void ArchiveIndex::add(const std::string &path, Member member) {
    if (root_file_system) return members.clear();
    bytes_ += path.size() + member.link.size() + sizeof(Member) + 64;
    if (!too_many && bytes_ > max_index_bytes) {
        too_many = true;
        std::erase_if(members, [](const auto &each) { return !is_document(each.first); });
    }
    // If two members have the same name, the first is used, here and in MemberStream.
    if (!too_many || is_document(path)) members.emplace(path, std::move(member));
}

bool DirectoryLayout::has(const std::string &path) const {
    struct stat about {};
    return stat((directory_ + "/" + path).c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

Location DirectoryLayout::locate(const std::string &path) const {
    const std::string whole = directory_ + "/" + path;
    struct stat about {};
    if (stat(whole.c_str(), &about) != 0) system_failure("stat", whole, "the layout is incomplete");
    return {whole, {}, static_cast<std::uint64_t>(about.st_size)};
}

std::string DirectoryLayout::read(const std::string &path) const {
    FileStream file(directory_ + "/" + path);
    return read_all(file, path);
}

ArchiveIndex index_and_hash_archive(const std::string &path, const Limits &limits) {
    const Utf8Names names;
    Meter meter(limits, path);
    FileStream file(path);
    HashStream blob(file);
    DecompressStream plain(blob, path, meter);
    HashStream tar(plain);
    Archive archive(tar, Archive::Content::tar, path);
    ArchiveIndex index;
    while (archive_entry *entry = archive.next()) {
        const char *name = archive_entry_pathname(entry);
        meter.entry(name == nullptr ? "" : name, link_of(entry));
        add_member(index, entry, path);
    }
    drain(tar);
    drain(blob);
    index.digest = blob.digest();
    index.diff_id = tar.digest();
    index.size = blob.size();
    return index;
}

ArchiveIndex index_archive(const std::string &path, const Limits &limits) {
    const Utf8Names names;
    {
        TarFile tar(path, limits);
        archive_entry *entry = tar.next();
        if (entry == nullptr) refuse(path, "is an empty archive");
        const char *name = archive_entry_pathname(entry);
        if (name != nullptr && begins_image_archive(normal_path(name))) {
            ArchiveIndex index;
            for (; entry != nullptr; entry = tar.next())
                add_member(index, entry, path);
            return index;
        }
    }
    return index_and_hash_archive(path, limits);
}

bool ArchiveLayout::has(const std::string &path) const { return index_.members.contains(path); }

Location ArchiveLayout::locate(const std::string &path) const {
    std::string member = path;
    // docker save writes a layer that several images share once, and links to it.
    for (int links = 0; links < 16; ++links) {
        const auto found = index_.members.find(member);
        if (found == index_.members.end()) break;
        if (found->second.file) return {archive_, member, found->second.size};
        if (found->second.link.empty()) break;
        member = found->second.link;
    }
    refuse(archive_, "has no file '" + path + "'", "the archive is incomplete");
}

std::string ArchiveLayout::read(const std::string &path) const {
    const Location place = locate(path);
    MemberStream stream(archive_, place.member, limits_);
    return read_all(stream, path);
}

} // namespace image
