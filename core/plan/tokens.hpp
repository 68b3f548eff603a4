// SPDX-License-Identifier: MIT
//
// Which tokens exist: those of the SDK (ctr/kinds.h), those that an installed plugin's manifest gives, and those that a
// plugin lists as known from others, which may be missing. A plugin of the first release, whose manifest lists no
// tokens, may give any: those that it gives in this plan exist, and all that begin with its id and a dot. A step that
// names another token in `needs` or `after` is refused, because it would silently wait for nobody.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::plugin {
class Catalog;
}

namespace core::plan {

/// What a plugin's manifest says about tokens.
struct TokenUser {
    std::string_view id;
    std::span<const std::string> gives;
    std::span<const std::string> needs; // of other plugins, installed or not
    bool lists_gives = true;
    bool refused = false; // its file was refused; it gives nothing, but explains what is missing
};

class Tokens {
public:
    /// Knows only the tokens of the SDK.
    Tokens() = default;
    explicit Tokens(const plugin::Catalog &catalog);

    void add(const TokenUser &plugin) { plugins_.push_back(plugin); }
    /// True if a step of that plugin may name the token.
    bool is_known(std::string_view token, std::string_view plugin) const;
    /// The hint for a token that no step gives: who could give it, or the nearest known token.
    std::string hint(std::string_view token) const;

private:
    std::vector<TokenUser> plugins_;
};

/// True if the list has the token. An entry that ends in a colon stands for all tokens that begin with it.
bool lists_token(std::span<const std::string> list, std::string_view token);

/// `did you mean "caps.bounded"?`, or an empty text.
std::string nearest_token(std::string_view token, std::span<const std::string> list);

} // namespace core::plan
