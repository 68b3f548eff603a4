// SPDX-License-Identifier: MIT
//
// Messages and hints that say `ctr ps -a` or `ctr-oci delete --force`: each such command in a text of the core or of a
// plugin is in the tables of commands, with the options that stand behind it.
#include "front/cli/options.hpp"
#include "front/oci/app.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>

namespace {

using namespace core;
namespace fs = std::filesystem;

/// The code of a source file: what stands behind // is left out, and a text that goes on in the next line is one text.
std::string code_of(const fs::path &path) {
    std::ifstream file(path);
    std::string line, text;
    while (std::getline(file, line)) {
        const auto first = line.find_first_not_of(" \t");
        if (first == std::string::npos || line.compare(first, 2, "//") == 0) continue;
        text += line.substr(first) + "\n";
    }
    return std::regex_replace(text, std::regex("\"\n\""), "");
}

template <typename Command> bool is_command(const std::vector<Command> &commands,
                                            const std::vector<cli::Option> &global,
                                            const std::vector<std::string> &words) {
    const auto has = [](const std::vector<cli::Option> &options, const std::string &word) {
        return std::any_of(options.begin(), options.end(), [&](const cli::Option &each) {
            return word == "--" + std::string(each.name) ||
                   (each.letter != 0 && word == std::string("-") + each.letter);
        });
    };
    const auto options_exist = [&](std::size_t from, const std::vector<cli::Option> &own) {
        return std::all_of(
            words.begin() + static_cast<std::ptrdiff_t>(from), words.end(),
            [&](const std::string &word) { return word[0] != '-' || has(own, word) || has(global, word); });
    };
    if (words[0][0] == '-' || words[0] == "COMMAND") return options_exist(0, {});
    return std::any_of(commands.begin(), commands.end(), [&](const Command &each) {
        const std::string two = words.size() > 1 ? words[0] + " " + words[1] : std::string();
        return (words[0] == each.name && options_exist(1, each.options)) ||
               (two == each.name && options_exist(2, each.options));
    });
}

TEST(Messages, NameOnlyCommandsAndOptionsThatExist) {
    const std::regex command("`(ctr|ctr-oci) ([^`\"]*)(`|\")");
    std::size_t seen = 0;
    for (const char *folder : {"/core", "/plugins", "/sdk/include"})
        for (const auto &file : fs::recursive_directory_iterator(std::string(CTR_SOURCE_DIR) + folder)) {
            const std::string extension = file.path().extension();
            if (extension != ".cpp" && extension != ".hpp") continue;
            const std::string code = code_of(file.path());
            for (std::sregex_iterator at(code.begin(), code.end(), command), end; at != end; ++at) {
                std::istringstream stream((*at)[2].str());
                std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
                // A text that is put together ends in the middle: its last word is not known.
                if ((*at)[3] == "\"" && !words.empty() && words.back() == "--") words.pop_back();
                if (words.empty()) continue;
                ++seen;
                EXPECT_TRUE((*at)[1] == "ctr" ? is_command(cli::commands(), cli::global_options, words)
                                              : is_command(oci::commands(), oci::global_options, words))
                    << file.path() << ": " << at->str();
            }
        }
    EXPECT_GT(seen, 15u);
}

} // namespace
