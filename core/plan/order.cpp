// SPDX-License-Identifier: MIT
#include "plan/order.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace core::plan {
namespace {

std::string name_of(const Step &step) { return step.kind + " of " + step.plugin; }

/// What must run before what: `before[i]` lists the steps that step i comes after because of a token or value.
class Dependencies {
public:
    Dependencies(const Plan &plan, const Tokens &tokens)
        : before(plan.steps.size()), reason(plan.steps.size()), steps_(plan.steps), given_(plan.values),
          tokens_(tokens) {}

    Result<void> collect() {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            for (const auto &token : steps_[i].gives)
                givers_[token].push_back(i);
            for (const auto &output : steps_[i].outputs)
                value_givers_[output.value] = {i, output.type};
        }
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            CTR_TRY(add_tokens(i));
            CTR_TRY(add_values(i));
        }
        return {};
    }

    std::vector<std::vector<std::size_t>> before;
    std::vector<std::vector<std::string_view>> reason; // parallel to before: the token or value

private:
    void add(std::size_t step, std::size_t earlier, std::string_view why) {
        if (step == earlier) return;
        before[step].push_back(earlier);
        reason[step].push_back(why);
    }

    Result<void> add_tokens(std::size_t i) {
        for (const auto &token : steps_[i].needs) {
            const auto found = givers_.find(token);
            if (found == givers_.end()) {
                return failure(CTR_E_INVALID,
                               "step " + name_of(steps_[i]) + " needs the token \"" + token +
                                   "\", which no step of this plan gives",
                               tokens_.hint(token));
            }
            for (const std::size_t giver : found->second)
                add(i, giver, token);
        }
        for (const auto &token : steps_[i].after) {
            const auto found = givers_.find(token);
            if (found == givers_.end() && !tokens_.is_known(token, steps_[i].plugin))
                return failure(CTR_E_INVALID,
                               "step " + name_of(steps_[i]) + " comes after the token \"" + token +
                                   "\", which nobody gives",
                               tokens_.hint(token));
            if (found == givers_.end()) continue;
            for (const std::size_t giver : found->second)
                add(i, giver, token);
        }
        return {};
    }

    Result<void> add_values(std::size_t i) {
        for (const Arg &arg : steps_[i].args) {
            for (const auto &value : values_in(arg)) {
                const auto found = value_givers_.find(value);
                if (found == value_givers_.end() && given_.find(value) != given_.end())
                    continue; // by the executor, before all steps
                if (found == value_givers_.end())
                    return failure(CTR_E_INVALID,
                                   "step " + name_of(steps_[i]) + " uses the value \"" + value + "\" (argument " +
                                       arg.name + "), which no step of this plan gives",
                                   tokens_.hint(value));
                if (found->second.second == CTR_TYPE_FD && arg.form == CTR_FORM_TEMPLATE)
                    return failure(CTR_E_INVALID,
                                   "step " + name_of(steps_[i]) + ": the file descriptor \"" + value +
                                       "\" stands in the text of argument " + arg.name,
                                   "pass it as a value of its own");
                if (found->second.second == CTR_TYPE_FD && steps_[i].phase == CTR_STARTED)
                    return failure(
                        CTR_E_INVALID,
                        "step " + name_of(steps_[i]) + " of phase started uses the live value \"" + value + "\"",
                        "another process may run that phase: use durable values (integer, string, bytes) only");
                add(i, found->second.first, found->first);
            }
        }
        return {};
    }

    const std::vector<Step> &steps_;
    const std::map<std::string, ctr_type> &given_;
    const Tokens &tokens_;
    std::unordered_map<std::string, std::vector<std::size_t>> givers_;
    std::unordered_map<std::string, std::pair<std::size_t, ctr_type>> value_givers_;
};

/// Why the rest cannot be sorted: follows unmet dependencies (and phases) until a step comes again.
std::string chain(const std::vector<Step> &steps, const Dependencies &deps, const std::vector<bool> &done,
                  std::size_t start) {
    std::vector<std::size_t> path;
    std::vector<std::string> why;
    std::size_t at = start;
    while (std::find(path.begin(), path.end(), at) == path.end()) {
        path.push_back(at);
        std::size_t next = at;
        std::string reason;
        for (std::size_t k = 0; k < deps.before[at].size() && next == at; ++k)
            if (!done[deps.before[at][k]])
                next = deps.before[at][k], reason = "needs " + std::string(deps.reason[at][k]) + " from";
        for (std::size_t i = 0; i < steps.size() && next == at; ++i)
            if (!done[i] && i != at && era(steps[i].phase) < era(steps[at].phase))
                next = i, reason = std::string("runs after phase ") + phase_name(steps[i].phase) + " with";
        for (std::size_t i = 0; i < steps.size() && next == at; ++i)
            if (!done[i] && i != at && steps[i].process == steps[at].process && steps[i].phase < steps[at].phase)
                next = i, reason = std::string("runs after phase ") + phase_name(steps[i].phase) + " with";
        for (std::size_t i = 0; i < at && next == at; ++i)
            if (!done[i] && steps[i].process == steps[at].process && steps[i].phase == steps[at].phase &&
                steps[i].plugin == steps[at].plugin)
                next = i, reason = "stands behind";
        if (next == at) break;
        why.push_back(reason);
        at = next;
    }
    std::string text;
    for (std::size_t i = 0; i < path.size(); ++i)
        text += name_of(steps[path[i]]) + (i < why.size() ? " " + why[i] + " " : "");
    return text + name_of(steps[at]);
}

