// SPDX-License-Identifier: MIT
//
// What a plugin's plan() may call (the host's table, sdk/include/ctr/host.h), in the order in which a plan() uses it:
//
//   reading    the description, the plugin's section of the config, names of files, answers of the machine; nodes of
//              JSON
//   adding     add_step checks one step alone: who owns its kind, may it be in that phase, does the kind take its
//              arguments, are its outputs new, may it give its tokens. What it needs of other steps is checked when all
//              are known (check_values, order.cpp)
//   refusing   plan_fail, because of the description. A mistake of the plugin is remembered as its bug
//
// Calls for a plan are checked for their context and their handle (plugin/callback.hpp), and what a step contains is
// checked. The first failure counts; after it the functions do nothing, so that a plugin that ignores their results
// does no harm. What is handed out lives as long as the plan's handle.
#include "plan/plan_abi.hpp"

#include "plan/tokens.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace core::plan {
namespace {

const ctr_node *node_of(const Json *json) { return reinterpret_cast<const ctr_node *>(json); }
const Json *json_of(const ctr_node *node) { return reinterpret_cast<const Json *>(node); }

const Json *at_pointer(const Json *json, const char *pointer) {
    if (json == nullptr || pointer == nullptr) return nullptr;
    const char *at = pointer;
    std::string token;
    while (*at == '/') {
        token.clear();
        for (++at; *at != '\0' && *at != '/'; ++at) {
            if (*at == '~' && (at[1] == '0' || at[1] == '1'))
                token += *++at == '0' ? '~' : '/';
            else
                token += *at;
        }
        if (json->is_object()) {
            const auto found = json->find(token);
            if (found == json->end()) return nullptr;
            json = &*found;
        } else if (json->is_array()) {
            if (token.empty() || token.find_first_not_of("0123456789") != std::string::npos || token.size() > 9)
                return nullptr;
            const std::size_t index = std::stoul(token);
            if (index >= json->size()) return nullptr;
            json = &(*json)[index];
        } else {
            return nullptr;
        }
    }
    return *at == '\0' ? json : nullptr;
}

ctr_str handed_out(ctr_plan *plan, std::string text) {
    plan->answers.push_back(std::move(text));
    return {plan->answers.back().c_str(), plan->answers.back().size()};
}

/// A plugin that asks for a directory may have steps that need it, so the planner lists it among those to be made.
ctr_str directory_handed_out(ctr_plan *plan, std::string directory) {
    plan->directories.insert(directory);
    return handed_out(plan, std::move(directory));
}

void remember(ctr_plan *plan, Error error) {
    if (!plan->failed)
        plan->failed =
            std::move(error).in("plugin " + (plan->current == nullptr ? std::string("?") : plan->current->manifest.id));
}

void refuse_call(void *plan, const ctr_error *error) { remember(static_cast<ctr_plan *>(plan), Error::from(*error)); }

/// True, and the plan has failed, if a plugin passed NULL where it must pass something.
bool is_null(ctr_plan *plan, const char *function, const void *argument) {
    if (argument != nullptr) return false;
    remember(plan, failure(CTR_E_INTERNAL, std::string("host->") + function + "() was called with NULL",
                           "this is a bug of the plugin"));
    return true;
}

/// True if the function may be called now and nothing has failed yet. After the first failure a plan's functions do
/// nothing.
#define CTR_PLANNING(plan, function) (CTR_LEGAL(plan, function) && !(plan)->failed)

int operation(ctr_plan *plan) { return CTR_LEGAL(plan, operation) ? plan->request->operation : -1; }

const ctr_node *spec(ctr_plan *plan, const char *pointer) {
    return CTR_PLANNING(plan, spec) ? node_of(at_pointer(plan->request->spec, pointer)) : nullptr;
}

const ctr_node *config(ctr_plan *plan, const char *pointer) {
    if (!CTR_PLANNING(plan, config)) return nullptr;
    const auto &sections = plan->request->config->sections;
    const auto section = sections.find(plan->current->manifest.id);
    return section == sections.end() ? nullptr : node_of(at_pointer(&section->second, pointer));
}

ctr_str name(ctr_plan *plan, const char *what) {
    if (!CTR_PLANNING(plan, name) || is_null(plan, "name", what)) return {"", 0};
    const std::string_view word = what;
    const Request &request = *plan->request;
    const auto plugin_of = [&](std::string_view prefix) {
        return word == prefix ? plan->current->manifest.id : std::string(word.substr(prefix.size() + 1));
    };
    if (word == "id") return handed_out(plan, request.names.id);
    if (word == "record") return handed_out(plan, request.names.record);
    if (word == "run_dir") return handed_out(plan, request.names.run_dir);
    if (word == "state_dir" || word.rfind("state_dir:", 0) == 0)
        return directory_handed_out(plan, state_dir_of(*request.config, plugin_of("state_dir")));
    if (word == "data_dir" || word.rfind("data_dir:", 0) == 0)
        return directory_handed_out(plan, data_dir_of(*request.config, plugin_of("data_dir")));
    if (word == "data_root") return handed_out(plan, request.config->data_root);
    if (word == "rootfs_dir") return handed_out(plan, rootfs_dir_of(*request.config));
    if (word.rfind("driver.", 0) == 0)
        if (const auto found = plan->plan->drivers.find(std::string(word.substr(7)));
            found != plan->plan->drivers.end())
            return handed_out(plan, found->second);
    return {"", 0};
}

int ask(ctr_plan *plan, const char *question, ctr_str *answer) {
    if (!CTR_PLANNING(plan, ask) || is_null(plan, "ask", question) || is_null(plan, "ask", answer)) return -1;
    auto got = plan->machine->ask(question);
    if (!got.ok()) {
        remember(plan, std::move(got).error().in(std::string("asking \"") + question + "\""));
        return -1;
    }
    if (!got.value()) return 1;
    *answer = handed_out(plan, std::move(*std::move(got).value()));
    return 0;
}

const void *extension(ctr_plan *plan, const char *slot, const char *id) {
    if (!CTR_PLANNING(plan, extension) || is_null(plan, "extension", slot) || is_null(plan, "extension", id))
        return nullptr;
    const auto driver = plan->plan->drivers.find(slot);
    if (driver == plan->plan->drivers.end()) return nullptr;
    plugin::Plugin *plugin = plan->catalog->find(driver->second);
    if (plugin == nullptr) return nullptr;
    auto entry = plugin->load(plan->request->host);
    if (!entry.ok()) {
        remember(plan, std::move(entry).error());
        return nullptr;
    }
    return entry.value()->extension == nullptr ? nullptr : entry.value()->extension(id);
}

int node_type(const ctr_node *node) {
    const Json *json = json_of(node);
    if (json == nullptr) return CTR_NODE_NONE;
    switch (json->type()) {
    case Json::value_t::boolean: return CTR_NODE_BOOL;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return CTR_NODE_INT;
    case Json::value_t::number_float: return CTR_NODE_NUMBER;
    case Json::value_t::string: return CTR_NODE_STRING;
    case Json::value_t::array: return CTR_NODE_ARRAY;
    case Json::value_t::object: return CTR_NODE_OBJECT;
    default: return CTR_NODE_NULL;
    }
}
const ctr_node *node_get(const ctr_node *node, const char *pointer) {
    return node_of(at_pointer(json_of(node), pointer));
}
int node_str(const ctr_node *node, ctr_str *out) {
    if (node_type(node) != CTR_NODE_STRING) return -1;
    const auto &text = json_of(node)->get_ref<const std::string &>();
    *out = {text.c_str(), text.size()};
    return 0;
}
int node_int(const ctr_node *node, std::int64_t *out) {
    if (node_type(node) != CTR_NODE_INT) return -1;
    const Json &json = *json_of(node);
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) return -1;
    *out = json.get<std::int64_t>();
    return 0;
}
int node_uint(const ctr_node *node, std::uint64_t *out) {
    if (node_type(node) != CTR_NODE_INT) return -1;
    const Json &json = *json_of(node);
    if (!json.is_number_unsigned() && json.get<std::int64_t>() < 0) return -1;
    *out = json.get<std::uint64_t>();
    return 0;
}
int node_number(const ctr_node *node, double *out) {
    const int type = node_type(node);
    if (type != CTR_NODE_INT && type != CTR_NODE_NUMBER) return -1;
    *out = json_of(node)->get<double>();
    return 0;
}
int node_bool(const ctr_node *node, int *out) {
    if (node_type(node) != CTR_NODE_BOOL) return -1;
    *out = json_of(node)->get<bool>() ? 1 : 0;
    return 0;
}
std::size_t node_count(const ctr_node *node) {
    const int type = node_type(node);
    return type == CTR_NODE_ARRAY || type == CTR_NODE_OBJECT ? json_of(node)->size() : 0;
}
const ctr_node *node_at(const ctr_node *node, std::size_t index) {
    if (index >= node_count(node)) return nullptr;
    const Json &json = *json_of(node);
    if (json.is_array()) return node_of(&json[index]);
    return node_of(&*std::next(json.begin(), static_cast<std::ptrdiff_t>(index)));
}
ctr_str node_key(const ctr_node *node, std::size_t index) {
    if (node_type(node) != CTR_NODE_OBJECT || index >= node_count(node)) return {"", 0};
    const std::string &key = std::next(json_of(node)->begin(), static_cast<std::ptrdiff_t>(index)).key();
    return {key.c_str(), key.size()};
}

