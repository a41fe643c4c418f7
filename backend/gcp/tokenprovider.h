// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/gcp/tokensource.h"

#include <memory>

namespace hybridge::gcp {

/// Keeps one access token and fetches the next: one fetch at a time, however many ask. After a failure the same error
/// is given for 10 s, so that a fleet of monitors does not hammer the token endpoint. GUI thread.
class TokenProvider final {
public:
    /// @p clock must outlive this.
    TokenProvider(std::shared_ptr<TokenSource> source, const Clock &clock);
    /// Whoever waits gets Cancelled.
    ~TokenProvider();
    TokenProvider(const TokenProvider &) = delete;
    TokenProvider &operator=(const TokenProvider &) = delete;

    /// A token that is good now, fetched if need be. @p stop ends the waiting, not the fetch that others wait for too.
    Task<Result<AccessToken>> token(std::stop_token stop);
    /// A service refused the token. True when the next token() fetches another.
    bool forget();

private:
    struct Flight;
    struct State;
    static Task<void> fly(std::shared_ptr<State> state, std::shared_ptr<Flight> flight);
    static Task<Result<AccessToken>> tokenOf(std::shared_ptr<State> state, std::stop_token stop);
    std::shared_ptr<State> m_state;
};

} // namespace hybridge::gcp
