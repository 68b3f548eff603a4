// SPDX-License-Identifier: MIT
//
// A step as plain data: one that plan() has added, or one that a test writes for a kind to carry out.
#pragma once

#include <ctr/plugin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ctr::testing {

/// An argument; a template keeps its ${value} marks.
struct Arg {
    std::string name;
    ctr_form form = CTR_FORM_STRING;
    std::int64_t integer = 0;
    std::string text;
};

/// An output: what its kind calls it, and what the plan calls the value.
struct Output {
    std::string name;
    ctr_type type = CTR_TYPE_INT;
    std::string value;
};

struct Step {
    Step() = default;
    explicit Step(std::string name) : kind(std::move(name)) {}

    std::string kind;
    ctr_phase phase = CTR_PREPARE;
    std::optional<ctr_process> process; // known for the plugin's own kinds only; those of others are in their manifests
    ctr_lifetime lifetime = CTR_UNTIL_STOP;
    std::string note;
    std::vector<Arg> args;
    std::vector<Output> outputs;
    std::vector<std::string> needs, after, gives;

    // For a test that writes a step down, in the words of ctr::Step:
    //   Step step("ticket.write");
    //   step.arg("path", directory.path() + "/box").output("made", CTR_TYPE_INT, "ticket.made");
    Step &arg(std::string name, std::int64_t value) {
        return args.push_back({std::move(name), CTR_FORM_INT, value, ""}), *this;
    }
    Step &arg(std::string name, std::string value) {
        return args.push_back({std::move(name), CTR_FORM_STRING, 0, std::move(value)}), *this;
    }
    Step &bytes(std::string name, std::string value) {
        return args.push_back({std::move(name), CTR_FORM_BYTES, 0, std::move(value)}), *this;
    }
    Step &format(std::string name, std::string text) {
        return args.push_back({std::move(name), CTR_FORM_TEMPLATE, 0, std::move(text)}), *this;
    }
    Step &value(std::string name, std::string value) {
        return args.push_back({std::move(name), CTR_FORM_VALUE, 0, std::move(value)}), *this;
    }
    Step &output(std::string name, ctr_type type, std::string value) {
        return outputs.push_back({std::move(name), type, std::move(value)}), *this;
    }

    /// "KIND NAME=TEXT NAME=<value>": one line for comparison.
    std::string text() const {
        std::string out = kind;
        for (const Arg &each : args)
            out += ' ' + each.name + '=' +
                   (each.form == CTR_FORM_INT     ? std::to_string(each.integer)
                    : each.form == CTR_FORM_VALUE ? '<' + each.text + '>'
                                                  : each.text);
        return out;
    }
    /// The texts of all arguments of that name.
    std::vector<std::string> all(const std::string &name) const {
        std::vector<std::string> out;
        for (const Arg &each : args)
            if (each.name == name) out.push_back(each.text);
        return out;
    }
};

} // namespace ctr::testing
