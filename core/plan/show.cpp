// SPDX-License-Identifier: MIT
#include "plan/show.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace core::plan {
namespace {

/// At most 120 bytes of the text, on one line.
std::string shown(const std::string &text) {
    constexpr std::size_t longest = 120;
    return printable(text.substr(0, longest)) + (text.size() > longest ? "..." : "");
}

bool is_octal(const Arg &arg) { return arg.name == "mode" || arg.name == "mask"; }

std::string show_arg(const Arg &arg) {
    switch (arg.form) {
    case CTR_FORM_INT: {
        char text[32];
        std::snprintf(text, sizeof text, is_octal(arg) ? "%llo" : "%lld", static_cast<long long>(arg.integer));
        return arg.name + "=" + (is_octal(arg) ? "0" : "") + text;
    }
    case CTR_FORM_BYTES: return arg.name + "=" + std::to_string(arg.text.size()) + " bytes";
    case CTR_FORM_VALUE: return arg.name + "=<" + arg.text + ">";
    default:
        return arg.name + "=" +
               (arg.text.find(' ') == std::string::npos ? shown(arg.text) : "\"" + shown(arg.text) + "\"");
    }
}

} // namespace

std::string show_args(const Step &step) {
    std::string out;
    for (const Arg &arg : step.args)
        out += (out.empty() ? "" : " ") + show_arg(arg);
    for (const Output &output : step.outputs)
        out += (out.empty() ? "-> " : " -> ") + ("<" + output.value + ">");
    return out;
}

std::string show(const Plan &plan, bool notes) {
    std::size_t plugin_width = 6, kind_width = 4;
    for (const Step &step : plan.steps) {
        plugin_width = std::max(plugin_width, step.plugin.size());
        kind_width = std::max(kind_width, step.kind.size());
    }
    const auto cell = [](const std::string &text, std::size_t width) {
        return text + std::string(width - std::min(width, text.size()) + 2, ' ');
    };
    std::string out = cell("#", 3) + cell("PHASE", 7) + cell("PROCESS", 7) + cell("PLUGIN", plugin_width) +
                      cell("STEP", kind_width) + "ARGUMENTS\n";
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step &step = plan.steps[i];
        const std::string phase = step.kind == kind_gate ? "gate" : phase_name(step.phase);
        out += cell(std::to_string(i + 1), 3) + cell(phase, 7) + cell(process_name(step.process), 7) +
               cell(step.plugin, plugin_width) + cell(step.kind, kind_width) + show_args(step);
        if (step.wait_for != no_wait) out += "  (waits for " + std::to_string(step.wait_for + 1) + ")";
        while (out.back() == ' ')
            out.pop_back();
        out += '\n';
        if (notes && !step.note.empty()) out += std::string(5, ' ') + step.note + '\n';
    }
    return out;
}

} // namespace core::plan
