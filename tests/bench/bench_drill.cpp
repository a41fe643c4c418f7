// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A drill at 200 requests a second for 30 seconds, shown as it runs, while every fourth request hangs for ten of them: the
// longest stall of the event loop, how late a request leaves, and what the end costs. Needs no display with
// QT_QPA_PLATFORM=offscreen. Exit 1: a stall over 33 ms.
#include "backend/drill/drillprobe.h"
#include "backend/drill/drillreport.h"
#include "backend/drill/drillstats.h"
#include "ui/drill/drillpage.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>
#include <QTimer>

#include <algorithm>
#include <atomic>
#include <cstdio>

using namespace hybridge;

namespace {

constexpr int seconds = 30;
constexpr double rate = 200;
constexpr double hangsFrom = 10;
constexpr double hangsTo = 20;

/// Answers as the router does; what hangs is never answered. In a thread of its own.
class Router final : public QObject {
public:
    std::atomic<bool> hangs = false;
    quint16 port = 0;
    void listen()
    {
        auto *server = new QTcpServer(this);
        connect(server, &QTcpServer::newConnection, this, [this, server] {
            while (QTcpSocket *socket = server->nextPendingConnection()) {
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
                connect(socket, &QTcpSocket::readyRead, this, [this, socket] { answer(socket); });
            }
        });
        server->listen(QHostAddress::LocalHost);
        port = server->serverPort();
    }

private:
    void answer(QTcpSocket *socket)
    {
        if (!socket->readAll().endsWith("\r\n\r\n"))
            return;
        const int number = m_number++;
        if (hangs && number % 4 == 0)
            return;
        const QByteArray node = number % 5 == 0 || hangs ? "home" : "gcp";
        socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-hybridge-backend: " + node + "\r\nx-hybridge-attempts: " + (hangs ? "2" : "1")
            + "\r\nx-hybridge-routes: 7\r\nContent-Length: 2\r\n\r\n{}");
    }
    int m_number = 0;
};

double msOf(const QElapsedTimer &watch)
{
    return double(watch.nsecsElapsed()) / 1e6;
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    Theme theme(app);
    QThread thread;
    Router router;
    router.moveToThread(&thread);
    thread.start();
    QMetaObject::invokeMethod(&router, [&router] { router.listen(); }, Qt::BlockingQueuedConnection);

    DrillLive live;
    live.phase = DrillPhase::Cut;
    live.plan.request.node = QStringLiteral("gcp");
    live.plan.request.duration = std::chrono::seconds(seconds);
    live.report.id = QStringLiteral("bench");
    live.report.request = live.plan.request;
    live.report.labels = {{QStringLiteral("gcp"), QStringLiteral("GCP L4")}, {QStringLiteral("home"), QStringLiteral("Home 3090")}};
    live.report.marks.cut = hangsFrom;
    DrillPage page;
    page.resize(1280, 800);
    page.show();
    page.setLive(live, 0, std::nullopt);
    QCoreApplication::processEvents();

    ConnectionPool pool;
    const auto client = std::make_shared<ApiClient>(QUrl(QStringLiteral("http://127.0.0.1:%1").arg(router.port)), pool);
    client->setRetryPolicy([](const AttemptOutcome &, double) -> std::optional<std::chrono::milliseconds> { return std::nullopt; });
    DrillProber prober(client, {}, rate);
    QObject::connect(&prober, &DrillProber::sampled, &page, &DrillPage::addSample);
    QTimer picture; // as the panel does
    QObject::connect(&picture, &QTimer::timeout, &page, [&] { page.setLive(live, prober.now(), std::chrono::seconds(100)); });
    picture.start(200);
    QTimer count; // as the service does while it holds the fault
    QObject::connect(&count, &QTimer::timeout, &page, [&] {
        live.report.samples = prober.samples();
        live.report.counts = drillCounts(live.report.samples, prober.skipped());
    });
    count.start(2000);

    QList<double> gaps;
    QElapsedTimer beat;
    QTimer heart;
    heart.setTimerType(Qt::PreciseTimer);
    QObject::connect(&heart, &QTimer::timeout, &page, [&] {
        if (beat.isValid())
            gaps.append(msOf(beat) - 2);
        beat.start();
        router.hangs = prober.now() >= hangsFrom && prober.now() < hangsTo;
        if (prober.now() >= seconds)
            QCoreApplication::quit();
    });
    prober.start();
    heart.start(2);
    QCoreApplication::exec();
    heart.stop();
    prober.stop();

    std::sort(gaps.begin(), gaps.end());
    QList<double> quick; // answered while others hang
    for (const DrillSample &sample : prober.samples())
        if (sample.isOk() && sample.at >= hangsFrom && sample.at < hangsTo)
            quick.append(sample.ms);
    std::sort(quick.begin(), quick.end());
    const auto at = [](const QList<double> &sorted, double share) { return sorted.isEmpty() ? 0 : sorted.at(qsizetype(double(sorted.size() - 1) * share)); };
    std::printf("%lld sent, %lld answered, %lld not sent in %d s at %.0f a second\n", static_cast<long long>(prober.sent()), static_cast<long long>(prober.samples().size()),
        static_cast<long long>(prober.skipped()), seconds, rate);
    std::printf("stalls of the event loop: median %.2f ms, 99 %% %.2f ms, longest %.1f ms\n", at(gaps, 0.5), at(gaps, 0.99), at(gaps, 1));
    std::printf("answers while every fourth hangs: median %.1f ms, 99 %% %.1f ms from the intended send\n", at(quick, 0.5), at(quick, 0.99));
    live.report.samples = prober.samples();
    live.report.marks.restore = hangsTo;
    QElapsedTimer watch;
    const auto timed = [&watch](const char *what, const std::function<void()> &work) {
        watch.start();
        work();
        std::printf("%s: %.1f ms\n", what, msOf(watch));
    };
    timed("figures of the end", [&] {
        live.report.counts = drillCounts(live.report.samples, 0);
        live.report.times = drillTimes(live.report.samples, live.report.marks, live.plan.request.node, rate);
    });
    timed("digest", [&] { live.report.digest = drillDigest(live.report); });
    timed("report on the page", [&] {
        page.showReport(live.report);
        QCoreApplication::processEvents();
    });
    thread.quit();
    thread.wait();
    return at(gaps, 1) > 33 ? 1 : 0;
}
