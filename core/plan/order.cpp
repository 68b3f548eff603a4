// SPDX-License-Identifier: MIT
//
// Puts the steps, as the plugins added them, into one order that both processes follow. It answers four questions;
// order() at the end asks them in this order:
//
//   1. Who gives what?      Each token and value has givers. A step comes after the givers of all that it needs, and of
//                           what it lists in `after`.
//   2. What else holds?     Each process runs its phases in order, and both run the eras in order. A plugin's steps of
//                           one phase stay in the order in which it added them.
//   3. Which step is next?  If more than one could be next: the lower phase, then the plugin's id. The order in which
//                           plugins were loaded never counts, so the same description gives the same plan on every
//                           machine.
//   4. Who waits for whom?  From the clone on parent and child run at the same time. A step that needs what the other
//                           process gives waits for that step (Step::wait_for), unless its process has already waited
//                           for a later one.
#include "plan/order.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace core::plan {
namespace {

std::string name_of(const Step &step) { return step.kind + " of " + step.plugin; }

/// The order that tokens and values require: `before[i]` lists the steps that must run before step i.
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
                    continue; // the executor gives it before all steps
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

/// Says why the remaining steps cannot be sorted: follows unmet dependencies (and phases) until a step comes a second
/// time.
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

/// True if the child gets this value of the clone (its pid on the machine) by a message. The token child.alive needs
/// none, because the child knows that it exists.
bool is_told(const Step &clone, const Step &step, std::string_view why) {
    return clone.kind == kind_clone && step.process == CTR_PROCESS_CHILD &&
           std::any_of(clone.outputs.begin(), clone.outputs.end(),
                       [&](const Output &output) { return output.value == why; });
}

bool is_undone_last(const Step &step) {
    return std::find(step.gives.begin(), step.gives.end(), token_undone_last) != step.gives.end();
}

/// The steps in the order in which they are preferred when several could be next. The journal comes before everything,
/// the clone after the other steps of its phase (they say how to make the child), and a step that is undone last is
/// done first.
std::vector<std::size_t> by_preference(const std::vector<Step> &steps) {
    std::vector<std::size_t> preferred(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i)
        preferred[i] = i;
    std::stable_sort(preferred.begin(), preferred.end(), [&](std::size_t a, std::size_t b) {
        const auto key = [&](std::size_t i) {
            return std::tuple(steps[i].kind != kind_journal, steps[i].phase, steps[i].kind == kind_clone,
                              !is_undone_last(steps[i]), std::string_view(steps[i].plugin));
        };
        return key(a) < key(b);
    });
    return preferred;
}

/// Takes one step after the other among those that need not wait any more (Kahn's algorithm). The steps of one process
/// and phase are a group. A step may be taken from a group when no earlier group of its process and no group of an
/// earlier era has steps left.
class Line {
public:
    Line(const std::vector<Step> &steps, const Dependencies &deps)
        : done(steps.size(), false), steps_(steps), preferred_(by_preference(steps)), rank_(steps.size()),
          unmet_(steps.size(), 0), followers_(steps.size()) {
        for (std::size_t rank = 0; rank < preferred_.size(); ++rank)
            rank_[preferred_[rank]] = rank;
        std::vector<std::size_t> last_of; // the last step of each plugin, process and phase
        for (std::size_t i = 0; i < steps.size(); ++i) {
            for (const std::size_t earlier : deps.before[i])
                add(earlier, i);
            const auto same = std::find_if(last_of.begin(), last_of.end(), [&](std::size_t other) {
                return steps[other].process == steps[i].process && steps[other].phase == steps[i].phase &&
                       steps[other].plugin == steps[i].plugin;
            });
            if (same != last_of.end())
                add(std::exchange(*same, i), i);
            else
                last_of.push_back(i);
        }
        for (std::size_t i = 0; i < steps.size(); ++i) {
            Group &group = groups_[steps[i].process][steps[i].phase];
            ++group.left;
            if (unmet_[i] == 0) group.ready.push(rank_[i]);
        }
    }

