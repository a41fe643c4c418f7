// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/http/apirequest.h"

#include <QByteArray>
#include <QElapsedTimer>
#include <QNetworkReply>
#include <QObject>
#include <QPointer>
#include <QSslError>
#include <QUrl>

#include <functional>
#include <memory>
#include <utility>

class QNetworkAccessManager;

namespace hybridge {

/// Error::serviceCode of a name that could not be resolved: Qt's own number for it.
inline constexpr int NameNotResolvedCode = QNetworkReply::HostNotFoundError;

/// One request on the wire, once: what ApiClient and HttpStream are made of. GUI thread.
///
/// Knows what QNetworkAccessManager hides: whether the request may have left, whether the body came whole, what was
/// wrong with the certificate. Everything that is not a GET leaves as a sequential device that cannot be rewound, with
/// an explicit Content-Length, so that Qt cannot send it twice (measured: it does otherwise). The price: Qt answers a
/// 307 or 308 to such a request with ContentReSendError and hides the answer; it counts as no answer.
class Exchange final : public QObject {
    Q_OBJECT
public:
    /// @p maxBytes: the most that is received; the exchange ends with an Error beyond it. Sends at once.
    Exchange(QNetworkAccessManager &manager, const QUrl &url, const ApiRequest &request, const HeaderList &headers,
        qint64 maxBytes);
    ~Exchange() override;

    [[nodiscard]] bool hasHead() const { return m_hasHead; }
    [[nodiscard]] bool isOver() const { return m_over; }
    [[nodiscard]] int status() const { return m_status; }
    [[nodiscard]] const HeaderList &headers() const { return m_headers; }
    /// From the creation to the request's leaving, in ms, connection and TLS included; -1 before, and for requests without
    /// a body, of which Qt tells nothing.
    [[nodiscard]] double sentMs() const { return m_sentMs; }
    /// Called once when the request has left, on the GUI thread.
    void setOnSent(std::function<void()> onSent) { m_onSent = std::move(onSent); }
    [[nodiscard]] bool hasBytes() const { return !m_received.isEmpty(); }
    /// What came since the last call.
    [[nodiscard]] QByteArray takeBytes() { return std::exchange(m_received, {}); }
    /// False when nothing can have reached the service: name not resolved, connection refused, no TLS, or a body of
    /// which nothing was sent. True in doubt (a request without a body that was not refused).
    [[nodiscard]] bool mayHaveLeft() const;
    /// After isOver(): nothing when the answer came whole (whatever its status), otherwise why not.
    [[nodiscard]] Result<void> outcome() const;

    /// Ends it now: outcome() is Cancelled, or Timeout with @p late.
    void stop(bool late);
    enum class Until { Progress, End };
    /// Waits for the next event (headers, bytes, end, nudge) or for the end (or a nudge). One waiter at a time.
    static Task<void> wait(std::shared_ptr<Exchange> exchange, Until until);
    /// Wakes the waiter without an event: its own time is up.
    void nudge() { wake(true); }

private:
    void readHead();
    void readBytes();
    void finish();
    void wake(bool always);
    [[nodiscard]] bool isHalfJson() const;
    [[nodiscard]] Error transportError() const;
    [[nodiscard]] Error tlsError() const;

    enum class Cause { None, Stopped, Late, TooLong, ManagerGone };
    QNetworkReply *m_reply = nullptr;
    QPointer<Latch> m_waiter;
    Until m_until = Until::Progress;
    QString m_host;
    QByteArray m_received;
    HeaderList m_headers;
    QList<QSslError> m_sslErrors;
    QNetworkReply::NetworkError m_error = QNetworkReply::NoError;
    QString m_errorText;
    qint64 m_total = 0;
    char m_firstChar = 0; ///< of the body, blanks aside
    char m_lastChar = 0;
    qint64 m_maxBytes;
    qint64 m_limitMs;
    QElapsedTimer m_watch;
    std::function<void()> m_onSent;
    double m_sentMs = -1;
    int m_status = 0;
    Cause m_cause = Cause::None;
    bool m_hasHead = false;
    bool m_over = false;
    bool m_left;
};

} // namespace hybridge
