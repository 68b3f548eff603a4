// SPDX-License-Identifier: MIT
#include "plugin/manifest.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;

void expect_refused(const char *text, std::initializer_list<const char *> words) {
    const auto result = plugin::parse_manifest(text, "/x/p.so");
    ASSERT_FALSE(result.ok()) << text;
    const std::string error = result.error().text() + " | " + result.error().hint;
    for (const char *word : words)
        EXPECT_NE(error.find(word), std::string::npos) << word << " is not in: " << error;
}

TEST(Manifest, IsReadWithAllItsKeys) {
    const auto result =
        plugin::parse_manifest(R"({"id": "p", "version": "1.2", "abi": 1, "summary": "s", "slot": "storage",
        "default": {"rank": 3, "when": [{"ask": "kernel", "is": "6.1"}]}, "operations": ["create", "exec"], "always": true,
        "extensions": ["ctr.storage/1"], "kinds": {"p.a": {"process": "parent", "arguments": {"path": "str", "mode": "int?"}}, "p.b": "child"},
        "needs": ["n"], "gives": ["g"],
        "claims": ["/root/path"], "privileges": ["CAP_SYS_ADMIN"], "config": {"type": "object"}})",
                               "p.so");
    ASSERT_TRUE(result.ok()) << result.error().text();
    const plugin::Manifest &manifest = result.value();
    EXPECT_EQ(manifest.rank, 3);
    EXPECT_TRUE(manifest.automatic);
    EXPECT_EQ(manifest.when.at(0).is, "6.1");
    EXPECT_EQ(manifest.kinds.at("p.a").process, CTR_PROCESS_PARENT);
    EXPECT_EQ(manifest.kinds.at("p.b").process, CTR_PROCESS_CHILD);
    EXPECT_NE(manifest.kinds.at("p.a").arguments.find("mode int?\n"), std::string::npos);
    EXPECT_FALSE(manifest.kinds.at("p.b").says_arguments);
    EXPECT_TRUE(manifest.lists_gives);
    EXPECT_TRUE(manifest.plans(CTR_OP_EXEC));
    EXPECT_FALSE(manifest.plans(CTR_OP_IMAGE_IMPORT));
}

TEST(Manifest, WithoutOperationsPlansForCreateOnly) {
    const auto result = plugin::parse_manifest(R"({"id": "p", "version": "1", "abi": 1})", "p.so");
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(result.value().plans(CTR_OP_CREATE));
    EXPECT_FALSE(result.value().plans(CTR_OP_EXEC));
    EXPECT_FALSE(result.value().automatic);
}

TEST(Manifest, OfTheFirstReleaseMaySayNothingOfTokens) {
    const auto lists = [](const std::string &more) {
        return plugin::parse_manifest(R"({"id": "p", "version": "1", "abi": 1)" + more + "}", "p.so")
            .value()
            .lists_gives;
    };
    EXPECT_FALSE(lists(""));
    EXPECT_TRUE(lists(R"(, "gives": [])"));
    expect_refused(R"({"id": "p", "version": "1", "abi": 1, "gives": [""]})", {"gives", "an empty one"});
}

TEST(Manifest, OfAnotherAbiIsRefusedWhateverItsKeys) {
    expect_refused(R"({"abi": 2, "id": "p", "new_key": 1})", {"abi", "expected 1", "got 2", "/x/p.so", "SDK"});
}

TEST(Manifest, ErrorsNameTheKeyWhatWasExpectedAndWhatWasGot) {
    expect_refused("{\"abi\": 1", {"manifest"});
    expect_refused("[]", {"expected an object", "array"});
    expect_refused(R"({"abi": 1, "version": "1"})", {"id", "nothing"});
    expect_refused(R"({"abi": 1, "id": 5, "version": "1"})", {"id", "a string", "number"});
    expect_refused(R"({"abi": 1, "id": "P/x", "version": "1"})", {"id", "P/x"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "clams": []})", {"clams", "unknown key"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "claims": "/x"})", {"claims", "an array of strings"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "claims": [1]})", {"claims", "number"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "always": "yes"})", {"always", "true or false"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "slot": "gpu"})",
                   {"slot", "storage, network, cgroup, image", "gpu"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "kinds": {"a": "both"}})", {"kinds/a", "both"});
    const auto kind = [](const char *what, std::initializer_list<const char *> words) {
        expect_refused((std::string(R"({"abi": 1, "id": "p", "version": "1", "kinds": {"a": )") + what + "}}").c_str(),
                       words);
    };
    kind(R"({"arguments": {}})", {"kinds/a/process", "nothing"});
    kind(R"({"process": "parent", "arguments": ["path"]})", {"kinds/a/arguments", "an object"});
    kind(R"({"process": "parent", "arguments": {"path": "string"}})", {"kinds/a/arguments/path", "string"});
    kind(R"({"process": "parent", "arguments": {"path": 1}})", {"kinds/a/arguments/path", "1"});
    kind(R"({"process": "parent", "undo": true})", {"kinds/a"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "operations": ["delete"]})", {"operations", "delete"});
    expect_refused(R"({"abi": 1, "id": "p", "version": "1", "default": {"rank": 1, "when": [{"ask": "x"}]}})",
                   {"default/when"});
}

} // namespace
