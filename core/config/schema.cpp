// SPDX-License-Identifier: MIT
#include "config/schema.hpp"

#include "base/describe.hpp"
#include "base/text.hpp"
#include "config/pattern.hpp"

#include <nlohmann/json.hpp>

namespace core::config {
namespace {

const Json *member(const Json &object, const char *key) {
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

const std::string &text_of(const Json &value) { return value.get_ref<const std::string &>(); }

std::vector<std::string_view> keys_of(const Json *object) {
    std::vector<std::string_view> keys;
    if (object != nullptr)
        for (const auto &item : object->items())
            keys.push_back(item.key());
    return keys;
}

bool is_type(const Json &value, std::string_view name) {
    if (name == "null") return value.is_null();
    if (name == "boolean") return value.is_boolean();
    if (name == "integer") return value.is_number_integer();
    if (name == "number") return value.is_number();
    if (name == "string") return value.is_string();
    if (name == "array") return value.is_array();
    return name == "object" && value.is_object();
}

/// Exact for all 64-bit integers and all doubles if long double has 64 bits of mantissa (x86) or more (others).
long double number(const Json &value) {
    if (value.is_number_unsigned()) return static_cast<long double>(value.get<std::uint64_t>());
    if (value.is_number_integer()) return static_cast<long double>(value.get<std::int64_t>());
    return static_cast<long double>(value.get<double>());
}

std::size_t code_points(const std::string &text) {
    std::size_t count = 0;
    for (const char c : text)
        count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return count;
}

std::string an(std::string_view type) {
    if (type == "null") return "null";
    if (type == "boolean") return "true or false";
    const bool vowel = type == "integer" || type == "array" || type == "object";
    return (vowel ? "an " : "a ") + std::string(type);
}

/// The bounds of a type in words: " from 1 to 5", " of at least 3 characters".
std::string range(const Json *least, const Json *most, const std::string &unit) {
    if (least && most) return (unit.empty() ? " from " : " of ") + least->dump() + " to " + most->dump() + unit;
    if (least) return " of at least " + least->dump() + unit;
    if (most) return " of at most " + most->dump() + unit;
    return {};
}

std::string describe(const Json &schema);

std::string one_of(const Json &values, std::string (*say)(const Json &)) {
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out += i + 1 == values.size() ? " or " : ", ";
        out += say(values[i]);
    }
    return out;
}

std::string describe_type(const Json &type, const Json &schema) {
    const std::string &name = text_of(type);
    std::string out = an(name);
    if (name == "integer" || name == "number") out += range(member(schema, "minimum"), member(schema, "maximum"), "");
    if (name == "string") {
        out += range(member(schema, "minLength"), member(schema, "maxLength"), " characters");
        if (const Json *pattern = member(schema, "pattern")) out += " that matches " + text_of(*pattern);
    }
    return out;
}

/// What a schema wants, in words.
std::string describe(const Json &schema) {
    if (const Json *values = member(schema, "enum")) return one_of(*values, [](const Json &v) { return got(v); });
    for (const char *key : {"oneOf", "anyOf"})
        if (const Json *choices = member(schema, key)) return one_of(*choices, describe);
    const Json *type = member(schema, "type");
    if (type == nullptr) return "another value";
    if (type->is_string()) return describe_type(*type, schema);
    std::string out;
    for (std::size_t i = 0; i < type->size(); ++i) {
        if (i > 0) out += i + 1 == type->size() ? " or " : ", ";
        out += describe_type((*type)[i], schema);
    }
    return out;
}

Error wrong(const Json &value, const Json &schema, const Where &where) {
    return invalid(where.pointer(), "expected " + describe(schema) + ", got " + got(value));
}

bool type_fits(const Json &value, const Json &schema) {
    const Json *type = member(schema, "type");
    if (type == nullptr) return true;
    if (type->is_string()) return is_type(value, text_of(*type));
    for (const Json &name : *type)
        if (is_type(value, text_of(name))) return true;
    return false;
}

bool scalar_fits(const Json &value, const Json &schema) {
    if (value.is_number()) {
        if (const Json *least = member(schema, "minimum"); least && number(value) < number(*least)) return false;
        if (const Json *most = member(schema, "maximum"); most && number(value) > number(*most)) return false;
    }
    if (value.is_string()) {
        const std::string &text = text_of(value);
        const auto length = static_cast<long double>(code_points(text));
        if (const Json *least = member(schema, "minLength"); least && length < number(*least)) return false;
        if (const Json *most = member(schema, "maxLength"); most && length > number(*most)) return false;
        if (const Json *pattern = member(schema, "pattern"); pattern && !Pattern(text_of(*pattern)).matches(text))
            return false;
    }
    const Json *values = member(schema, "enum");
    return values == nullptr || std::find(values->begin(), values->end(), value) != values->end();
}

Result<void> validate_at(const Json &value, const Json &schema, const Where &where);

Result<void> validate_object(const Json &value, const Json &schema, const Where &where) {
    const Json *properties = member(schema, "properties"), *others = member(schema, "additionalProperties");
    for (const auto &[key, item] : value.get_ref<const Json::object_t &>()) {
        const Where here(where, key);
        if (const Json *known = properties ? member(*properties, key.c_str()) : nullptr) {
            CTR_TRY(validate_at(item, *known, here));
        } else if (others != nullptr && others->is_object()) {
            CTR_TRY(validate_at(item, *others, here));
        } else if (others != nullptr && !others->get<bool>()) {
            const auto keys = keys_of(properties);
            return invalid(here.pointer(), "unknown key",
                           keys.empty() ? "no keys are known here" : suggestion(key, keys));
        }
    }
    if (const Json *required = member(schema, "required"))
        for (const Json &key : *required)
            if (!value.contains(text_of(key))) {
                const Json *wanted = properties ? member(*properties, text_of(key).c_str()) : nullptr;
                return invalid(Where(where, text_of(key)).pointer(),
                               "missing: expected " + describe(wanted ? *wanted : Json::object()));
            }
    return {};
}

/// anyOf and oneOf. If only one alternative has the right type, its own error is returned, because it helps more.
Result<void> validate_choice(const Json &value, const Json &choices, bool exactly_one, const Json &schema,
                             const Where &where) {
    std::size_t good = 0, typed = 0;
    Result<void> complaint;
    for (const Json &choice : choices) {
        auto result = validate_at(value, choice, where);
        if (result.ok())
            ++good;
        else if (type_fits(value, choice) && ++typed == 1)
            complaint = std::move(result);
    }
    if (good == 1 || (good > 1 && !exactly_one)) return {};
    if (good > 1)
        return invalid(where.pointer(), got(value) + " fits more than one of the alternatives: " + describe(schema));
    return typed == 1 && value.is_structured() ? complaint : Result<void>(wrong(value, schema, where));
}

Result<void> validate_at(const Json &value, const Json &schema, const Where &where) {
    if (!type_fits(value, schema) || !scalar_fits(value, schema)) return wrong(value, schema, where);
    if (value.is_object()) CTR_TRY(validate_object(value, schema, where));
    if (const Json *items = member(schema, "items"); items && value.is_array())
        for (std::size_t i = 0; i < value.size(); ++i)
            CTR_TRY(validate_at(value[i], *items, Where(where, i)));
    if (const Json *choices = member(schema, "anyOf")) CTR_TRY(validate_choice(value, *choices, false, schema, where));
    if (const Json *choices = member(schema, "oneOf")) CTR_TRY(validate_choice(value, *choices, true, schema, where));
    return {};
}

// ---- the schema itself ---------------------------------------------------------------------------------------------

Result<void> check_at(const Json &schema, const Where &where);
using Check = Result<void> (*)(const Json &value, const Where &where);

Error expected(const char *what, const Json &value, const Where &where) {
    return invalid(where.pointer(), "expected " + std::string(what) + ", got " + got(value));
}

Result<void> check_text(const Json &value, const Where &where) {
    return value.is_string() ? Result<void>() : expected("a string", value, where);
}
Result<void> check_number(const Json &value, const Where &where) {
    return value.is_number() ? Result<void>() : expected("a number", value, where);
}
Result<void> check_length(const Json &value, const Where &where) {
    return value.is_number_unsigned() ? Result<void>() : expected("an integer of at least 0", value, where);
}
Result<void> check_any(const Json &, const Where &) { return {}; }
Result<void> check_values(const Json &value, const Where &where) {
    return value.is_array() && !value.empty() ? Result<void>() : expected("an array that is not empty", value, where);
}

Result<void> check_type(const Json &value, const Where &where) {
    static const std::vector<std::string_view> names = {"null",   "boolean", "integer", "number",
                                                        "string", "array",   "object"};
    const Json list = value.is_array() ? value : Json::array({value});
    if (list.empty()) return expected("the name of a type", value, where);
    for (const Json &name : list) {
        if (!name.is_string()) return expected("the name of a type", name, where);
        if (std::find(names.begin(), names.end(), text_of(name)) == names.end())
            return invalid(where.pointer(), "unknown type " + got(name), suggestion(text_of(name), names));
    }
    return {};
}

Result<void> check_properties(const Json &value, const Where &where) {
    if (!value.is_object()) return expected("an object of schemas", value, where);
    for (const auto &item : value.items())
        CTR_TRY(check_at(item.value(), Where(where, item.key())));
    return {};
}

Result<void> check_others(const Json &value, const Where &where) {
    return value.is_boolean() ? Result<void>() : check_at(value, where);
}

Result<void> check_choices(const Json &value, const Where &where) {
    CTR_TRY(check_values(value, where));
    for (std::size_t i = 0; i < value.size(); ++i)
        CTR_TRY(check_at(value[i], Where(where, i)));
    return {};
}

Result<void> check_required(const Json &value, const Where &where) {
    if (!value.is_array()) return expected("an array of keys", value, where);
    for (std::size_t i = 0; i < value.size(); ++i)
        CTR_TRY(check_text(value[i], Where(where, i)));
    return {};
}

Result<void> check_pattern(const Json &value, const Where &where) {
    CTR_TRY(check_text(value, where));
    const std::string problem = pattern_problem(text_of(value));
    return problem.empty() ? Result<void>() : invalid(where.pointer(), "the pattern " + got(value) + " " + problem);
}

struct Keyword {
    std::string_view name;
    Check check;
};
constexpr Keyword keywords[] = {
    {"type", check_type},        {"properties", check_properties}, {"additionalProperties", check_others},
    {"items", check_at},         {"required", check_required},     {"enum", check_values},
    {"minimum", check_number},   {"maximum", check_number},        {"minLength", check_length},
    {"maxLength", check_length}, {"pattern", check_pattern},       {"oneOf", check_choices},
    {"anyOf", check_choices},    {"description", check_text},      {"default", check_any},
};

/// Checks that keywords do not contradict each other.
Result<void> check_agreement(const Json &schema, const Where &where) {
    for (const auto &[low, high] : {std::pair("minimum", "maximum"), std::pair("minLength", "maxLength")})
        if (schema.contains(low) && schema.contains(high) && number(schema[low]) > number(schema[high]))
            return invalid(Where(where, low).pointer(), "is larger than " + std::string(high));
    const Json *required = member(schema, "required"), *properties = member(schema, "properties");
    const Json *others = member(schema, "additionalProperties");
    if (required && others && *others == false)
        for (const Json &key : *required)
            if (!properties || !properties->contains(text_of(key)))
                return invalid(Where(where, "required").pointer(), got(key) + " is required but no property");
    if (const Json *value = member(schema, "default")) return validate_at(*value, schema, Where(where, "default"));
    return {};
}

Result<void> check_at(const Json &schema, const Where &where) {
    if (!schema.is_object()) return expected("a schema (an object)", schema, where);
    for (const auto &item : schema.items()) {
        const auto *known = std::find_if(std::begin(keywords), std::end(keywords),
                                         [&](const Keyword &keyword) { return keyword.name == item.key(); });
        const Where here(where, item.key());
        if (known == std::end(keywords)) {
            std::vector<std::string_view> names;
            for (const Keyword &keyword : keywords)
                names.push_back(keyword.name);
            return invalid(here.pointer(), "unknown keyword", suggestion(item.key(), names));
        }
        CTR_TRY(known->check(item.value(), here));
    }
    return check_agreement(schema, where);
}

} // namespace

Result<void> check_schema(const Json &schema, const std::string &path) { return check_at(schema, Where(path)); }

Result<void> validate(const Json &value, const Json &schema, const std::string &path) {
    return validate_at(value, schema, Where(path));
}

} // namespace core::config
