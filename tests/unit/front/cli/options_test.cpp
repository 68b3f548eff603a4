// SPDX-License-Identifier: MIT
#include "front/cli/options.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;
using cli::Arguments;
using Words = std::vector<std::string>;

const std::vector<cli::Option> options = {{.name = "interactive", .letter = 'i', .help = ""},
                                          {.name = "tty", .letter = 't', .help = ""},
                                          {.name = "memory", .letter = 'm', .value = "SIZE", .help = ""},
                                          {.name = "env", .letter = 'e', .value = "NAME", .repeats = true, .help = ""},
                                          {.name = "rm", .help = ""}};

Result<Arguments> run(const Words &words) { return cli::parse(options, words, true); }

TEST(Options, EndAtTheFirstPositionalArgument) {
    const auto got = run({"--rm", "image", "ls", "--rm", "-t", "--unknown"});
    ASSERT_TRUE(got.ok()) << got.error().text();
    EXPECT_TRUE(got.value().has("rm"));
    EXPECT_FALSE(got.value().has("tty"));
    EXPECT_EQ(got.value().positional(), (Words{"image", "ls", "--rm", "-t", "--unknown"}));
}

TEST(Options, AValueIsNoPositionalArgument) {
    const auto got = run({"-m", "64m", "-e", "A=1", "--env", "B=-2", "-eC=3", "--memory=1g", "image"});
    ASSERT_FALSE(got.ok()) << "memory stands twice";
    EXPECT_NE(got.error().text().find("--memory"), std::string::npos);
    const auto once = run({"-m", "64m", "-e", "A=1", "--env", "B=-2", "-eC=3", "image", "-m"});
    ASSERT_TRUE(once.ok()) << once.error().text();
    EXPECT_EQ(once.value().one("memory"), "64m");
    EXPECT_EQ(once.value().all("env"), (Words{"A=1", "B=-2", "C=3"}));
    EXPECT_EQ(once.value().positional(), (Words{"image", "-m"}));
}

TEST(Options, SwitchesStickTogetherAndTheLastMayTakeAValue) {
    const auto got = run({"-it", "image"});
    ASSERT_TRUE(got.ok()) << got.error().text();
    EXPECT_TRUE(got.value().has("interactive") && got.value().has("tty"));
    const auto value = run({"-itm", "64m", "image"});
    ASSERT_TRUE(value.ok()) << value.error().text();
    EXPECT_EQ(value.value().one("memory"), "64m");
    EXPECT_EQ(value.value().positional(), Words{"image"});
}

TEST(Options, TwoDashesEndThem) {
    const auto got = run({"--rm", "--", "-image", "--rm"});
    ASSERT_TRUE(got.ok()) << got.error().text();
    EXPECT_EQ(got.value().positional(), (Words{"-image", "--rm"}));
}

TEST(Options, ThatDoNotExistAreNamedAndNeverGuessed) {
    for (const char *word : {"--nonsense", "--inter", "-x"}) {
        const auto got = run({word, "image"});
        ASSERT_FALSE(got.ok()) << word;
        EXPECT_NE(got.error().text().find(word), std::string::npos) << got.error().text();
    }
}

TEST(Options, WithoutTheirValueAreRefused) { EXPECT_FALSE(run({"--memory"}).ok()); }

TEST(Options, MayStandAnywhereInOtherCommands) {
    const auto got = cli::parse(options, {"a", "--rm", "b", "-e", "X"}, false);
    ASSERT_TRUE(got.ok()) << got.error().text();
    EXPECT_EQ(got.value().positional(), (Words{"a", "b"}));
    EXPECT_EQ(got.value().one("env"), "X");
}

TEST(Commands, EachHasHelpAndNoOptionTwice) {
    for (const cli::Command &command : cli::commands()) {
        EXPECT_NE(cli::help_of(command).find(command.help), std::string::npos);
        std::vector<cli::Option> all = command.options;
        all.insert(all.end(), cli::global_options.begin(), cli::global_options.end());
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) {
                EXPECT_STRNE(all[i].name, all[j].name) << command.name;
                EXPECT_FALSE(all[i].letter != 0 && all[i].letter == all[j].letter)
                    << command.name << " -" << all[i].letter;
            }
    }
}

} // namespace