    /// Takes the next step; std::nullopt if the remaining steps wait for each other.
    std::optional<std::size_t> take() {
        int earliest = std::numeric_limits<int>::max();
        for (const auto &[process, phases] : groups_)
            if (!phases.empty()) earliest = std::min(earliest, era(phases.begin()->first));
        std::optional<std::size_t> best;
        for (const auto &[process, phases] : groups_)
            if (!phases.empty() && era(phases.begin()->first) == earliest)
                if (const auto &ready = phases.begin()->second.ready; !ready.empty())
                    best = std::min(best.value_or(ready.top()), ready.top());
        if (!best) return std::nullopt;
        const std::size_t step = preferred_[*best];
        finish(step);
        return step;
    }
    /// The preferred one of the remaining steps.
    std::size_t first_left() const {
        return *std::find_if(preferred_.begin(), preferred_.end(), [&](std::size_t i) { return !done[i]; });
    }

    std::vector<bool> done;

private:
    struct Group {
        std::size_t left = 0;
        std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready; // ranks, the lowest first
    };

    void add(std::size_t earlier, std::size_t later) {
        followers_[earlier].push_back(later);
        ++unmet_[later];
    }
    void finish(std::size_t step) {
        done[step] = true;
        auto &phases = groups_[steps_[step].process];
        const auto group = phases.find(steps_[step].phase);
        group->second.ready.pop();
        if (--group->second.left == 0) phases.erase(group);
        for (const std::size_t later : followers_[step])
            if (--unmet_[later] == 0) groups_[steps_[later].process][steps_[later].phase].ready.push(rank_[later]);
    }

    const std::vector<Step> &steps_;
    std::vector<std::size_t> preferred_, rank_; // step by rank, rank by step
    std::vector<std::size_t> unmet_;            // how many steps a step still waits for
    std::vector<std::vector<std::size_t>> followers_;
    std::map<ctr_process, std::map<ctr_phase, Group>> groups_; // only those with steps left
};

/// For each step: the place in `line` of the last step of the other process that it must wait for, or no_wait. Steps
/// before both processes run need no waiting, except for values of the clone that are sent to the child.
std::vector<std::uint32_t> last_needed(const std::vector<Step> &steps, const Dependencies &deps,
                                       const std::vector<std::size_t> &line) {
    std::vector<std::uint32_t> place(steps.size());
    for (std::size_t at = 0; at < line.size(); ++at)
        place[line[at]] = static_cast<std::uint32_t>(at);
    std::vector<std::uint32_t> last(steps.size(), no_wait);
    for (std::size_t i = 0; i < steps.size(); ++i)
        for (std::size_t k = 0; k < deps.before[i].size(); ++k) {
            const std::size_t earlier = deps.before[i][k];
            const Step &step = steps[i], &other = steps[earlier];
            const bool both_run = era(other.phase) >= 2 && era(step.phase) >= 2;
            const bool crosses = (both_run && other.process != step.process) || is_told(other, step, deps.reason[i][k]);
            if (crosses && (last[i] == no_wait || place[earlier] > last[i])) last[i] = place[earlier];
        }
    return last;
}

/// The steps in order, with wait_for set. A process that has waited for a step of the other one need not wait for
/// earlier ones.
std::vector<Step> in_line(std::vector<Step> steps, const std::vector<std::size_t> &line,
                          const std::vector<std::uint32_t> &last) {
    std::vector<Step> sorted;
    sorted.reserve(steps.size());
    std::uint32_t waited[2] = {0, 0}; // by process: how far in the line it has waited for the other one
    for (const std::size_t i : line) {
        Step step = std::move(steps[i]);
        std::uint32_t &already = waited[step.process == CTR_PROCESS_CHILD ? 1 : 0];
        if (last[i] != no_wait && last[i] >= already) {
            step.wait_for = last[i];
            already = last[i] + 1;
        }
        sorted.push_back(std::move(step));
    }
    return sorted;
}

} // namespace

Result<void> order(Plan &plan, const Tokens &tokens) {
    Dependencies deps(plan, tokens);
    CTR_TRY(deps.collect());

    Line ready(plan.steps, deps);
    std::vector<std::size_t> line;
    line.reserve(plan.steps.size());
    while (line.size() < plan.steps.size()) {
        const auto next = ready.take();
        if (!next)
            return failure(CTR_E_INVALID,
                           "the steps cannot be ordered, they wait for each other: " +
                               chain(plan.steps, deps, ready.done, ready.first_left()),
                           "one of these plugins must drop a need or move its step to another phase");
        line.push_back(*next);
    }

    const std::vector<std::uint32_t> last =
        last_needed(plan.steps, deps, line); // before any step is moved, because the reasons point into the steps
    plan.steps = in_line(std::move(plan.steps), line, last);
    return {};
}

} // namespace core::plan
