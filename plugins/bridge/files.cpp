// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <algorithm>
#include <array>
#include <dirent.h>
#include <unistd.h>

namespace bridge {

std::vector<std::string> list_directory(const std::string &path) {
    std::vector<std::string> names;
    DIR *directory = opendir(path.c_str());
    if (directory == nullptr) return names;
    while (const dirent *entry = readdir(directory)) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

std::string read_link(const std::string &path) {
    std::array<char, 4096> text{};
    const ssize_t size = readlink(path.c_str(), text.data(), text.size());
    return size < 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(size));
}

} // namespace bridge
