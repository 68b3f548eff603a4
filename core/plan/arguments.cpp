// SPDX-License-Identifier: MIT
#include "plan/arguments.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace core::plan {
namespace {

const Argument *find(std::span<const Argument> declared, std::string_view name) {
    for (const Argument &each : declared)
        if (each.name == name) return &each;
    return nullptr;
}

const char *type_name(ArgumentType type) {
    switch (type) {
    case ArgumentType::integer: return "an int";
    case ArgumentType::text: return "a str";
    case ArgumentType::fd: return "an fd";
    }
    return "?";
}

bool form_fits(ctr_form form, ArgumentType type) {
    if (form == CTR_FORM_VALUE) return true; // its type is checked when all steps are known
    if (type == ArgumentType::integer) return form == CTR_FORM_INT;
    return type == ArgumentType::text && form != CTR_FORM_INT;
}

std::string unknown(std::string_view name, std::span<const Argument> declared) {
    std::string names;
    for (const Argument &each : declared)
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    return "the kind has no argument " + std::string(name) + (names.empty() ? "; it takes none" : "; it has: " + names);
}

} // namespace

std::optional<std::string> argument_problem(const std::vector<Arg> &args, std::span<const Argument> declared) {
    std::size_t counts[max_arguments] = {};
    if (declared.size() > max_arguments) return "the kind declares too many arguments";
    for (const Arg &arg : args) {
        const Argument *known = find(declared, arg.name);
        if (known == nullptr) return unknown(arg.name, declared);
        if (!form_fits(arg.form, known->type))
            return "argument " + arg.name + ": expected " + type_name(known->type) +
                   (known->type == ArgumentType::fd ? ", which only a value can be" : "");
        if (++counts[known - declared.data()] > 1 && !known->repeats())
            return "argument " + arg.name + " is there twice; it is no list";
    }
    std::size_t targets = 0;
    bool has_either = false, wants_either = false;
    std::string names;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        if (declared[i].name == "target") targets = counts[i];
        if (!declared[i].has(either_mark)) continue;
        wants_either = true;
        has_either = has_either || counts[i] != 0;
        names += (names.empty() ? "" : " or ") + std::string(declared[i].name);
    }
    if (wants_either && !has_either) return "it needs the argument " + names;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        const Argument &each = declared[i];
        if (each.required() && counts[i] == 0) return "the argument " + std::string(each.name) + " is missing";
        if (each.has(per_target) && counts[i] > 1 && counts[i] != targets)
            return "argument " + std::string(each.name) + " is there " + std::to_string(counts[i]) + " times for " +
                   std::to_string(targets) + " targets: expected once, or once for each";
    }
    return std::nullopt;
}

std::optional<std::string> value_problem(const std::vector<Arg> &args, std::span<const Argument> declared,
                                         const std::map<std::string, ctr_type> &values) {
    for (const Arg &arg : args) {
        if (arg.form != CTR_FORM_VALUE) continue;
        const Argument *known = find(declared, arg.name);
        const auto value = values.find(arg.text);
        if (known == nullptr || value == values.end()) continue; // order.cpp reports a value that nobody gives
        const ctr_type type = value->second;
        const bool fits = known->type == ArgumentType::integer ? type == CTR_TYPE_INT
                          : known->type == ArgumentType::fd    ? type == CTR_TYPE_FD
                                                               : type != CTR_TYPE_FD;
        if (!fits)
            return "argument " + arg.name + ": expected " + type_name(known->type) + ", and the value " + arg.text +
                   " is none";
    }
    return std::nullopt;
}

} // namespace core::plan
