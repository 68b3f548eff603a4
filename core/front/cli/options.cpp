// SPDX-License-Identifier: MIT
#include "front/cli/options.hpp"

#include <algorithm>
#include <boost/program_options.hpp>

namespace core::cli {
namespace {

namespace po = boost::program_options;

std::string left_column(const Option &option) {
    std::string left = option.letter != 0 ? std::string("-") + option.letter + ", " : "    ";
    left += std::string("--") + option.name;
    if (option.value != nullptr) left += std::string(" ") + option.value;
    return left;
}

std::string option_lines(const std::vector<Option> &options) {
    std::size_t width = 0;
    for (const Option &option : options)
        width = std::max(width, left_column(option).size());
    std::string out;
    for (const Option &option : options) {
        const std::string left = left_column(option);
        out += "  " + left + std::string(width - left.size() + 2, ' ') + option.help +
               (option.repeats ? " (repeats)" : "") + "\n";
    }
    return out;
}

po::options_description described(const std::vector<Option> &options) {
    po::options_description out;
    for (const Option &option : options) {
        const std::string names = option.letter != 0 ? std::string(option.name) + "," + option.letter : option.name;
        if (option.value == nullptr)
            out.add_options()(names.c_str(), "");
        else
            out.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
    }
    return out;
}

/// How many words belong to ctr itself: all before the first word that is neither an option nor an option's value.
std::size_t own_words(const std::vector<Option> &options, const std::vector<std::string> &words) {
    const auto takes_value = [&](const std::string &word) {
        if (word.find('=') != std::string::npos) return false;
        for (const Option &option : options) {
            if (option.value == nullptr) continue;
            if (word == std::string("--") + option.name) return true;
            // In -it only the last letter can take the next word.
            if (option.letter != 0 && word.size() >= 2 && word[0] == '-' && word[1] != '-' &&
                word.back() == option.letter) {
                const bool all_switches = std::all_of(word.begin() + 1, word.end() - 1, [&](char c) {
                    return std::any_of(options.begin(), options.end(),
                                       [c](const Option &each) { return each.letter == c && each.value == nullptr; });
                });
                if (all_switches) return true;
            }
        }
        return false;
    };
    std::size_t i = 0;
    while (i < words.size() && words[i].size() > 1 && words[i][0] == '-') {
        if (words[i] == "--") return i + 1;
        i += takes_value(words[i]) ? 2 : 1;
    }
    return std::min(i, words.size());
}

} // namespace

Result<Arguments> parse(const std::vector<Option> &options, const std::vector<std::string> &words,
                        bool stops_at_first) {
    Arguments out;
    std::vector<std::string> own = words;
    if (stops_at_first) {
        const std::size_t n = own_words(options, words);
        own.assign(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n));
        out.positional_.assign(words.begin() + static_cast<std::ptrdiff_t>(n), words.end());
        if (!own.empty() && own.back() == "--") own.pop_back();
    }
    try {
        const po::options_description description = described(options);
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        const auto parsed = po::command_line_parser(own).options(description).style(style).run();
        for (const auto &each : parsed.options) {
            if (each.position_key >= 0) {
                out.positional_.insert(out.positional_.end(), each.value.begin(), each.value.end());
                continue;
            }
            auto &values = out.values_[each.string_key];
            const auto row = std::find_if(options.begin(), options.end(),
                                          [&](const Option &option) { return option.name == each.string_key; });
            if (!values.empty() && row != options.end() && !row->repeats && row->value != nullptr)
                return invalid("--" + each.string_key, "given twice", "give it once");
            values.insert(values.end(), each.value.begin(), each.value.end());
        }
    } catch (const po::error &e) {
        return failure(CTR_E_INVALID, e.what(), "--help behind the command lists its options");
    }
    return out;
}

std::string help_of(const Command &command) {
    std::string out = std::string("Usage: ctr ") + command.name + " " + command.usage + "\n\n" + command.help + "\n";
    if (!command.options.empty()) out += "\nOptions:\n" + option_lines(command.options);
    return out + "\nGlobal options:\n" + option_lines(global_options);
}

std::string help_of_all() {
    std::size_t width = 0;
    for (const Command &command : commands())
        width = std::max(width, std::string(command.name).size());
    std::string out = "Usage: ctr [GLOBAL OPTIONS] COMMAND ...\n\nA container runtime that comes apart: a plan of "
                      "steps, made by plugins.\n\nCommands:\n";
    for (const Command &command : commands())
        out += "  " + std::string(command.name) + std::string(width - std::string(command.name).size() + 2, ' ') +
               command.help + "\n";
    return out + "\nGlobal options:\n" + option_lines(global_options) + "\n`ctr COMMAND --help` says more.\n";
}

} // namespace core::cli