/// Who owns a kind: a plugin that shares it with all, the plugin whose plan() runs, or a driver of this plan (whose
/// extension adds steps while another plugin plans).
struct KindOwner {
    const ctr_step_kind *kind = nullptr;
    std::string plugin;
    std::optional<std::span<const Argument>> arguments; // std::nullopt: it does not declare them
};

/// Parses the manifest's declaration once for each plan.
std::optional<std::span<const Argument>> declared_arguments(ctr_plan *plan, const plugin::Plugin &plugin,
                                                            const std::string &kind) {
    const auto [known, fresh] = plan->from_manifests.try_emplace(kind);
    if (fresh) {
        const auto declared = plugin.manifest.kinds.find(kind);
        if (declared == plugin.manifest.kinds.end() || !declared->second.says_arguments) return std::nullopt;
        known->second.emplace();
        for (std::string_view rest = declared->second.arguments; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            const std::size_t blank = line.find(' ');
            if (const auto argument = parse_argument(line.substr(0, blank), line.substr(blank + 1)))
                known->second->push_back(*argument);
            rest.remove_prefix(line.size() + 1);
        }
    }
    if (!known->second) return std::nullopt;
    return std::span<const Argument>(*known->second);
}

/// A kind that all plugins share. Its steps belong to the plugin that adds them, which is named when they fail.
KindOwner shared_kind(ctr_plan *plan, const std::string &kind) {
    auto shared = plan->catalog->shared_kind(kind, plan->request->host);
    if (!shared.ok()) {
        remember(plan, std::move(shared).error());
        return {};
    }
    const auto &[sharer, found] = shared.value();
    if (found == nullptr) return {};
    plan->sharers.insert(sharer);
    return {found, plan->current->manifest.id, declared_arguments(plan, *sharer, kind)};
}

