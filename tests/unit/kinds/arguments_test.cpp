// SPDX-License-Identifier: MIT
//
// What the shared kinds say they take (plugins/kinds/manifest.json), against what sdk/include/ctr/kinds.h says in words
// and what their code reads.
#include "base/arguments.hpp"

#include <ctr/plugin.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

namespace {

using namespace core;

std::string read(const std::string &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << path;
    return text.str();
}

std::string notation(const Argument &argument) {
    std::string text = argument.type == ArgumentType::integer ? "int"
                       : argument.type == ArgumentType::fd    ? "fd"
                                                              : "str";
    for (const auto &[mark, letter] : {std::pair(optional_mark, '?'), std::pair(list_mark, '*'),
                                       std::pair(per_target, '+'), std::pair(either_mark, '|')})
        if (argument.has(mark)) text += letter;
    return text;
}

using Notations = std::map<std::string, std::string>; // argument -> "int?"

std::map<std::string, Notations> of_table() {
    std::map<std::string, Notations> all;
    const auto manifest = nlohmann::json::parse(read(CTR_SOURCE_DIR "/plugins/kinds/manifest.json"));
    for (const auto &[kind, what] : manifest.at("kinds").items())
        all[kind] = what.at("arguments").get<Notations>();
    return all;
}

/// The entries of the header's comment: a name of a kind at the begin of a line, and what follows up to the next one.
std::map<std::string, Notations> of_header() {
    std::map<std::string, Notations> all;
    std::istringstream header(read(CTR_SOURCE_DIR "/sdk/include/ctr/kinds.h"));
    const std::regex entry(R"(^ \* ([a-z_]+(\.[a-z_]+)?)  +(.*)$)"), more(R"(^ \*    +(.*)$)");
    const std::regex argument(R"(([a-z_]+) \((int|str|fd)\)([?*+|]*))");
    std::string line, kind;
    std::map<std::string, std::string> texts;
    for (std::smatch found; std::getline(header, line) && line.find("---- tokens") == std::string::npos;) {
        if (std::regex_match(line, found, entry))
            texts[kind = found[1]] = found[3];
        else if (std::regex_match(line, found, more) && !kind.empty())
            texts[kind] += " " + found[1].str();
        else
            kind.clear();
    }
    for (const auto &[name, text] : texts) {
        Notations &here = all[name];
        const bool as_hook = text.rfind("the arguments of oci_hook.run", 0) == 0;
        const std::string from = as_hook ? texts["oci_hook.run"] + " " + text : text;
        for (std::sregex_iterator at(from.begin(), from.end(), argument), end; at != end; ++at) {
            const auto parsed = parse_argument((*at)[1].str(), (*at)[2].str() + (*at)[3].str());
            EXPECT_TRUE(parsed) << name << ": " << at->str();
            if (parsed) here[(*at)[1].str()] = notation(*parsed);
        }
    }
    return all;
}

TEST(Arguments, OfEachSharedKindAreDeclared) {
    const auto table = of_table();
    std::set<std::string> kinds;
    for (const auto *const *each = ctr_plugin_entry_v1.kinds; *each != nullptr; ++each)
        kinds.insert((*each)->name);
    for (const std::string &kind : kinds)
        EXPECT_EQ(table.count(kind), 1u) << kind << " has no line in plugins/kinds/manifest.json";
    for (const auto &[kind, unused] : table)
        EXPECT_EQ(kinds.count(kind), 1u) << kind << " is no kind";
}

TEST(Arguments, AreThoseThatTheHeaderSays) {
    const auto table = of_table(), header = of_header();
    for (const auto &[kind, declared] : table) {
        const auto said = header.find(kind);
        if (said == header.end())
            ADD_FAILURE() << kind << ": not in sdk/include/ctr/kinds.h";
        else
            EXPECT_EQ(said->second, declared) << kind;
    }
    for (const auto &[kind, unused] : header)
        EXPECT_EQ(table.count(kind), 1u) << kind << " of sdk/include/ctr/kinds.h is not declared";
}

/// Whatever name the kinds' code asks for is an argument of some kind: one that is read and not declared could never be
/// given.
TEST(Arguments, AreAllThatTheCodeReads) {
    std::set<std::string> known;
    for (const auto &[kind, declared] : of_table())
        for (const auto &[name, unused] : declared)
            known.insert(name);
    const std::regex reads(R"re((?:run|raw\})\.(?:str|text|integer|fd|count|has|strings)\("([a-z_]+)")re");
    for (const char *file : {"clone", "console", "copy_up", "files", "hooks", "identity", "idmap", "idmapped",
                             "isolate", "machine", "mounting", "mounts", "protect", "root_files", "rootfs", "users"}) {
        const std::string code = read(std::string(CTR_SOURCE_DIR "/plugins/kinds/") + file + ".cpp");
        for (std::sregex_iterator at(code.begin(), code.end(), reads), end; at != end; ++at)
            EXPECT_EQ(known.count((*at)[1]), 1u) << file << ".cpp reads " << (*at)[1];
    }
}

} // namespace
