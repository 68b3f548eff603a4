// SPDX-License-Identifier: MIT
#include "plan/arguments.hpp"

#include <gtest/gtest.h>

namespace {

using namespace core;
using plan::Arg;

struct Declared {
    std::string_view kind;
    std::vector<std::pair<std::string_view, std::string_view>> arguments; // name, notation
};

const std::vector<Declared> &all_declared() {
    static const std::vector<Declared> all = {
        {"umask", {{"mask", "int"}}},
        {"session.new", {}},
        {"root.write", {{"target", "str"}, {"content", "str"}, {"mode", "int?"}}},
        {"mount.new", {{"type", "str"}, {"target", "str"}, {"options", "str*"}}},
        {"mount.bind", {{"source", "str+|"}, {"mount", "fd+|"}, {"target", "str+"}, {"options", "str*"}}},
        {"mount.mask", {{"target", "str+"}, {"missing_ok", "int?"}}},
        {"rlimit", {{"type", "str"}, {"soft", "int"}, {"hard", "int"}}},
        {"ns.join", {{"type", "str"}, {"path", "str|"}, {"ns", "fd|"}}},
        {"ids.set", {{"uid", "int|?"}, {"gid", "int|?"}, {"user", "str|"}, {"keep_caps", "int?"}}},
        {"hostname", {{"name", "str"}}},
        {"rootfs.attach", {{"mount", "fd"}, {"at", "str"}}},
        {"root.symlink", {{"target", "str+"}, {"to", "str+"}}},
    };
    return all;
}

/// Lives as long as the program.
std::span<const Argument> of(std::string_view kind) {
    static std::map<std::string, std::vector<Argument>, std::less<>> read;
    for (const Declared &each : all_declared()) {
        if (each.kind != kind) continue;
        std::vector<Argument> &arguments = read[std::string(kind)];
        if (arguments.empty())
            for (const auto &[name, notation] : each.arguments)
                arguments.push_back(parse_argument(name, notation).value());
        return arguments;
    }
    ADD_FAILURE() << kind;
    return {};
}

Arg text(const char *name, const char *value = "x") { return {name, CTR_FORM_STRING, 0, value}; }
Arg integer(const char *name, std::int64_t value = 1) { return {name, CTR_FORM_INT, value, {}}; }
Arg value(const char *name, const char *of_name = "v") { return {name, CTR_FORM_VALUE, 0, of_name}; }

std::string problem(std::string_view kind, const std::vector<Arg> &args) {
    return plan::argument_problem(args, of(kind)).value_or("ok");
}

TEST(ArgumentCheck, TakesWhatFits) {
    EXPECT_EQ(problem("umask", {integer("mask")}), "ok");
    EXPECT_EQ(problem("umask", {value("mask")}), "ok");
    EXPECT_EQ(problem("session.new", {}), "ok");
    EXPECT_EQ(problem("root.write", {text("target"), {"content", CTR_FORM_TEMPLATE, 0, "${v}"}}), "ok");
    EXPECT_EQ(problem("root.write", {text("target"), {"content", CTR_FORM_BYTES, 0, "\xff"}}), "ok");
    EXPECT_EQ(problem("mount.new", {text("type"), text("target"), text("options"), text("options")}), "ok");
}

TEST(ArgumentCheck, RefusesANameThatTheKindDoesNotHave) {
    EXPECT_EQ(problem("umask", {integer("mode")}), "the kind has no argument mode; it has: mask");
    EXPECT_EQ(problem("umask", {integer("mask"), text("hint")}), "the kind has no argument hint; it has: mask");
    EXPECT_EQ(problem("session.new", {text("x")}), "the kind has no argument x; it takes none");
    EXPECT_NE(problem("mount.bind", {text("source"), text("target"), text("option", "ro")}), "ok");
    EXPECT_NE(problem("mount.mask", {text("targets", "/proc/kcore")}), "ok");
}

TEST(ArgumentCheck, TakesAsManyAsAManifestMayDeclare) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i <= max_arguments; ++i)
        names.push_back("a" + std::to_string(i));
    std::vector<Argument> declared;
    std::vector<Arg> args;
    for (std::size_t i = 0; i < max_arguments; ++i) {
        declared.push_back(parse_argument(names[i], "int").value());
        args.push_back(integer(names[i].c_str()));
    }
    EXPECT_EQ(plan::argument_problem(args, declared), std::nullopt);
    declared.push_back(parse_argument(names.back(), "int?").value());
    EXPECT_NE(plan::argument_problem(args, declared), std::nullopt);
}

