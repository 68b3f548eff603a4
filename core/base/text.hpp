// SPDX-License-Identifier: MIT
//
// Small helpers for text in messages and flags. They do not depend on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// "a:b:" split at ':' is {"a", "b", ""}; the empty text is {""}.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string_view> &parts, std::string_view separator);
/// At most the first `most` bytes, never cut inside a UTF-8 sequence, because messages may become JSON.
std::string_view beginning(std::string_view text, std::size_t most);
/// Text in double quotes for a message: control characters escaped, cut to `most` bytes with ... behind.
std::string in_quotes(std::string_view text, std::size_t most = 60);
/// Makes text safe for a terminal, whoever wrote it: names in an image or a bundle, a plugin's messages, a hook's
/// output. Escaped are bytes below 0x20 and bytes that are no UTF-8 (as \x1b), and characters that a terminal or a
/// reader may take for more than text (as \u009b): DEL and the controls C1, separators of lines, marks that change the
/// direction of reading. All else stays as it is. JSON stays JSON with the same meaning. With `lines` '\n' and '\t'
/// stay too; without it the result is always one line ("\n").
std::string printable(std::string_view text, bool lines = false);
std::string lower(std::string_view text);
/// Parses decimal digits (no sign, no blanks); std::nullopt if there is anything else or the number does not fit.
std::optional<std::uint64_t> parse_u64(std::string_view text);

/// How many insertions, deletions, replacements and swaps of neighbours turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The candidate that was probably meant; std::nullopt if none is near.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view> &candidates);
/// The hint for an unknown word: `did you mean "bridge"?`, else `known: a, b, c`, else empty.
std::string suggestion(std::string_view word, const std::vector<std::string_view> &candidates);

/// The length in bytes of the UTF-8 sequence at the front of `text`, which must not be empty; 0 if there is none. As in
/// RFC 3629: no overlong forms, no surrogates.
std::size_t utf8_sequence(std::string_view text);

} // namespace core
