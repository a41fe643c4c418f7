// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"
#include "backend/http/apiclient.h"

#include <QElapsedTimer>
#include <QMap>
#include <QObject>
#include <QTimer>

#include <memory>
#include <stop_token>

namespace hybridge {

/// What each request of a drill asks for, and how its answer tells who gave it.
struct DrillAsk {
    DrillProbe probe = DrillProbe::Models;
    bool worker = true; ///< the router worker answers: x-hybridge-backend is the proof
    QMap<int, QString> codes; ///< load balancer: the tunnels' marks, status -> node; not empty: the mark is what is asked for
    QString model; ///< of chat and stream
};

/// The request that is sent. Pure.
[[nodiscard]] ApiRequest drillRequestOf(const DrillAsk &ask);
/// What an answer says: outcome, who gave it, layer and cause. Everything but the times. Pure.
[[nodiscard]] DrillSample classifyDrillAnswer(const Result<HttpResponse> &answer, const DrillAsk &ask);

/// Sends small requests through the endpoint at a constant rate, whatever becomes of those before: one that hangs delays no
/// other. Bounded: what would be one too many in flight is not sent, and counted as skipped. Time counts from the intended
/// send. GUI thread.
class DrillProber final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillProber)
public:
    /// @p endpoint: over a pool of the drill's own. @p rate: requests a second, 0.1 to 200.
    DrillProber(std::shared_ptr<ApiClient> endpoint, DrillAsk ask, double rate, QObject *parent = nullptr);
    ~DrillProber() override; ///< what is in flight is given up

    void start();
    /// No further request. What is in flight still counts when it ends.
    void stop();
    /// stop(), and waits for what is in flight, @p limit at most; what has not ended then is counted as failed.
    Task<void> drain(std::chrono::milliseconds limit);

    /// Seconds since the first request's intended send.
    [[nodiscard]] double now() const;
    /// By intended send.
    [[nodiscard]] const QList<DrillSample> &samples() const { return m_samples; }
    [[nodiscard]] qint64 sent() const { return m_sent; }
    [[nodiscard]] qint64 skipped() const { return m_skipped; }
    [[nodiscard]] int inFlight() const { return int(m_open.size()); }

Q_SIGNALS:
    void sampled(const hybridge::DrillSample &sample);

private:
    void sendDue();
    void take(qint64 number, DrillSample sample);
    static Task<void> ask(QPointer<DrillProber> self, std::shared_ptr<ApiClient> endpoint, DrillAsk ask, qint64 number, double at, std::stop_token stop);
    static Task<DrillSample> readStream(std::shared_ptr<ApiClient> endpoint, DrillAsk ask, std::stop_token stop);

    std::shared_ptr<ApiClient> m_endpoint;
    DrillAsk m_ask;
    double m_rate;
    int m_mostInFlight;
    QTimer m_timer;
    QElapsedTimer m_watch;
    std::stop_source m_stop;
    QMap<qint64, double> m_open; ///< in flight: number -> intended send
    QList<DrillSample> m_samples;
    qint64 m_next = 0;
    qint64 m_sent = 0;
    qint64 m_skipped = 0;
};

} // namespace hybridge