TEST(ArgumentCheck, RefusesOneThatIsMissing) {
    EXPECT_EQ(problem("umask", {}), "the argument mask is missing");
    EXPECT_EQ(problem("rlimit", {text("type"), integer("soft")}), "the argument hard is missing");
    EXPECT_EQ(problem("mount.mask", {}), "the argument target is missing");
    EXPECT_EQ(problem("ns.join", {text("type")}), "it needs the argument path or ns");
    EXPECT_EQ(problem("ids.set", {integer("keep_caps")}), "it needs the argument uid or gid or user");
}

TEST(ArgumentCheck, RefusesAnotherType) {
    EXPECT_EQ(problem("umask", {text("mask", "022")}), "argument mask: expected an int");
    EXPECT_EQ(problem("hostname", {integer("name")}), "argument name: expected a str");
    EXPECT_EQ(problem("rootfs.attach", {text("mount", "/x"), text("at")}),
              "argument mount: expected an fd, which only a value can be");
}

TEST(ArgumentCheck, RefusesWhatIsThereTwiceAndIsNoList) {
    EXPECT_EQ(problem("umask", {integer("mask", 0), integer("mask", 022)}),
              "argument mask is there twice; it is no list");
    EXPECT_EQ(problem("hostname", {text("name"), text("name")}), "argument name is there twice; it is no list");
}

TEST(ArgumentCheck, CountsByTarget) {
    EXPECT_EQ(problem("root.symlink", {text("target"), text("to"), text("target"), text("to")}), "ok");
    EXPECT_EQ(problem("root.symlink", {text("target"), text("target"), text("to")}), "ok");
    EXPECT_EQ(problem("root.symlink", {text("target"), text("target"), text("target"), text("to"), text("to")}),
              "argument to is there 2 times for 3 targets: expected once, or once for each");
    EXPECT_NE(problem("mount.bind", {text("target"), text("source"), text("source")}), "ok");
}

TEST(ArgumentCheck, ComparesValuesWithWhatTheyAre) {
    const std::map<std::string, ctr_type> values = {
        {"i", CTR_TYPE_INT}, {"s", CTR_TYPE_STRING}, {"b", CTR_TYPE_BYTES}, {"f", CTR_TYPE_FD}};
    const auto problem_of = [&](std::string_view kind, const Arg &arg) {
        return plan::value_problem({arg}, of(kind), values).value_or("ok");
    };
    EXPECT_EQ(problem_of("umask", value("mask", "i")), "ok");
    EXPECT_EQ(problem_of("umask", value("mask", "s")), "argument mask: expected an int, and the value s is none");
    EXPECT_EQ(problem_of("rootfs.attach", value("mount", "f")), "ok");
    EXPECT_EQ(problem_of("rootfs.attach", value("mount", "s")),
              "argument mount: expected an fd, and the value s is none");
    EXPECT_EQ(problem_of("hostname", value("name", "i")), "ok");
    EXPECT_EQ(problem_of("hostname", value("name", "b")), "ok");
    EXPECT_NE(problem_of("hostname", value("name", "f")), "ok");
}

TEST(ArgumentNotation, IsReadAsTheHeaderWritesIt) {
    const auto read = [](std::string_view notation) { return parse_argument("x", notation); };
    EXPECT_TRUE(read("int")->required());
    EXPECT_TRUE(read("str+")->required());
    for (const char *notation : {"int?", "str*", "fd|", "str+?"})
        EXPECT_FALSE(read(notation)->required()) << notation;
    EXPECT_TRUE(read("str+|")->repeats());
    EXPECT_EQ(read("fd")->type, ArgumentType::fd);
    for (const char *wrong : {"", "integer", "int??", "int!", "?", "str ", "STR"})
        EXPECT_FALSE(read(wrong)) << wrong;
}

} // namespace
