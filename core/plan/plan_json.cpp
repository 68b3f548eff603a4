// SPDX-License-Identifier: MIT
#include "plan/plan_json.hpp"

#include "base/json_writer.hpp"

#include <ctr/cpp/text.hpp>
#include <nlohmann/json.hpp>

namespace core::plan {
namespace {

std::string from_hex(const std::string &text) {
    if (text.size() % 2 != 0 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        throw Json::other_error::create(501, "bytes that are not in hexadecimal", static_cast<const Json *>(nullptr));
    const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
    return out;
}

void write_arg(JsonWriter &out, const Arg &arg) {
    out.begin('{').key("name").text(arg.name);
    switch (arg.form) {
    case CTR_FORM_INT: out.key("int").integer(arg.integer); break;
    case CTR_FORM_STRING: out.key("string").text(arg.text); break;
    case CTR_FORM_BYTES: out.key("bytes").text(ctr::hex(arg.text)); break;
    case CTR_FORM_TEMPLATE: out.key("template").text(arg.text); break;
    case CTR_FORM_VALUE: out.key("value").text(arg.text); break;
    }
    out.end('}');
}

/// Refuses a fraction, and a number that does not fit into the integer.
std::int64_t whole(const Json &json) {
    const bool fits = json.is_number_unsigned() ? json.get<std::uint64_t>() <= INT64_MAX : json.is_number_integer();
    if (!fits) throw Json::other_error::create(501, "no whole number", static_cast<const Json *>(nullptr));
    return json.get<std::int64_t>();
}

Arg arg_from(const Json &json) {
    Arg arg;
    arg.name = json.at("name").get<std::string>();
    if (json.contains("int"))
        arg.form = CTR_FORM_INT, arg.integer = whole(json["int"]);
    else if (json.contains("bytes"))
        arg.form = CTR_FORM_BYTES, arg.text = from_hex(json["bytes"].get<std::string>());
    else if (json.contains("template"))
        arg.form = CTR_FORM_TEMPLATE, arg.text = json["template"].get<std::string>();
    else if (json.contains("value"))
        arg.form = CTR_FORM_VALUE, arg.text = json["value"].get<std::string>();
    else
        arg.text = json.at("string").get<std::string>();
    return arg;
}

void write_tokens(JsonWriter &out, const char *key, const std::vector<std::string> &tokens) {
    if (tokens.empty()) return;
    out.key(key).begin('[');
    for (const std::string &token : tokens)
        out.text(token);
    out.end(']');
}

bool is_childs_alone(const Step &step) { return step.process != CTR_PROCESS_PARENT && era(step.phase) <= 2; }

void write_step(JsonWriter &out, const Step &step, Form form) {
    const bool whole = form == Form::whole;
    out.begin('{').key("plugin").text(step.plugin).key("kind").text(step.kind);
    out.key("process").text(process_name(step.process)).key("phase").text(phase_name(step.phase));
    if (step.lifetime == CTR_UNTIL_DELETE) out.key("until").text("delete");
    if (step.has_undo) out.key("undo").boolean(true);
    if (whole && !step.note.empty()) out.key("note").text(step.note);
    if (!step.args.empty() && (whole || !is_childs_alone(step))) {
        out.key("args").begin('[');
        for (const Arg &arg : step.args)
            write_arg(out, arg);
        out.end(']');
    }
    if (!step.outputs.empty()) {
        out.key("outputs").begin('[');
        for (const Output &output : step.outputs)
            out.begin('{')
                .key("name")
                .text(output.name)
                .key("type")
                .text(type_name(output.type))
                .key("value")
                .text(output.value)
                .end('}');
        out.end(']');
    }
    if (whole) {
        write_tokens(out, "needs", step.needs);
        write_tokens(out, "after", step.after);
        write_tokens(out, "gives", step.gives);
    }
    if (step.wait_for != no_wait) out.key("wait_for").integer(step.wait_for);
    out.end('}');
}

template <typename Enum, typename Name>
Enum by_name(const std::string &text, std::initializer_list<Enum> all, Name name) {
    for (const Enum each : all)
        if (text == name(each)) return each;
    throw Json::other_error::create(501, "unknown word \"" + text + "\"", static_cast<const Json *>(nullptr));
}

Step step_from(const Json &json) {
    Step step;
    step.plugin = json.at("plugin").get<std::string>();
    step.kind = json.at("kind").get<std::string>();
    step.process = by_name(json.at("process").get<std::string>(),
                           {CTR_PROCESS_PARENT, CTR_PROCESS_CHILD, CTR_PROCESS_CLONE}, process_name);
    step.phase = by_name(
        json.at("phase").get<std::string>(),
        {CTR_PREPARE, CTR_CLONE, CTR_ATTACH, CTR_ISOLATE, CTR_MOUNTS, CTR_PIVOT, CTR_CONFINE, CTR_STARTED}, phase_name);
    step.lifetime = json.value("until", "") == "delete" ? CTR_UNTIL_DELETE : CTR_UNTIL_STOP;
    step.has_undo = json.value("undo", false);
    step.note = json.value("note", "");
    for (const Json &arg : json.value("args", Json::array()))
        step.args.push_back(arg_from(arg));
    for (const Json &output : json.value("outputs", Json::array()))
        step.outputs.push_back({output.at("name").get<std::string>(),
                                by_name(output.at("type").get<std::string>(),
                                        {CTR_TYPE_INT, CTR_TYPE_STRING, CTR_TYPE_BYTES, CTR_TYPE_FD}, type_name),
                                output.at("value").get<std::string>()});
    step.needs = json.value("needs", std::vector<std::string>());
    step.after = json.value("after", std::vector<std::string>());
    step.gives = json.value("gives", std::vector<std::string>());
    if (const auto found = json.find("wait_for"); found != json.end()) {
        const std::int64_t waited = whole(*found);
        if (waited < 0 || waited >= no_wait)
            throw Json::other_error::create(501, "a step waits for one that is not there",
                                            static_cast<const Json *>(nullptr));
        step.wait_for = static_cast<std::uint32_t>(waited);
    }
    return step;
}

} // namespace

void write(JsonWriter &out, const Plan &plan, Form form) {
    out.begin('{').key("plan").integer(1).key("id").text(plan.id);
    out.key("operation").integer(plan.operation).key("drivers").begin('{');
    for (const auto &[slot, driver] : plan.drivers)
        out.key(slot).text(driver);
    out.end('}').key("plugins").begin('[');
    for (const PluginUse &use : plan.plugins)
        out.begin('{').key("id").text(use.id).key("version").text(use.version).key("path").text(use.path).end('}');
    out.end(']').key("steps").begin('[');
    for (const Step &step : plan.steps)
        write_step(out, step, form);
    out.end(']').key("machine").begin('{');
    if (form == Form::whole)
        for (const auto &[question, answer] : plan.machine)
            answer ? out.key(question).text(*answer) : out.key(question).null();
    out.end('}').end('}');
}

Json to_json(const Plan &plan) {
    JsonWriter out;
    write(out, plan, Form::whole);
    return Json::parse(out.take());
}

Result<Plan> from_json(const Json &json) {
    try {
        Plan plan;
        if (whole(json.at("plan")) != 1)
            return failure(CTR_E_UNSUPPORTED, "a stored plan of another format",
                           "use the release of ctr that made the container");
        plan.id = json.at("id").get<std::string>();
        const std::int64_t operation = whole(json.at("operation"));
        if (operation < CTR_OP_CREATE || operation > CTR_OP_MOUNT)
            return failure(CTR_E_INVALID, "not a stored plan: there is no such operation");
        plan.operation = static_cast<ctr_operation>(operation);
        plan.drivers = json.at("drivers").get<std::map<std::string, std::string>>();
        for (const Json &use : json.at("plugins"))
            plan.plugins.push_back({use.at("id").get<std::string>(), use.at("version").get<std::string>(),
                                    use.at("path").get<std::string>()});
        for (const Json &step : json.at("steps"))
            plan.steps.push_back(step_from(step));
        for (const Step &step : plan.steps) {
            if (step.wait_for != no_wait && step.wait_for >= plan.steps.size())
                return failure(CTR_E_INVALID, "not a stored plan: a step waits for one that is not there");
            for (const Output &output : step.outputs)
                plan.values[output.value] = output.type;
        }
        return plan;
    } catch (const Json::exception &e) {
        return failure(CTR_E_INVALID, std::string("not a stored plan: ") + e.what());
    }
}

} // namespace core::plan
