// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/faketransport.h"

namespace hybridge {

namespace {
HttpResponse makeResponse(int status, QByteArray body, HeaderList headers)
{
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    if (response.header("Content-Type").isEmpty())
        response.headers.emplaceBack("Content-Type", "application/json");
    response.elapsedMs = 1;
    return response;
}
} // namespace

void FakeTransport::answer(int status, QByteArray body, HeaderList headers)
{
    m_steps.push_back(Step{makeResponse(status, std::move(body), std::move(headers))});
}

void FakeTransport::answerAt(const QString &pathPart, int status, QByteArray body, HeaderList headers)
{
    const HttpResponse response = makeResponse(status, std::move(body), std::move(headers));
    answerAt(pathPart, [response](const ApiRequest &) { return Result_(response); });
}

void FakeTransport::answerAt(const QString &pathPart, std::function<Result_(const ApiRequest &)> respond)
{
    m_routes.emplace_back(pathPart, std::move(respond));
}

void FakeTransport::fail(Error error)
{
    m_steps.push_back(Step{Result_(std::move(error))});
}

void FakeTransport::hang()
{
    m_steps.push_back(Step{std::nullopt});
}

FakeTransport::Step FakeTransport::next(const ApiRequest &request)
{
    // The newest route wins, so that a test can override one.
    for (auto it = m_routes.rbegin(); it != m_routes.rend(); ++it)
        if (request.path().contains(it->first))
            return Step{it->second(request)};
    if (m_steps.empty()) {
        ++m_unexpected;
        return Step{
            Result_(Error(Error::Kind::Unavailable, QStringLiteral("No answer was scripted."), request.path()))};
    }
    Step step = m_steps.front();
    m_steps.pop_front();
    return step;
}

Task<FakeTransport::Result_> FakeTransport::send(ApiRequest request, std::stop_token stop)
{
    m_requests.append(request);
    return play(next(request), m_delay, request.timeoutLimit(), std::move(stop), m_inFlight);
}

Task<FakeTransport::Result_> FakeTransport::play(Step step, std::chrono::milliseconds delay,
    std::chrono::milliseconds limit, std::stop_token stop, std::shared_ptr<int> inFlight)
{
    ++*inFlight;
    const bool late = !step.result || delay >= limit;
    const bool waited = co_await pause(late ? limit : delay, stop);
    --*inFlight;
    if (!waited)
        co_return Error(Error::Kind::Cancelled, QStringLiteral("Cancelled."));
    if (late)
        co_return Error(Error::Kind::Timeout, QStringLiteral("No answer came in time."));
    co_return *step.result;
}

} // namespace hybridge
