// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/tokenprovider.h"

#include <QCoreApplication>
#include <QCoroSignal>
#include <QPointer>

#include <optional>
#include <vector>

namespace hybridge::gcp {

namespace {
constexpr auto holdOff = 10s;

Error cancelled()
{
    return {Error::Kind::Cancelled, QCoreApplication::translate("Gcp", "Cancelled.")};
}
} // namespace

/// One fetch and all who wait for it.
struct TokenProvider::Flight {
    std::optional<Result<AccessToken>> result;
    std::vector<QPointer<Latch>> waiters;
};

struct TokenProvider::State {
    explicit State(const Clock &c) : clock(c) { }
    const Clock &clock;
    std::shared_ptr<TokenSource> source;
    std::optional<AccessToken> token;
    MonotonicMs goodUntil{0};
    std::optional<Error> failure;
    MonotonicMs failedUntil{0};
    std::shared_ptr<Flight> flight;
    std::stop_source closing;
};

TokenProvider::TokenProvider(std::shared_ptr<TokenSource> source, const Clock &clock)
    : m_state(std::make_shared<State>(clock))
{
    m_state->source = std::move(source);
}

TokenProvider::~TokenProvider()
{
    m_state->closing.request_stop();
}

bool TokenProvider::forget()
{
    m_state->token.reset();
    m_state->failure.reset();
    return m_state->source->canRenew();
}

Task<Result<AccessToken>> TokenProvider::token(std::stop_token stop)
{
    return tokenOf(m_state, std::move(stop));
}

Task<void> TokenProvider::fly(std::shared_ptr<State> state, std::shared_ptr<Flight> flight)
{
    const std::shared_ptr<TokenSource> source = state->source;
    const Result<AccessToken> fetched = co_await source->fetch(state->closing.get_token());
    flight->result = fetched;
    state->flight.reset();
    if (!state->closing.stop_requested()) { // the clock may be gone after that
        const MonotonicMs now = state->clock.monotonic();
        if (fetched) {
            state->token = *fetched;
            state->goodUntil = now + fetched->useFor;
            state->failure.reset();
        } else {
            state->failure = fetched.error();
            state->failedUntil = now + holdOff;
        }
    }
    for (const QPointer<Latch> &waiter : flight->waiters)
        if (waiter)
            waiter->release();
}

Task<Result<AccessToken>> TokenProvider::tokenOf(std::shared_ptr<State> state, std::stop_token stop)
{
    if (stop.stop_requested() || state->closing.stop_requested())
        co_return cancelled();
    const MonotonicMs now = state->clock.monotonic();
    if (state->token && now < state->goodUntil)
        co_return AccessToken(*state->token);
    if (!state->flight && state->failure && now < state->failedUntil)
        co_return Error(*state->failure);
    std::shared_ptr<Flight> flight = state->flight;
    if (!flight) {
        flight = std::make_shared<Flight>();
        state->flight = flight;
        fly(state, flight); // runs on by itself; may be over at once
    }
    if (!flight->result) {
        Latch latch;
        flight->waiters.emplace_back(&latch);
        const std::stop_callback onStop(stop, [&latch] { latch.release(); });
        co_await qCoro(&latch, &Latch::released);
    }
    if (stop.stop_requested() || state->closing.stop_requested() || !flight->result)
        co_return cancelled();
    co_return Result<AccessToken>(*flight->result); // a copy: QCoro's promise moves from lvalues too
}

} // namespace hybridge::gcp
