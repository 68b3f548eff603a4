// SPDX-License-Identifier: MIT
#include "stream.hpp"

#include "failure.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace image {

using ctr::Fd;

void drain(ByteStream &stream) {
    while (!stream.next().empty()) {
    }
}

Fd open_regular(const std::string &path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid()) system_failure("open", path);
    struct stat about {};
    if (fstat(fd.get(), &about) != 0) system_failure("fstat", path);
    if (!S_ISREG(about.st_mode)) refuse(path, "is not a regular file");
    return fd;
}

FileStream::FileStream(const std::string &path) : path_(path), fd_(open_regular(path)), buffer_(256 * 1024) {
    posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::string_view FileStream::next() {
    ssize_t count = 0;
    do
        count = read(fd_.get(), buffer_.data(), buffer_.size());
    while (count < 0 && errno == EINTR);
    if (count < 0) system_failure("read", path_);
    return {buffer_.data(), static_cast<std::size_t>(count)};
}

std::string_view HashStream::next() {
    const std::string_view bytes = source_.next();
    size_ += bytes.size();
    if (size_ > limit_)
        refuse(what_, "is longer than the " + std::to_string(limit_) + " bytes that its descriptor says",
               "the image is damaged or was tampered with");
    hash_.add(bytes.data(), bytes.size());
    return bytes;
}

} // namespace image