KindOwner owner_of(ctr_plan *plan, const std::string &kind) {
    if (KindOwner shared = shared_kind(plan, kind); shared.kind != nullptr || plan->failed) return shared;
    if (const auto *own = plan->current->kind(kind))
        return {own, plan->current->manifest.id, declared_arguments(plan, *plan->current, kind)};
    for (const auto &[slot, driver] : plan->plan->drivers)
        if (const auto *plugin = plan->catalog->find(driver); plugin != nullptr)
            if (const auto *theirs = plugin->kind(kind))
                return {theirs, driver, declared_arguments(plan, *plugin, kind)};
    return {};
}

/// The error for a kind that is missing because its plugin's file was refused.
std::optional<Error> of_refused_plugin(const plugin::Catalog &catalog, const std::string &kind) {
    for (const plugin::Refusal &refusal : catalog.refused())
        for (const plugin::Manifest &each : refusal.manifests)
            if (each.kinds.count(kind) != 0)
                return Error(refusal.error)
                    .in("a step of kind " + kind + ": the plugin \"" + each.id + "\", whose it is, was refused");
    return std::nullopt;
}

std::optional<std::string> phase_problem(ctr_phase phase, ctr_process process, ctr_operation operation) {
    constexpr ctr_phase all[] = {CTR_PREPARE, CTR_CLONE, CTR_ATTACH,  CTR_ISOLATE,
                                 CTR_MOUNTS,  CTR_PIVOT, CTR_CONFINE, CTR_STARTED};
    if (std::find(std::begin(all), std::end(all), phase) == std::end(all))
        return "unknown phase " + std::to_string(phase);
    const auto in_phase = [phase] { return std::string(" in phase ") + phase_name(phase); };
    const bool of_image = operation == CTR_OP_IMAGE_IMPORT || operation == CTR_OP_IMAGE_REMOVE;
    if (of_image && process != CTR_PROCESS_PARENT) return "an image plan has only parent steps";
    if ((process == CTR_PROCESS_CLONE) != (phase == CTR_CLONE))
        return std::string("a ") + process_name(process) + " step" + in_phase();
    if (process == CTR_PROCESS_CHILD && (phase < CTR_ISOLATE || phase > CTR_CONFINE))
        return "a child step" + in_phase();
    return std::nullopt;
}

