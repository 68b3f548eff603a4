// SPDX-License-Identifier: MIT
#include "base/json.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace core;

TEST(Text, SplitsAtEverySeparatorAndKeepsEmptyParts) {
    EXPECT_EQ(split("a:b:", ':'), (std::vector<std::string_view>{"a", "b", ""}));
    EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
    EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Text, QuotesControlCharactersAndCutsLongText) {
    EXPECT_EQ(in_quotes("a\"b\n\x01"), "\"a\\\"b\\n\\x01\"");
    EXPECT_EQ(in_quotes("abcdef", 3), "\"abc\"...");
    EXPECT_EQ(in_quotes("ab\xc3\xa4", 3), "\"ab\"...") << "never inside a UTF-8 sequence";
}

TEST(Text, ReadsOnlyWholeDecimalNumbersThatFit) {
    EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615u);
    for (const char *bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"})
        EXPECT_FALSE(parse_u64(bad)) << bad;
}

TEST(Text, CountsASwapOfNeighboursAsOneEdit) {
    EXPECT_EQ(edit_distance("bridge", "bridge"), 0u);
    EXPECT_EQ(edit_distance("brigde", "bridge"), 1u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Text, SuggestsTheNearestWordOrListsWhatIsKnown) {
    EXPECT_EQ(suggestion("brigde", {"host", "bridge"}), "did you mean \"bridge\"?");
    EXPECT_EQ(suggestion("Subnet", {"subnet"}), "did you mean \"subnet\"?");
    EXPECT_EQ(suggestion("zzz", {"host", "bridge"}), "known: host, bridge");
    EXPECT_EQ(suggestion("zzz", {}), "");
    EXPECT_EQ(suggestion(std::string(100000, 'a'), {"a"}), "known: a");
}

TEST(Text, PrintsReadableTextAsItIs) {
    for (const char *text : {"", "a b ~ \\x1b", "Gr\u00fc\u00dfe", "\u4e2d\u6587 \U0001f600", "\u00a0", "\u200b"}) {
        EXPECT_EQ(printable(text), text);
        EXPECT_EQ(printable(text, true), text);
    }
}

TEST(Text, NoControlCharacterOfAStrangerReachesTheTerminal) {
    EXPECT_EQ(printable("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
    EXPECT_EQ(printable(std::string_view("\0\r\b", 3)), "\\x00\\x0d\\x08");
    EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\tc") << "a line that a name brings along is none";
    EXPECT_EQ(printable("a\nb\tc\r", true), "a\nb\tc\\x0d");
    EXPECT_EQ(printable("\x7f"), "\\u007f");
    EXPECT_EQ(printable("\u0080\u009b31m\u009f"), "\\u0080\\u009b31m\\u009f") << "C1, in UTF-8";
    EXPECT_EQ(printable("\x9b\x31m"), "\\x9b1m") << "C1, as a byte";
    EXPECT_EQ(printable("\u2028\u202e\u2066\u200f\u061c"), "\\u2028\\u202e\\u2066\\u200f\\u061c");
    EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut off";
    EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"), "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80")
        << "overlong, a surrogate, above U+10FFFF";
}

TEST(Text, EveryByteAndEveryPairOfBytesComesOutHarmless) {
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            const std::string text = {static_cast<char>(first), static_cast<char>(second)}, out = printable(text);
            for (const char c : out)
                EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << first << " " << second;
            EXPECT_EQ(printable(out), out) << "once is enough";
        }
}

TEST(Text, JsonStaysTheSameJson) {
    const Json json = {{"a\u009b\x7f", "\x1b\u202e\n"}, {"b", "Gr\u00fc\u00dfe"}};
    const std::string out = printable(json.dump(2), true);
    EXPECT_EQ(out.find('\x7f'), std::string::npos);
    EXPECT_EQ(Json::parse(out), json);
}
