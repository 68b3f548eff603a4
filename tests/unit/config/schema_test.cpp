// SPDX-License-Identifier: MIT
#include "config/schema.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace core;
using namespace core::config;

namespace {

const Json bridge = Json::parse(R"({
    "type": "object",
    "additionalProperties": false,
    "required": ["subnet"],
    "properties": {
        "subnet": {"type": "string", "pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$"},
        "mtu": {"type": "integer", "minimum": 68, "maximum": 65535, "default": 1500},
        "mode": {"enum": ["nat", "routed"]},
        "name": {"type": "string", "minLength": 1, "maxLength": 15},
        "ports": {"type": "array", "items": {"type": ["integer", "string"]}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "dns": {"oneOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}
    }
})");

std::string error(const char *value, const Json &schema = bridge) {
    const auto result = validate(Json::parse(value), schema, "/bridge");
    return result.ok() ? "ok" : result.error().text();
}

std::string schema_error(const char *schema) {
    const auto result = check_schema(Json::parse(schema), "/config");
    return result.ok() ? "ok" : result.error().text();
}

} // namespace

TEST(Schema, TakesWhatFits) {
    ASSERT_TRUE(check_schema(bridge).ok()) << check_schema(bridge).error().text();
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "mtu": 68, "mode": "nat", "name": "ä", "ports": [1, "2"],
                        "labels": {"a": "b"}, "dns": ["10.0.0.1"]})"),
              "ok");
}

TEST(Schema, NamesThePathWhatWasExpectedAndWhatWasGot) {
    EXPECT_EQ(error(R"([])"), "/bridge: expected an object, got an array");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "mtu": 60})"),
              "/bridge/mtu: expected an integer from 68 to 65535, got 60");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "mtu": 1500.0})"),
              "/bridge/mtu: expected an integer from 68 to 65535, got 1500.0");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "mode": "nta"})"),
              "/bridge/mode: expected \"nat\" or \"routed\", got \"nta\"");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "name": ""})"),
              "/bridge/name: expected a string of 1 to 15 characters, got \"\"");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "ports": [1, true]})"),
              "/bridge/ports/1: expected an integer or a string, got true");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "labels": {"a/b": 1}})"),
              "/bridge/labels/a~1b: expected a string, got 1");
    EXPECT_EQ(
        error(R"({"subnet": "10.5.0.0"})"),
        "/bridge/subnet: expected a string that matches ^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$, got \"10.5.0.0\"");
    EXPECT_NE(error(R"({"mtu": 1500})").find("/bridge/subnet: missing: expected a string"), std::string::npos);
}

TEST(Schema, SuggestsTheKeyThatWasMeant) {
    const auto near = validate(Json::parse(R"({"subent": "x"})"), bridge);
    ASSERT_FALSE(near.ok());
    EXPECT_EQ(near.error().text(), "/subent: unknown key");
    EXPECT_EQ(near.error().hint, "did you mean \"subnet\"?");
    const auto far = validate(Json::parse(R"({"colour": "x"})"), bridge);
    EXPECT_EQ(far.error().hint, "known: dns, labels, mode, mtu, name, ports, subnet");
}

TEST(Schema, ChoicesReportTheAlternativeOfTheRightType) {
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "dns": [1]})"), "/bridge/dns/0: expected a string, got 1");
    EXPECT_EQ(error(R"({"subnet": "10.5.0.0/16", "dns": 1})"),
              "/bridge/dns: expected true or false or an array, got 1");
    EXPECT_EQ(error("5", Json::parse(R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})")),
              "/bridge: 5 fits more than one of the alternatives: an integer or a number");
    EXPECT_EQ(error("5", Json::parse(R"({"anyOf": [{"type": "integer"}, {"type": "number"}]})")), "ok");
}

TEST(Schema, ComparesLargeIntegersExactly) {
    const Json schema = Json::parse(R"({"type": "integer", "maximum": 18446744073709551614, "minimum": -1})");
    EXPECT_EQ(error("18446744073709551614", schema), "ok");
    EXPECT_NE(error("18446744073709551615", schema), "ok");
    EXPECT_EQ(error("-1", schema), "ok");
    EXPECT_NE(error("-2", schema), "ok");
}

TEST(Schema, RefusesKeywordsThatNobodyEnforces) {
    EXPECT_EQ(schema_error(R"({"type": "object", "propertys": {}})"), "/config/propertys: unknown keyword");
    EXPECT_EQ(schema_error(R"({"properties": {"a": {"format": "ipv4"}}})"),
              "/config/properties/a/format: unknown keyword");
    EXPECT_EQ(schema_error(R"({"type": "strnig"})"), "/config/type: unknown type \"strnig\"");
    EXPECT_EQ(schema_error(R"({"type": []})"), "/config/type: expected the name of a type, got an array");
    EXPECT_EQ(schema_error(R"({"enum": []})"), "/config/enum: expected an array that is not empty, got an array");
    EXPECT_EQ(schema_error(R"({"minimum": 2, "maximum": 1})"), "/config/minimum: is larger than maximum");
    EXPECT_EQ(schema_error(R"({"type": "integer", "default": "x"})"),
              "/config/default: expected an integer, got \"x\"");
    EXPECT_EQ(schema_error(R"({"required": ["a"], "additionalProperties": false})"),
              "/config/required: \"a\" is required but no property");
    EXPECT_EQ(schema_error(R"({"items": {"anyOf": [1]}})"),
              "/config/items/anyOf/0: expected a schema (an object), got 1");
    EXPECT_EQ(schema_error(R"({"oneOf": [{"type": "string"}, {"type": "null"}], "description": "x"})"), "ok");
}

TEST(Schema, RefusesPatternsThatMeanSomethingElseInPosix) {
    for (const char *bad : {R"(\\d+)", "a*?", "(?:a)", "(?=a)", R"([\\w])", "[a", "(a", "a{2,1}", "a{,3}",
                            "((a{200}){200})", R"(a\\)", "a++", ""})
        EXPECT_NE(schema_error((std::string(R"({"pattern": ")") + bad + "\"}").c_str()), "ok") << bad;
    for (const char *good : {"^[0-9a-f]{12}$", R"(^([0-9]{1,3}\\.){3}[0-9]+$)", "^(a|b)?$", "[]a]", "^$", R"(\\.so$)"})
        EXPECT_EQ(schema_error((std::string(R"({"pattern": ")") + good + "\"}").c_str()), "ok") << good;
}

TEST(Schema, PatternsSeeTheWholeTextBehindANul) {
    const Json schema = {{"pattern", "^a$"}};
    EXPECT_TRUE(validate(Json("a"), schema).ok());
    EXPECT_FALSE(validate(Json(std::string("a\0b", 3)), schema).ok());
    EXPECT_FALSE(validate(Json("a\n"), schema).ok());
}
