// SPDX-License-Identifier: MIT
//
// A config.json with one field wrong gives one clear error that names the field, and leaves nothing. The documents are
// made from the table of all fields (core/spec/oci_fields.hpp): each field with values of other types, out of range,
// unknown words, too long, missing. All are given to the validation, one of each field's to the program as well.
#include "fixture/oci.hpp"
#include "spec/oci.hpp"
#include "spec/oci_fields.hpp"

#include <limits>

using namespace fixture;
using core::spec::Field;
using core::spec::Type;

namespace {

constexpr const char *examples[] = {"/x",  "A=b",     "1.3.0",         "0",        "rwm",
                                    "2MB", "MB:0=10", "RLIMIT_NOFILE", "CAP_KILL", "x"};

Json example_of(std::uint16_t row);

Json example_text(const Field &field) {
    if (!field.shape.choices.empty()) return std::string(field.shape.choices[0]);
    for (const char *text : examples)
        if (field.shape.good == nullptr || field.shape.good(text)) return text;
    ADD_FAILURE() << "no example for " << field.pattern << ": add one to `examples`";
    return nullptr;
}

/// With what is required in it, and no more.
Json example_object(std::uint16_t row) {
    Json made = Json::object();
    for (std::uint16_t child = core::spec::links()[row].first_child; child != 0;
         child = core::spec::links()[child].next)
        if ((core::spec::fields()[child].flags & core::spec::required) != 0)
            made[std::string(core::spec::name_of(child))] = example_of(child);
    return made;
}

Json example_of(std::uint16_t row) {
    const Field &field = core::spec::fields()[row];
    switch (field.shape.type) {
    case Type::object: return example_object(row);
    case Type::list:
        return field.shape.low == 0 ? Json::array() : Json::array({example_of(core::spec::links()[row].first_child)});
    case Type::map: return Json::object();
    case Type::text: return example_text(field);
    case Type::boolean: return true;
    case Type::integer: return field.shape.low > 0 ? Json(field.shape.low) : Json(0);
    case Type::foreign: break;
    }
    return nullptr;
}

std::vector<std::string> components(std::string_view pattern) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < pattern.size();) {
        const std::size_t end = std::min(pattern.find('/', at + 1), pattern.size());
        all.emplace_back(pattern.substr(at + 1, end - at - 1));
        at = end;
    }
    return all;
}

/// `base` with all that stands on the way to the field, and where it stands then: "/mounts/0/type".
struct Made {
    Json spec;
    std::string pointer;
};
Made with_way_to(Json base, std::string_view pattern) {
    Made made = {std::move(base), ""};
    std::uint16_t row = 0;
    for (const std::string &name : components(pattern)) {
        Json &parent = made.spec[Json::json_pointer(made.pointer)];
        const bool in_list = core::spec::fields()[row].shape.type == Type::list;
        row = core::spec::child_named(row, name);
        const std::string step = name != "*" ? name : in_list ? "0" : "key";
        made.pointer += "/" + step;
        const bool there = in_list ? !parent.empty() : parent.contains(step);
        if (there) continue;
        if (in_list)
            parent.push_back(example_of(row));
        else
            parent[step] = example_of(row);
    }
    return made;
}

bool is_of(const Json &value, Type type) {
    switch (type) {
    case Type::object:
    case Type::map: return value.is_object();
    case Type::list: return value.is_array();
    case Type::text: return value.is_string();
    case Type::boolean: return value.is_boolean();
    case Type::integer: return value.is_number_integer();
    case Type::foreign: return true;
    }
    return false;
}

std::vector<Json> wrong_values(const Field &field) {
    std::vector<Json> all;
    if (field.shape.type == Type::foreign) return all;
    for (const Json &value : {Json(true), Json(7), Json(1.5), Json("7"), Json::array(), Json::object(), Json(1e300)})
        if (!is_of(value, field.shape.type)) all.push_back(value);
    const auto &shape = field.shape;
    if (shape.type == Type::integer) {
        if (shape.low > std::numeric_limits<std::int64_t>::min()) all.emplace_back(shape.low - 1);
        if (shape.high < std::numeric_limits<std::uint64_t>::max()) all.emplace_back(shape.high + 1);
        all.push_back(Json::parse("99999999999999999999999"));
    }
    if (shape.type == Type::text) {
        all.emplace_back(std::string("a\0b", 3));
        if (!shape.choices.empty()) all.emplace_back("no-such-word");
        if (shape.good != nullptr)
            for (const char *text : {"", "\n", "=", "no such"})
                if (!shape.good(text)) all.emplace_back(text);
        if (shape.high <= (1U << 20)) all.emplace_back(std::string(shape.high + 1, '/'));
    }
    if (shape.type == Type::list && shape.low > 0) all.push_back(Json::array());
    return all;
}

class OciWrong : public OciTest {
protected:
    /// Given to the program: one error, which has all of `words`, and nothing left.
    void expect_error(const std::string &text, const std::vector<std::string> &words,
                      const std::string &command = "create") const {
        const Bundle made = bundle("wrong", "true");
        made.write();
        write_text(made.dir + "/config.json", text);
        const Ran ran = oci({command, "-b", made.dir, "wrong"}, {"--log-format", "json"});
        ASSERT_STATUS(ran, 1);
        std::string message;
        for (const std::string &line : lines_of(ran.err)) {
            const Json parsed = Json::parse(line, nullptr, false);
            ASSERT_TRUE(parsed.is_object()) << line.substr(0, 1000);
            if (parsed["level"] != "error") continue;
            EXPECT_EQ(message, "") << "more than one error";
            message = parsed["msg"];
        }
        EXPECT_LT(message.size(), 3000U);
        for (const std::string &word : words)
            EXPECT_HAS(message.substr(0, 3000), word);
        EXPECT_EQ(status("wrong"), "gone");
    }
};

} // namespace

