// SPDX-License-Identifier: MIT
#include "plan/tokens.hpp"

#include "base/text.hpp"
#include "plugin/catalog.hpp"

#include <algorithm>
#include <ctr/kinds.h>

namespace core::plan {
namespace {

constexpr std::string_view of_sdk[] = {
#define CTR_TOKEN_ROW(token) token,
    CTR_TOKENS(CTR_TOKEN_ROW)
#undef CTR_TOKEN_ROW
};

bool is_meant(std::string_view entry, std::string_view token) {
    if (!entry.ends_with(':')) return entry == token;
    return token.starts_with(entry) && token.size() > entry.size();
}

std::string joined(const std::vector<std::string_view> &ids) {
    std::string out;
    for (const std::string_view id : ids)
        (out += out.empty() ? "" : ", ") += id;
    return out;
}

/// Only the word before the colon is compared, because "mount:" as the nearest word to "mount:/prco" would not help.
std::string nearest_of(std::string_view token, const std::vector<std::string_view> &all) {
    const auto colon = token.find(':');
    const auto near = nearest(colon == std::string_view::npos ? token : token.substr(0, colon + 1), all);
    return near ? "did you mean \"" + std::string(*near) + "\"?" : std::string();
}

} // namespace

bool lists_token(std::span<const std::string> list, std::string_view token) {
    return std::any_of(list.begin(), list.end(), [&](const std::string &each) { return is_meant(each, token); });
}

std::string nearest_token(std::string_view token, std::span<const std::string> list) {
    return nearest_of(token, {list.begin(), list.end()});
}

Tokens::Tokens(const plugin::Catalog &catalog) {
    for (const auto &each : catalog.plugins())
        add({each->manifest.id, each->manifest.gives, each->manifest.needs, each->manifest.lists_gives});
    for (const plugin::Refusal &refusal : catalog.refused())
        for (const plugin::Manifest &each : refusal.manifests)
            add({each.id, each.gives, each.needs, each.lists_gives, true});
}

bool Tokens::is_known(std::string_view token, std::string_view plugin) const {
    const auto knows = [&](const TokenUser &each) {
        if (each.refused) return false;
        const bool own = token.starts_with(each.id) && token.substr(each.id.size()).starts_with('.');
        return lists_token(each.gives, token) || (own && !each.lists_gives) ||
               (each.id == plugin && lists_token(each.needs, token));
    };
    return std::any_of(std::begin(of_sdk), std::end(of_sdk),
                       [&](std::string_view each) { return is_meant(each, token); }) ||
           std::any_of(plugins_.begin(), plugins_.end(), knows);
}

std::string Tokens::hint(std::string_view token) const {
    std::vector<std::string_view> could, refused;
    for (const TokenUser &each : plugins_)
        if (lists_token(each.gives, token)) (each.refused ? refused : could).push_back(each.id);
    if (!could.empty())
        return "these plugins could give it: " + joined(could) +
               "; ask for what makes them add their step, or enable them";
    if (!refused.empty())
        return "the plugin that gives it was refused: " + joined(refused) + " (`ctr plugin ls` says why)";
    std::vector<std::string_view> all(std::begin(of_sdk), std::end(of_sdk));
    for (const TokenUser &each : plugins_)
        all.insert(all.end(), each.gives.begin(), each.gives.end());
    const std::string near = nearest_of(token, all);
    return "no installed plugin gives it: " + (near.empty() ? "install one that does" : near);
}

} // namespace core::plan