void copy_tokens(const char *const *tokens, std::vector<std::string> &to) {
    for (; tokens != nullptr && *tokens != nullptr; ++tokens)
        to.emplace_back(*tokens);
}

std::string with_nearest(const std::string &token, const std::vector<std::string> &list) {
    const std::string near = nearest_token(token, list);
    return near.empty() ? "" : ": " + near;
}

std::string text_of(ctr_str s) { return s.data == nullptr ? std::string() : std::string(s.data, s.len); }

std::optional<std::string> take_args(const ctr_step &raw, Step &step) {
    step.args.reserve(raw.n_args);
    for (std::uint32_t i = 0; i < raw.n_args; ++i) {
        const ctr_arg &arg = raw.args[i];
        if (arg.name == nullptr) return "argument without a name";
        step.args.push_back({arg.name, arg.form, arg.integer, text_of(arg.text)});
        if (arg.form < CTR_FORM_INT || arg.form > CTR_FORM_VALUE)
            return std::string("argument ") + arg.name + " has an unknown form";
        if (arg.form == CTR_FORM_TEMPLATE && !split_template(step.args.back().text))
            return std::string("argument ") + arg.name + " is a malformed template (${value}, $$ for a dollar sign)";
        if (arg.form != CTR_FORM_BYTES && step.args.back().text.find('\0') != std::string::npos)
            return std::string("argument ") + arg.name + " has a NUL byte";
    }
    return std::nullopt;
}

std::optional<std::string> take_outputs(ctr_plan *plan, const ctr_step &raw, Step &step) {
    for (std::uint32_t i = 0; i < raw.n_outputs; ++i) {
        const ctr_output &output = raw.outputs[i];
        if (output.name == nullptr || output.value == nullptr || *output.value == '\0')
            return "an output without a name";
        if (std::string_view(output.value).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") !=
            std::string_view::npos)
            return std::string("the value name \"") + output.value + "\" (a-z 0-9 . _ - only)";
        if (!plan->plan->values.emplace(output.value, output.type).second)
            return std::string("the value \"") + output.value + "\" is already given by another step";
        step.outputs.push_back({output.name, output.type, output.value});
    }
    return std::nullopt;
}

/// True if the token may be given now: by the plugin that owns the step, or by a driver, whose extension may add steps
/// while another plugin plans. A plugin of the first release, whose manifest has no list of tokens, may give any token.
bool may_give(ctr_plan *plan, const std::string &owner, const std::string &token) {
    std::vector<const plugin::Manifest *> here = {&plan->current->manifest};
    for (const auto &[slot, driver] : plan->plan->drivers)
        if (const plugin::Plugin *plugin = plan->catalog->find(driver); plugin != nullptr)
            here.push_back(&plugin->manifest);
    return std::any_of(here.begin(), here.end(), [&](const plugin::Manifest *each) {
        return lists_token(each->gives, token) || (!each->lists_gives && (each == here.front() || each->id == owner));
    });
}

std::optional<std::string> take_tokens(ctr_plan *plan, const ctr_step &raw, Step &step) {
    copy_tokens(raw.needs, step.needs);
    copy_tokens(raw.after, step.after);
    copy_tokens(raw.gives, step.gives);
    for (const std::string &token : step.gives)
        if (!may_give(plan, step.plugin, token))
            return "gives the token \"" + token + "\", which the manifest does not have among what it gives" +
                   with_nearest(token, plan->current->manifest.gives);
    return std::nullopt;
}

