// SPDX-License-Identifier: MIT
#include "plan/step.hpp"

#include <algorithm>

namespace core::plan {

const Arg *Step::arg(std::string_view name) const {
    const auto found = std::find_if(args.begin(), args.end(), [&](const Arg &each) { return each.name == name; });
    return found == args.end() ? nullptr : &*found;
}

std::string Step::arg_text(std::string_view name) const {
    const Arg *found = arg(name);
    if (found == nullptr) return {};
    return found->form == CTR_FORM_INT ? std::to_string(found->integer) : found->text;
}

const Step *Plan::find(std::string_view kind) const {
    const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step &each) { return each.kind == kind; });
    return found == steps.end() ? nullptr : &*found;
}

int era(ctr_phase phase) {
    if (phase < CTR_CLONE) return 0;
    if (phase < CTR_ATTACH) return 1;
    if (phase < CTR_CONFINE) return 2;
    if (phase < CTR_STARTED) return 3;
    return 4;
}

const char *phase_name(ctr_phase phase) {
    switch (phase) {
    case CTR_PREPARE: return "prepare";
    case CTR_CLONE: return "clone";
    case CTR_ATTACH: return "attach";
    case CTR_ISOLATE: return "isolate";
    case CTR_MOUNTS: return "mounts";
    case CTR_PIVOT: return "pivot";
    case CTR_CONFINE: return "confine";
    case CTR_STARTED: return "started";
    }
    return "?";
}

const char *process_name(ctr_process process) {
    switch (process) {
    case CTR_PROCESS_PARENT: return "parent";
    case CTR_PROCESS_CHILD: return "child";
    case CTR_PROCESS_CLONE: return "clone";
    }
    return "?";
}

const char *type_name(ctr_type type) {
    switch (type) {
    case CTR_TYPE_INT: return "int";
    case CTR_TYPE_STRING: return "string";
    case CTR_TYPE_BYTES: return "bytes";
    case CTR_TYPE_FD: return "fd";
    }
    return "?";
}

std::optional<std::vector<Piece>> split_template(std::string_view text) {
    std::vector<Piece> pieces;
    std::string literal;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$') {
            literal += text[i];
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == '$') {
            literal += '$';
            ++i;
            continue;
        }
        const auto close = text.find('}', i);
        if (i + 1 >= text.size() || text[i + 1] != '{' || close == std::string_view::npos || close == i + 2)
            return std::nullopt;
        if (!literal.empty()) pieces.push_back({false, std::exchange(literal, {})});
        pieces.push_back({true, std::string(text.substr(i + 2, close - i - 2))});
        i = close;
    }
    if (!literal.empty() || pieces.empty()) pieces.push_back({false, literal});
    return pieces;
}

std::vector<std::string> values_in(const Arg &arg) {
    if (arg.form == CTR_FORM_VALUE) return {arg.text};
    std::vector<std::string> names;
    if (arg.form == CTR_FORM_TEMPLATE)
        if (const auto pieces = split_template(arg.text))
            for (const Piece &piece : *pieces)
                if (piece.is_value) names.push_back(piece.text);
    return names;
}

} // namespace core::plan
