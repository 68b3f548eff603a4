// SPDX-License-Identifier: MIT
#include "layer.hpp"

#include "failure.hpp"

#include <fcntl.h>

namespace image {

using ctr::Fd;

namespace {

void compare(const std::string &what, const std::string &expected, const std::string &got) {
    if (expected != got)
        refuse(what, "expected " + expected + ", got " + got, "the image is damaged or was tampered with");
}

} // namespace

UnpackResult unpack_layer(const Layer &layer, const std::string &directory, const UnpackOptions &options) {
    const Fd root(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid()) system_failure("open", directory);
    const Location &place = layer.blob;
    const std::string name = place.member.empty() ? place.source : place.source + ": " + place.member;

    std::unique_ptr<ByteStream> bytes;
    if (place.member.empty())
        bytes = std::make_unique<FileStream>(place.source);
    else
        bytes = std::make_unique<MemberStream>(place.source, place.member, options.limits);
    Meter meter(options.limits, name, options.bytes_before);
    HashStream blob(*bytes, name, place.size);
    DecompressStream plain(blob, name, meter);
    HashStream tar(plain);
    UnpackResult result = Unpacker(root.get(), options, meter).unpack(tar);

    // Bytes after the tar's end count for both digests.
    drain(tar);
    drain(blob);
    if (blob.size() != place.size)
        compare(name, std::to_string(place.size) + " bytes", std::to_string(blob.size()) + " bytes");
    if (!layer.digest.empty()) compare(name, layer.digest, blob.digest());
    compare(name + " (uncompressed)", layer.diff_id, tar.digest());
    result.bytes = tar.size();
    return result;
}

} // namespace image
