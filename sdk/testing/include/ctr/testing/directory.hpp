// SPDX-License-Identifier: MIT
//
// A temporary directory, removed by the destructor.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace ctr::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "ctr-testing.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory can be made: " + name);
        path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

    const std::string &path() const { return path_; }
    bool has(const std::string &name) const {
        return std::filesystem::symlink_status(path_ + "/" + name).type() != std::filesystem::file_type::not_found;
    }
    void write(const std::string &name, const std::string &text) const {
        std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    }
    /// The file's content, "unreadable" if there is none.
    std::string read(const std::string &name) const {
        std::ifstream file(path_ + "/" + name, std::ios::binary);
        if (!file) return "unreadable";
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::string path_;
};

} // namespace ctr::testing
