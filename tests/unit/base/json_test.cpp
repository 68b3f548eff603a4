// SPDX-License-Identifier: MIT
#include "base/json_view.hpp"
#include "base/json_writer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using namespace core;

constexpr const char *accepted[] = {"{}",
                                    "[]",
                                    " \n\t\r[1, -2 , 0, 1.5e3, \"x\"]\n",
                                    R"({"a":{"b":[null,true,false]},"c":"d"})",
                                    R"("\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t")",
                                    "\"ä€😀\x7f\"",
                                    "-0",
                                    "123456789012345678901234567890"};

constexpr const char *refused[] = {"",
                                   " ",
                                   "{",
                                   "[1,]",
                                   "[1 2]",
                                   "{\"a\"}",
                                   "{\"a\":}",
                                   "{\"a\":1,}",
                                   "{a:1}",
                                   "[01]",
                                   "[1.]",
                                   "[+1]",
                                   "[.5]",
                                   "[nul]",
                                   "[True]",
                                   "\"x",
                                   "\"\\x\"",
                                   "\"\\u12g4\"",
                                   "\"\\ud800\"",
                                   "\"\t\"",
                                   "\"\xff\"",
                                   "\"\xc0\xaf\"",
                                   "\"\xed\xa0\x80\"",
                                   "\"\xf4\x90\x80\x80\"",
                                   "\"\xe2\x82\"",
                                   "{} {}",
                                   "[1]]",
                                   "// x\n{}",
                                   "[1e999]",
                                   "\"\\"};

TEST(JsonText, AcceptsAndRefusesWhatTheParserDoes) {
    for (const char *text : accepted) {
        EXPECT_TRUE(parse_json(text, "t", JsonOptions{}).ok()) << text;
        EXPECT_TRUE(JsonText::of(text, "t", 32).ok()) << text;
    }
    for (const char *text : refused) {
        const auto parsed = parse_json(text, "t", JsonOptions{});
        const auto viewed = JsonText::of(text, "t", 32);
        ASSERT_FALSE(parsed.ok()) << text;
        ASSERT_FALSE(viewed.ok()) << text;
        EXPECT_EQ(viewed.error().text(), parsed.error().text());
    }
}

TEST(JsonText, RefusesWhatIsNestedTooDeeply) {
    EXPECT_TRUE(JsonText::of("[[{}]]", "t", 3).ok());
    const auto deeper = JsonText::of("[[{\"a\":[]}]]", "t", 3);
    ASSERT_FALSE(deeper.ok());
    EXPECT_NE(deeper.error().text().find("nested deeper than 3 levels"), std::string::npos);
}

TEST(JsonView, GivesMembersElementsAndScalars) {
    const std::string text =
        R"( {"a\n": [1, "x\u00e4", {"b": "]}"}], "t": true, "n": null, "big": 9223372036854775808, "r": 1.0} )";
    const auto document = JsonText::of(text, "t", 32);
    ASSERT_TRUE(document.ok());
    const auto members = document.value().root().members();
    ASSERT_EQ(members.size(), 5U);
    EXPECT_EQ(members[0].first, "a\n");
    const auto elements = members[0].second.elements();
    ASSERT_EQ(elements.size(), 3U);
    EXPECT_EQ(elements[0].integer(), 1);
    EXPECT_EQ(elements[1].text(), "xä");
    EXPECT_EQ(elements[2].raw(), R"({"b": "]}"})");
    EXPECT_EQ(elements[2].members()[0].second.text(), "]}");
    EXPECT_TRUE(members[1].second.is_boolean() && members[1].second.boolean());
    EXPECT_STREQ(members[2].second.type_name(), "null");
    EXPECT_EQ(members[3].second.integer(), std::nullopt);
    EXPECT_EQ(members[4].second.integer(), std::nullopt);
}

TEST(JsonWriter, WritesWhatTheParserReads) {
    const Json json = Json::parse(
        R"({"a":[],"b":{},"c":[1,-2,1.5,true,false,null],"d":{"e":[[{}],"x"]},"\"\\\n\u0001":"ä\t€😀\u007f"})");
    JsonWriter out;
    out.begin('{').key("all").value(json).key("text").text("a\"b").key("n").integer(-7).key("y").boolean(true);
    out.key("list").begin('[').text("x").null().begin('{').end('}').end(']').end('}');
    EXPECT_FALSE(out.replaced());
    const Json read = Json::parse(out.take());
    EXPECT_EQ(read["all"], json);
    EXPECT_EQ(read["list"], Json::parse(R"(["x",null,{}])"));
    EXPECT_EQ(read["text"], "a\"b");
    EXPECT_EQ(read["n"], -7);
}

TEST(JsonWriter, SaysWhenATextWasNotUTF8) {
    JsonWriter out;
    out.text("a\xff\xe2\x82z");
    EXPECT_TRUE(out.replaced());
    EXPECT_EQ(Json::parse(out.take()), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(ParseJson, QuotesNoMoreOfABadTextThanAReaderNeeds) {
    const auto bad = parse_json("{\"" + std::string(5000, '\x1b') + "\": 1}", "x.json");
    ASSERT_FALSE(bad.ok());
    EXPECT_LT(bad.error().text().size(), 1000u);
    EXPECT_EQ(bad.error().path, "x.json:1:3");
}

} // namespace
