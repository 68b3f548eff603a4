// SPDX-License-Identifier: MIT
//
// The tokens of sdk/include/ctr/kinds.h: its comment, its constants and its list say the same, the stock plugins'
// manifests give them and no others but their own, and the stock plugins' code names them by the constants.
#include "base/json.hpp"

#include <ctr/kinds.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

namespace {

using core::Json;
namespace fs = std::filesystem;

const fs::path source = CTR_SOURCE_DIR;

std::string read(const fs::path &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_FALSE(text.str().empty()) << path;
    return text.str();
}

std::vector<std::smatch> matches(const std::string &text, const char *pattern) {
    const std::regex regex(pattern);
    return {std::sregex_iterator(text.begin(), text.end(), regex), {}};
}

const std::string &header() {
    static const std::string text = read(source / "sdk/include/ctr/kinds.h");
    return text;
}

std::set<std::string> listed() {
    std::set<std::string> all;
#define CTR_ADD(token) EXPECT_TRUE(all.insert(token).second) << token << " stands twice in CTR_TOKENS";
    CTR_TOKENS(CTR_ADD)
#undef CTR_ADD
    return all;
}

/// token -> the plugin from which it comes, if the comment names one ("from `mounts`").
std::map<std::string, std::string> described() {
    std::map<std::string, std::string> all;
    const std::string begin = " * tokens   ";
    std::istringstream lines(header().substr(header().find(begin) + begin.size() - 1));
    const std::regex row(R"(^ (?:\*          )?([a-z_.]+(?::[A-Z]+)?) +(.*)$)"), from("from `([a-z-]+)`");
    for (std::string line; std::getline(lines, line) && line != " *";) {
        std::smatch found, who;
        if (!std::regex_match(line, found, row)) {
            ADD_FAILURE() << line;
            continue;
        }
        const std::string word = found[1], text = found[2], token = word.substr(0, word.find(':') + 1);
        all[token.empty() ? word : token] = std::regex_search(text, who, from) ? who[1].str() : std::string();
    }
    return all;
}

std::map<std::string, std::set<std::string>> given() {
    std::map<std::string, std::set<std::string>> all;
    for (const auto &folder : fs::directory_iterator(source / "plugins")) {
        if (!fs::exists(folder.path() / "manifest.json")) continue;
        const Json manifest = Json::parse(read(folder.path() / "manifest.json"));
        EXPECT_TRUE(manifest.contains("gives")) << folder.path() << ": a stock plugin says what it gives, if only []";
        for (const Json &token : manifest.value("gives", Json::array()))
            all[manifest["id"]].insert(token.get<std::string>());
    }
    return all;
}

TEST(Tokens, OfTheHeaderAreDefinedListedAndDescribed) {
    std::set<std::string> defined, in_comment;
    for (const auto &each : matches(header(), "#define (CTR_TOKEN_[A-Z_]+) \"([^\"]+)\"")) {
        EXPECT_TRUE(defined.insert(each[2]).second) << each[2];
        std::string name = "CTR_TOKEN_";
        for (const char c : each[2].str())
            if (c != ':') name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
        EXPECT_EQ(each[1], name);
    }
    for (const auto &[token, plugin] : described())
        in_comment.insert(token);
    EXPECT_GT(defined.size(), 20u);
    EXPECT_EQ(listed(), defined);
    EXPECT_EQ(in_comment, defined);
}

TEST(Tokens, AreGivenByWhomTheHeaderSays) {
    const auto by = given();
    for (const auto &[token, plugin] : described()) {
        std::set<std::string> givers;
        for (const auto &[id, tokens] : by)
            if (tokens.count(token) != 0) givers.insert(id);
        if (plugin.empty()) {
            EXPECT_EQ(givers.empty(), token == CTR_TOKEN_CHILD_ALIVE) << token;
        } else {
            EXPECT_EQ(givers, std::set<std::string>{plugin}) << token;
        }
    }
}

TEST(Tokens, OfAStockManifestAreThoseOfTheHeaderOrItsOwn) {
    const auto known = listed();
    const auto by = given();
    for (const auto &[id, tokens] : by)
        for (const std::string &token : tokens) {
            const auto owner =
                by.find(token.substr(0, token.find('.'))); // cgroup-systemd has steps of cgroup-v1's code
            const bool is_own = owner != by.end() && owner->second.count(token) != 0;
            EXPECT_TRUE(known.count(token) != 0 || is_own || token == "rootfs") << id << " gives " << token;
        }
}

TEST(Tokens, AreNamedByTheirConstantsInTheStockPlugins) {
    const auto known = listed();
    std::size_t seen = 0;
    for (const auto &file : fs::recursive_directory_iterator(source / "plugins")) {
        const std::string extension = file.path().extension();
        if (extension != ".cpp" && extension != ".hpp") continue;
        const std::string id = fs::relative(file.path(), source / "plugins").begin()->string(),
                          code = read(file.path());
        for (const auto &each : matches(code, R"re(\.(?:needs|after|gives)\("([^"]*)")re")) {
            EXPECT_EQ(each[1].str().rfind(id + ".", 0), 0u) << file.path() << ": " << each.str();
            EXPECT_EQ(known.count(each[1]), 0u) << file.path() << ": has a constant: " << each.str();
        }
        seen += matches(code, R"(CTR_TOKEN_[A-Z_]+)").size();
    }
    EXPECT_GT(seen, 60u);
}

} // namespace