int add_step(ctr_plan *plan, const ctr_step *raw) {
    if (!CTR_PLANNING(plan, add_step) || is_null(plan, "add_step", raw)) return -1;
    const auto refuse = [&](const std::string &why) {
        remember(plan,
                 failure(CTR_E_INTERNAL, std::string("step ") + (raw->kind == nullptr ? "?" : raw->kind) + ": " + why,
                         "this is a bug of the plugin"));
        return -1;
    };
    if (!CTR_HAS(raw, ctr_step, gives) || raw->kind == nullptr) return refuse("not a ctr_step");
    if ((raw->n_args != 0 && raw->args == nullptr) || (raw->n_outputs != 0 && raw->outputs == nullptr))
        return refuse("it counts arguments or outputs, and their list is NULL");
    const KindOwner owner = owner_of(plan, raw->kind);
    if (owner.kind == nullptr && !plan->failed)
        if (auto refused = of_refused_plugin(*plan->catalog, raw->kind)) remember(plan, *std::move(refused));
    if (owner.kind == nullptr)
        return plan->failed
                   ? -1
                   : refuse("unknown kind: it is neither this plugin's nor one that a plugin shares (ctr/kinds.h)");
    Step step;
    step.plugin = owner.plugin;
    step.kind = raw->kind;
    step.process = static_cast<ctr_process>(owner.kind->process);
    step.phase = static_cast<ctr_phase>(raw->phase);
    step.lifetime = raw->lifetime == CTR_UNTIL_DELETE ? CTR_UNTIL_DELETE : CTR_UNTIL_STOP;
    step.has_undo = owner.kind->undo != nullptr;
    step.note = raw->note == nullptr ? "" : raw->note;
    if (const auto problem = phase_problem(step.phase, step.process, plan->request->operation))
        return refuse(*problem + " is not possible");
    if (const auto problem = take_args(*raw, step)) return refuse(*problem);
    if (owner.arguments)
        if (const auto problem = argument_problem(step.args, *owner.arguments)) return refuse(*problem);
    if (const auto problem = take_outputs(plan, *raw, step)) return refuse(*problem);
    if (const auto problem = take_tokens(plan, *raw, step)) return refuse(*problem);
    plan->plan->steps.push_back(std::move(step));
    plan->declared.push_back(owner.arguments);
    return 0;
}

int plan_fail(ctr_plan *plan, const ctr_error *raw) {
    if (!CTR_PLANNING(plan, plan_fail) || is_null(plan, "plan_fail", raw)) return -1;
    remember(plan, Error::from(*raw));
    return -1;
}

void plan_log(ctr_plan *plan, int level, const char *message) {
    if (CTR_PLANNING(plan, plan_log) && message != nullptr && plan->request->log != nullptr)
        plan->request->log(level, plan->current->manifest.id.c_str(), message);
}

} // namespace

Result<void> check_values(const ctr_plan &plan) {
    for (std::size_t i = 0; i < plan.declared.size(); ++i) {
        if (!plan.declared[i]) continue;
        const Step &step = plan.plan->steps[i];
        if (const auto problem = value_problem(step.args, *plan.declared[i], plan.plan->values))
            return failure(CTR_E_INTERNAL, "plugin " + step.plugin + ": step " + step.kind + ": " + *problem,
                           "this is a bug of the plugin");
    }
    return {};
}

plugin::Calling calling(ctr_plan &plan) { return plugin::Calling({CTR_IN_PLAN, &plan, nullptr, refuse_call}); }

void set_plan_functions(ctr_host &table) {
    table.operation = operation;
    table.spec = spec;
    table.config = config;
    table.name = name;
    table.ask = ask;
    table.extension = extension;
    table.node_type = node_type;
    table.node_get = node_get;
    table.node_str = node_str;
    table.node_int = node_int;
    table.node_uint = node_uint;
    table.node_number = node_number;
    table.node_bool = node_bool;
    table.node_count = node_count;
    table.node_at = node_at;
    table.node_key = node_key;
    table.add_step = add_step;
    table.plan_fail = plan_fail;
    table.plan_log = plan_log;
}

} // namespace core::plan