TEST_F(OciWrong, EveryFieldByValidation) {
    std::size_t documents = 0;
    for (const Field &field : core::spec::fields()) {
        if (field.pattern.empty()) continue;
        const Made right = with_way_to({{"ociVersion", "1.3.0"}}, field.pattern);
        for (const Json &value : wrong_values(field)) {
            Json spec = right.spec;
            spec[Json::json_pointer(right.pointer)] = value;
            const auto result = core::spec::validate(spec);
            ++documents;
            const std::string shown = value.dump().substr(0, 60);
            ASSERT_FALSE(result.ok()) << right.pointer << " = " << shown << " is taken";
            EXPECT_HAS(result.error().text(), right.pointer) << shown;
            EXPECT_LT(result.error().text().size(), 1000U);
        }
        if ((field.flags & core::spec::required) != 0) {
            Json spec = right.spec;
            const Json::json_pointer at(right.pointer);
            spec[at.parent_pointer()].erase(at.back());
            const auto result = core::spec::validate(spec);
            ++documents;
            ASSERT_FALSE(result.ok()) << right.pointer << " may be missing";
            EXPECT_HAS(result.error().text(), right.pointer);
        }
    }
    EXPECT_GT(documents, 1500U);
    RecordProperty("documents", static_cast<int>(documents));
}

TEST_F(OciWrong, OneOfEveryFieldByTheProgram) {
    const Json base = bundle("wrong", "true").config;
    std::size_t which = 0, documents = 0;
    for (const Field &field : core::spec::fields()) {
        const std::vector<Json> wrong = wrong_values(field);
        if (field.pattern.empty() || wrong.empty()) continue;
        Made made = with_way_to(base, field.pattern);
        made.spec[Json::json_pointer(made.pointer)] = wrong[which++ % wrong.size()];
        expect_error(made.spec.dump(), {made.pointer});
        ++documents;
        if (HasFailure()) return;
    }
    EXPECT_GT(documents, 200U);
}

TEST_F(OciWrong, TextThatIsNoDocument) {
    const std::string whole = bundle("wrong", "true").config.dump();
    for (const std::string &text :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"), std::string("7"),
          whole.substr(0, whole.size() / 2), whole + "}", std::string("\xff\xfe"), std::string(4096, '\0'),
          "{\"ociVersion\": \"1.3.0\", \"a\": " + std::string(1000000, '[')})
        expect_error(text, {"config.json"});
    expect_error(std::string(1000000, '{'), {"config.json"});
    std::string deep = "1";
    for (int i = 0; i < 2000; ++i)
        deep = "{\"a\":" + deep + "}";
    expect_error("{\"ociVersion\": \"1.3.0\", \"annotations\": " + deep + "}", {"config.json", "nested"});
    expect_error(std::string(std::size_t{17} << 20, ' '), {"config.json", "large"});
}

TEST_F(OciWrong, TenMegabytesOfOneField) {
    const Json base = bundle("wrong", "true").config;
    constexpr std::size_t size = 10 << 20;
    const std::string text(size, 'x');
    for (const char *pointer :
         {"/hostname", "/process/cwd", "/process/args/0", "/process/env/0", "/root/path", "/mounts/0/destination",
          "/mounts/0/source", "/linux/cgroupsPath", "/linux/maskedPaths/0", "/linux/namespaces/0/path",
          "/linux/namespaces/0/type", "/ociVersion", "/domainname"}) {
        SCOPED_TRACE(pointer);
        Json spec = base;
        spec[Json::json_pointer(pointer)] = text;
        expect_error(spec.dump(), {});
        if (HasFailure()) return;
    }
}

TEST_F(OciWrong, TenMegabytesOfManyElements) {
    const Json base = bundle("wrong", "true").config;
    const auto many = [&](const char *pointer, const Json &element, std::size_t n) {
        Json spec = base;
        Json all = Json::array();
        for (std::size_t i = 0; i < n; ++i)
            all.push_back(element);
        spec[Json::json_pointer(pointer)] = std::move(all);
        return spec.dump();
    };
    // The kernel takes no more than some megabytes of arguments and environment.
    expect_error(many("/process/args", "/bin" + std::string(90, '/') + "true", 100000), {"E2BIG"}, "run");
    Json spec = base;
    for (int i = 0; i < 100000; ++i)
        spec["process"]["env"].push_back("X" + std::to_string(i) + "=" + std::string(100, 'x'));
    expect_error(spec.dump(), {"E2BIG"}, "run");
    expect_error(many("/linux/namespaces", {{"type", "pid"}}, 300000), {"/linux/namespaces/1/type"});
    expect_error(many("/process/rlimits", {{"type", "RLIMIT_CPU"}, {"hard", 1}, {"soft", 1}}, 100000),
                 {"/process/rlimits/1/type"});
}

TEST_F(OciWrong, WhatNobodyReadsMayBeLarge) {
    Bundle made = bundle("large", "true");
    for (int i = 0; i < 1000; ++i)
        made.config["annotations"]["key" + std::to_string(i)] = std::string(5000, 'v');
    EXPECT_STATUS(run(made), 0);
    made.config["notInTheSpecification"] = std::string(1 << 20, 'x');
    made.config["process"]["alsoNot"] = {{"a", 1}};
    EXPECT_STATUS(run(made), 0) << "unknown properties are ignored: the specification demands it";
}