/// The child learns what the clone gives (its pid on the machine) by a message, the token child.alive by being there.
bool is_told(const Step &clone, const Step &step, std::string_view why) {
    return clone.kind == kind_clone && step.process == CTR_PROCESS_CHILD &&
           std::any_of(clone.outputs.begin(), clone.outputs.end(),
                       [&](const Output &output) { return output.value == why; });
}

bool is_undone_last(const Step &step) {
    return std::find(step.gives.begin(), step.gives.end(), token_undone_last) != step.gives.end();
}

} // namespace

Result<void> order(Plan &plan, const Tokens &tokens) {
    std::vector<Step> &steps = plan.steps;
    const std::size_t n = steps.size();
    Dependencies deps(plan, tokens);
    CTR_TRY(deps.collect());

    // Candidates in the order of preference: the first that is ready goes next.
    std::vector<std::size_t> preferred(n);
    for (std::size_t i = 0; i < n; ++i)
        preferred[i] = i;
    std::stable_sort(preferred.begin(), preferred.end(), [&](std::size_t a, std::size_t b) {
        // The clone itself comes behind the steps that say how; its journal before everything.
        const auto key = [&](std::size_t i) {
            return std::tuple(steps[i].kind != kind_journal, steps[i].phase, steps[i].kind == kind_clone,
                              !is_undone_last(steps[i]), std::string_view(steps[i].plugin));
        };
        return key(a) < key(b);
    });
    std::vector<bool> done(n, false);
    std::vector<std::size_t> line;
    line.reserve(n);
    auto front = preferred.begin(); // what stands before it is done
    const auto ready = [&](std::size_t at) {
        for (const std::size_t earlier : deps.before[at])
            if (!done[earlier]) return false;
        for (auto each = front; each != preferred.end() && steps[*each].phase <= steps[at].phase; ++each) {
            const std::size_t i = *each;
            if (done[i] || i == at) continue;
            if (era(steps[i].phase) < era(steps[at].phase)) return false;
            if (steps[i].process != steps[at].process) continue;
            if (steps[i].phase < steps[at].phase) return false;
            if (i < at && steps[i].phase == steps[at].phase && steps[i].plugin == steps[at].plugin) return false;
        }
        return true;
    };
    while (line.size() < n) {
        const auto next = std::find_if(front, preferred.end(), [&](std::size_t i) { return !done[i] && ready(i); });
        if (next == preferred.end()) {
            const auto stuck =
                std::find_if(preferred.begin(), preferred.end(), [&](std::size_t i) { return !done[i]; });
            return failure(CTR_E_INVALID,
                           "the steps cannot be ordered, they wait for each other: " + chain(steps, deps, done, *stuck),
                           "one of these plugins must drop a need or move its step to another phase");
        }
        done[*next] = true;
        line.push_back(*next);
        while (front != preferred.end() && done[*front])
            ++front;
    }

    std::vector<std::uint32_t> position(n);
    for (std::size_t at = 0; at < n; ++at)
        position[line[at]] = static_cast<std::uint32_t>(at);
    // Before any step is moved: the reasons are views into them.
    std::vector<std::uint32_t> last(n, no_wait);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < deps.before[i].size(); ++k) {
            const std::size_t earlier = deps.before[i][k];
            const Step &step = steps[i], &other = steps[earlier];
            const bool both_run = era(other.phase) >= 2 && era(step.phase) >= 2;
            const bool crosses = (both_run && other.process != step.process) || is_told(other, step, deps.reason[i][k]);
            if (crosses && (last[i] == no_wait || position[earlier] > last[i])) last[i] = position[earlier];
        }
    std::vector<Step> sorted;
    sorted.reserve(n);
    std::uint32_t waited[2] = {0, 0}; // by process: how far into the other one it has already waited
    for (const std::size_t i : line) {
        Step step = std::move(steps[i]);
        std::uint32_t &already = waited[step.process == CTR_PROCESS_CHILD ? 1 : 0];
        if (last[i] != no_wait && last[i] >= already) {
            step.wait_for = last[i];
            already = last[i] + 1;
        }
        sorted.push_back(std::move(step));
    }
    steps = std::move(sorted);
    return {};
}

} // namespace core::plan
