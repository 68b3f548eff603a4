// SPDX-License-Identifier: MIT
#include "profile.hpp"

#include <charconv>
#include <linux/seccomp.h>

namespace seccomp {
namespace {

struct ActionName {
    std::string_view name;
    Action action;
    bool has_data;
};
constexpr ActionName action_names[] = {{"ALLOW", SECCOMP_RET_ALLOW, false},
                                       {"LOG", SECCOMP_RET_LOG, false},
                                       {"NOTIFY", SECCOMP_RET_USER_NOTIF, false},
                                       {"KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
                                       {"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
                                       {"TRAP", SECCOMP_RET_TRAP, false},
                                       {"ERRNO", SECCOMP_RET_ERRNO, true},
                                       {"TRACE", SECCOMP_RET_TRACE, true}};

constexpr std::pair<Compare, std::string_view> compare_signs[] = {{Compare::ne, "!="}, {Compare::lt, "<"},
                                                                  {Compare::le, "<="}, {Compare::eq, "=="},
                                                                  {Compare::ge, ">="}, {Compare::gt, ">"}};

std::string hex(std::uint64_t value) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
    return "0x" + std::string(digits, end);
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> hex_number(std::string_view text) {
    return text.substr(0, 2) == "0x" ? number(text.substr(2), 16) : std::nullopt;
}

/// Takes the next word (words are parted by one space).
std::string_view next_word(std::string_view &rest) {
    const auto end = rest.find(' ');
    const auto word = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return word;
}

std::string text_of(const Condition &condition) {
    std::string text = "arg" + std::to_string(condition.index);
    if (condition.compare == Compare::masked_eq)
        return text + " & " + hex(condition.value) + " == " + hex(condition.value_two);
    for (const auto &[compare, sign] : compare_signs)
        if (compare == condition.compare) text += " " + std::string(sign) + " " + hex(condition.value);
    return text;
}

std::optional<Condition> parse_condition(std::string_view &rest) {
    const auto subject = next_word(rest);
    if (subject.size() != 4 || subject.substr(0, 3) != "arg" || subject[3] < '0' || subject[3] > '5')
        return std::nullopt;
    Condition condition;
    condition.index = static_cast<unsigned>(subject[3] - '0');
    const auto sign = next_word(rest);
    const auto value = hex_number(next_word(rest));
    if (!value) return std::nullopt;
    condition.value = *value;
    if (sign == "&") {
        condition.compare = Compare::masked_eq;
        if (next_word(rest) != "==") return std::nullopt;
        const auto two = hex_number(next_word(rest));
        if (!two) return std::nullopt;
        condition.value_two = *two;
        return condition;
    }
    for (const auto &[compare, text] : compare_signs) {
        if (text != sign) continue;
        condition.compare = compare;
        return condition;
    }
    return std::nullopt;
}

} // namespace

std::string text_of(Action action) {
    for (const auto &each : action_names) {
        if (!each.has_data && each.action == action) return std::string(each.name);
        if (each.has_data && each.action == (action & SECCOMP_RET_ACTION_FULL))
            return std::string(each.name) + "(" + std::to_string(action & SECCOMP_RET_DATA) + ")";
    }
    return hex(action);
}

std::optional<Action> parse_action_text(std::string_view text) {
    const auto open = text.find('(');
    for (const auto &each : action_names) {
        if (text.substr(0, open) != each.name || each.has_data != (open != std::string_view::npos)) continue;
        if (!each.has_data) return each.action;
        if (text.back() != ')') return std::nullopt;
        const auto data = number(text.substr(open + 1, text.size() - open - 2), 10);
        return data && *data <= SECCOMP_RET_DATA ? std::optional(each.action | static_cast<Action>(*data))
                                                 : std::nullopt;
    }
    return std::nullopt;
}

bool is_syscall_name(std::string_view name) {
    if (name.empty() || name == "if" || name.size() > 64) return false;
    for (char c : name)
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return false;
    return true;
}

std::string text_of(const Rule &rule) {
    std::string text = text_of(rule.action);
    for (const auto &name : rule.names)
        (text += ' ') += name;
    const char *between = " if ";
    for (const auto &condition : rule.conditions) {
        (text += between) += text_of(condition);
        between = " and ";
    }
    return text;
}

std::optional<Rule> parse_rule(std::string_view text) {
    Rule rule;
    const auto action = parse_action_text(next_word(text));
    if (!action) return std::nullopt;
    rule.action = *action;
    while (!text.empty()) {
        const auto word = next_word(text);
        if (word == "if") {
            do {
                const auto condition = parse_condition(text);
                if (!condition) return std::nullopt;
                rule.conditions.push_back(*condition);
            } while (next_word(text) == "and");
            break;
        }
        if (!is_syscall_name(word)) return std::nullopt;
        rule.names.emplace_back(word);
    }
    if (!text.empty() || rule.names.empty()) return std::nullopt;
    return rule;
}

std::string text_of(const Profile &profile) {
    std::string text = "default " + text_of(profile.default_action) + "\n";
    for (const auto &architecture : profile.architectures)
        text += "arch " + architecture + "\n";
    for (const auto &rule : profile.rules)
        ((text += "rule ") += text_of(rule)) += "\n";
    if (profile.known.empty()) return text;
    text += "known";
    for (const auto &name : profile.known)
        (text += ' ') += name;
    return text += '\n';
}

} // namespace seccomp
