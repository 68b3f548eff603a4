// SPDX-License-Identifier: MIT
//
// The types of the one table of commands and options, from which the parser and --help work.
#pragma once

#include "base/result.hpp"

#include <map>
#include <string>
#include <vector>

namespace core::cli {

struct Option {
    const char *name;            // "memory"
    char letter = 0;             // 'm', or 0
    const char *value = nullptr; // name of its value in the help ("SIZE"); nullptr: no value
    bool repeats = false;        // may be given several times
    const char *help = "";
};

/// What the command line gives for one command.
class Arguments {
public:
    bool has(const std::string &name) const { return values_.count(name) != 0; }
    std::string one(const std::string &name, const std::string &fallback = {}) const {
        const auto found = values_.find(name);
        return found == values_.end() || found->second.empty() ? fallback : found->second.back();
    }
    std::vector<std::string> all(const std::string &name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::vector<std::string>() : found->second;
    }
    const std::vector<std::string> &positional() const { return positional_; }

    std::map<std::string, std::vector<std::string>> values_;
    std::vector<std::string> positional_;
};

class App;

struct Command {
    const char *name;                // "image import"
    const char *usage;               // "[OPTIONS] TAR|OCI-LAYOUT|- NAME"
    const char *help;                // one line
    std::size_t least = 0, most = 0; // positional arguments
    bool stops_at_first = false;     // options end at the first positional argument; the rest is for the container
    std::vector<Option> options = {};
    int (*run)(App &, const Arguments &) = nullptr;
};

extern const std::vector<Option> global_options;
const std::vector<Command> &commands();

/// Parses words by the options that are given. Errors name the word.
Result<Arguments> parse(const std::vector<Option> &options, const std::vector<std::string> &words, bool stops_at_first);

std::string help_of(const Command &command);
std::string help_of_all();

} // namespace core::cli
