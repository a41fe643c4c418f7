// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <QList>
#include <QString>

#include <deque>
#include <functional>
#include <optional>

namespace hybridge {

/// An ApiTransport with scripted answers. Every answer comes one turn of the event loop later, as real ones do.
///
/// Answers for a path (answerAt) are kept for all calls whose path contains the text; the others are used up in order.
/// A call without an answer fails with Unavailable and is counted in unexpected().
class FakeTransport final : public ApiTransport {
public:
    using Result_ = Result<HttpResponse>;

    void answer(int status, QByteArray body, HeaderList headers = {});
    void answerAt(const QString &pathPart, int status, QByteArray body, HeaderList headers = {});
    /// @p respond decides on each call whose path contains @p pathPart.
    void answerAt(const QString &pathPart, std::function<Result_(const ApiRequest &)> respond);
    void fail(Error error);
    /// The next call answers nothing: Timeout after its own limit, Cancelled when stopped, or what release() gives.
    void hang();
    /// Every call from now on waits this long before it answers; its own limit and stop still count.
    void setDelay(std::chrono::milliseconds delay) { m_delay = delay; }

    [[nodiscard]] const QList<ApiRequest> &requests() const { return m_requests; }
    [[nodiscard]] int inFlight() const { return *m_inFlight; }
    [[nodiscard]] int unexpected() const { return m_unexpected; }

    Task<Result_> send(ApiRequest request, std::stop_token stop) override;

private:
    struct Step {
        std::optional<Result_> result; ///< empty: hangs
    };
    static Task<Result_> play(Step step, std::chrono::milliseconds delay, std::chrono::milliseconds limit,
        std::stop_token stop, std::shared_ptr<int> inFlight);
    [[nodiscard]] Step next(const ApiRequest &request);

    std::deque<Step> m_steps;
    std::vector<std::pair<QString, std::function<Result_(const ApiRequest &)>>> m_routes;
    QList<ApiRequest> m_requests;
    std::shared_ptr<int> m_inFlight = std::make_shared<int>(0);
    std::chrono::milliseconds m_delay{0};
    int m_unexpected = 0;
};

} // namespace hybridge
