// SPDX-License-Identifier: MIT
//
// A host for the kinds alone: a step is a name and "name=value" words; what fails is kept as text.
#pragma once

#include <ctr/plugin.hpp>

#include <map>
#include <string>
#include <vector>

struct ctr_run {
    struct Arg {
        std::string name, text;
        std::int64_t integer = 0;
    };
    std::vector<Arg> args;
    std::map<std::string, std::int64_t> outputs; // what apply gave; what undo reads as recorded
    std::string error;                           // "syscall path errno message hint"
    std::string script;                          // what shell printed
};

namespace host_double {

/// Sets ctr::host and forgets the root.
void reset();
void set_root(int fd);
/// The kind of that name, or nullptr.
const ctr_step_kind *kind(const std::string &name);
ctr_run step(const std::vector<std::string> &words);
/// Runs apply; the error, or "" for success.
std::string apply(const std::string &kind_name, const std::vector<std::string> &words);
std::string shell(const std::string &kind_name, const std::vector<std::string> &words);

/// A temporary directory, removed at the end.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
    const std::string &path() const { return path_; }
    void write(const std::string &name, const std::string &text) const;
    std::string read(const std::string &name) const;

private:
    std::string path_;
};

} // namespace host_double
