// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/panel.h"

#include "backend/fleet/fleettrust.h"
#include "backend/fleet/snapshot.h"
#include "ui/fleet/logcard.h"
#include "ui/fleet/nodepage.h"

#include <QFileInfo>
#include <QPointer>

namespace hybridge {

Panel::Panel(const Clock &clock, QObject *parent)
    : QObject(parent), m_clock(clock), m_resolver(m_store), m_lastKnown(LastKnownCache::defaultDirectory()), m_firstPaint(m_window),
      m_questions(m_window)
{
    connectWindow();
    m_save.setInterval(30000);
    connect(&m_save, &QTimer::timeout, this, &Panel::saveLastKnown);
}

Panel::~Panel()
{
    m_stop.request_stop();
    closeSession();
}

QString Panel::usualFile()
{
    const QString path = FleetFile::defaultPath();
    return QFileInfo::exists(path) ? path : QString();
}

void Panel::connectWindow()
{
    connect(&m_window, &MainWindow::demoRequested, this, [this] { openDemo(2); });
    connect(&m_window, &MainWindow::fleetFileChosen, this, [this](const QString &path) { openFile(path, false); });
    connect(&m_window, &MainWindow::secretProvided, this, [this](const QString &name, const Secret &value) { keepSecret(name, value); });
    connect(&m_window, &MainWindow::faultToggled, this, [this](const QString &node, const QString &fault, bool on) {
        if (m_labControl)
            m_labControl->toggle(node, fault, on);
    });
    connect(&m_window, &MainWindow::operationRequested, this, [this](const OperationRequest &request) { operate(this, request); });
    connect(&m_window, &MainWindow::continueRequested, this, [this](const OperationSummary &operation) { continueOperation(this, operation); });
    connect(&m_window, &MainWindow::putAsideRequested, this, [this](const QString &operation) { putAside(this, operation); });
    connect(&m_window, &MainWindow::repairAllRequested, this, [this] {
        if (m_labControl)
            m_labControl->repairAll();
    });
}

void Panel::openDemo(int nodes)
{
    m_window.showOpening(tr("Starting the demo cloud."));
    m_lab = std::make_unique<LabProcess>();
    connect(m_lab.get(), &LabProcess::ready, this, [this](const QString &file) { openFile(file, true); });
    connect(m_lab.get(), &LabProcess::failed, this, [this](const Error &error) {
        m_window.showFirstStart();
        m_window.showNotice(noticeOf(error, QStringLiteral("lab")));
        Q_EMIT openFailed(error.summary + QLatin1Char(' ') + error.detail);
    });
    m_lab->start(nodes);
}

void Panel::leave(const std::function<void()> &done)
{
    if (m_lab)
        m_lab->end(done);
    else
        done();
}

void Panel::openFile(const QString &path, bool trusted)
{
    const Result<FleetFile> file = FleetFile::load(path);
    if (!file) {
        m_window.showFleetFileErrors(path, {file.error()});
        Q_EMIT openFailed(file.error().summary + QLatin1Char('\n') + file.error().detail);
        return;
    }
    const FleetTrust trust(FleetTrust::defaultPath());
    const TrustDecision decision = trust.check(file->hash(), file->config());
    if (trusted || decision.isTrusted()) {
        openTrusted(*file);
        return;
    }
    TrustQuestion question;
    question.path = path;
    for (const FleetCommand &command : decision.demands.commands)
        question.commands.append(command.command);
    for (const FleetSecretUse &use : decision.demands.secrets)
        question.secrets.append({use.secret, use.host});
    for (const FleetLogin &login : decision.demands.logins)
        question.secrets.append({login.identity, login.target});
    const QPointer<Panel> self(this);
    m_window.askTrust(question, [self, file = *file](bool yes) {
        if (!self || !yes)
            return;
        FleetTrust remembered(FleetTrust::defaultPath());
        if (const Result<void> kept = remembered.remember(file.hash(), file.path(), QDateTime::currentDateTimeUtc()); !kept)
            self->m_window.showNotice(noticeOf(kept.error(), QStringLiteral("trust")));
        self->openTrusted(file);
    });
}

void Panel::openTrusted(const FleetFile &file)
{
    closeSession();
    m_fileHash = file.hash();
    FleetSessionOptions options;
    options.knownHostsFile = QFileInfo(file.path()).absolutePath() + QStringLiteral("/known_hosts");
    options.hostKeyMode = HostKeyMode::Ask;
    options.hostKeyQuestion = &m_questions;
    m_session = std::make_unique<FleetSession>(file.config(), m_resolver, m_clock, options);
    m_session->state().setCoalescing(std::chrono::milliseconds(250));
    restoreSnapshot(m_session->state(), m_lastKnown.read(m_fileHash));
    connectSession();
    m_window.setFleet(&m_session->state());
    openLifecycle(file);
    startSoon();
    m_save.start();
    Q_EMIT opened();
}

// The window is painted with what is known first; the network comes after it. A window that is never painted (minimised)
// must not wait for ever.
void Panel::startSoon()
{
    FleetSession *session = m_session.get();
    auto *limit = new QTimer(session);
    limit->setSingleShot(true);
    const auto start = [this, session, limit] {
        // Whichever comes first, and only that.
        limit->disconnect();
        m_firstPaint.disconnect(limit);
        limit->deleteLater();
        session->start();
        if (m_routingWatch)
            m_routingWatch->start();
    };
    if (!m_firstPaint.isPainted())
        connect(&m_firstPaint, &FirstPaint::painted, limit, start);
    connect(limit, &QTimer::timeout, limit, start);
    limit->start(m_firstPaint.isPainted() ? 0 : 1000);
}

void Panel::connectSession()
{
    connect(&m_session->secrets(), &SecretCache::missing, this, &Panel::askSecret);
    connect(&m_session->state(), &FleetState::diagnosisChanged, this, &Panel::noteDiagnosis);
    const QString control = m_session->state().config().labControl;
    if (control.isEmpty())
        return;
    m_labControl = std::make_unique<LabControl>(QUrl(control));
    connect(m_labControl.get(), &LabControl::faultsRead, &m_window, &MainWindow::setLabFaults);
    connect(m_labControl.get(), &LabControl::failed, this,
        [this](const Error &error) { m_window.showNotice(noticeOf(error, QStringLiteral("lab-control"))); });
    m_labControl->start();
}

void Panel::closeSession()
{
    if (!m_session)
        return;
    saveLastKnown();
    if (NodePage *page = m_window.nodePage()) {
        page->log().setShells({}); // the links go with the session
        page->setSpot({});
    }
    m_window.setFleet(nullptr);
    m_labControl.reset();
    // What still runs is asked to stop; what it had begun stands in the log and is offered at the next start.
    m_drillTick.stop();
    m_drillSchedule.stop();
    m_drill.reset(); // what is away is given back by its lease
    m_drillWays.reset();
    m_chat.reset();
    m_chatHistory.reset();
    m_check.reset();
    m_checkWays.reset();
    m_cost.reset();
    m_spot.reset();
    m_lifecycle.reset();
    m_ways.reset();
    m_routingWatch.reset();
    m_monitors.reset();
    m_routing.reset();
    m_session.reset();
    m_log.reset();
}

void Panel::askSecret(const SecretRef &ref, const SecretPurpose &purpose, const Error &error)
{
    if (ref.store != SecretRef::Store::Keyring) {
        // A file, a variable or a command is mended where it lies; nothing can be typed here.
        Notice notice = noticeOf(error, ref.text());
        notice.what = tr("%1 is missing: %2").arg(purpose.what, error.summary);
        m_window.showNotice(notice);
        return;
    }
    SecretRequest request;
    request.name = ref.text();
    request.purpose = purpose.what;
    request.host = purpose.host;
    request.storage = m_store.description();
    m_window.requestSecret(request);
}

Task<void> Panel::keepSecret(QString name, Secret value)
{
    const QPointer<Panel> self(this);
    const std::stop_token stop = m_stop.get_token();
    const QString entry = name.section(QLatin1Char(':'), 1);
    const Result<void> kept = co_await m_store.write(entry, value, stop);
    if (!self || stop.stop_requested())
        co_return;
    if (!kept) {
        m_window.showNotice(noticeOf(kept.error(), name));
        co_return;
    }
    m_window.withdrawSecretRequest(name);
    if (m_session) {
        m_session->secrets().retry();
        m_session->watch().runNow({});
    }
}

void Panel::noteDiagnosis(const QString &id, const Diagnosis &before, const Diagnosis &after)
{
    if (before.condition == NodeCondition::Unknown && after.condition == NodeCondition::Healthy)
        return; // the first look is no event
    ActivityEntry entry;
    entry.at = m_clock.now();
    entry.nodeId = id;
    entry.text = after.summary;
    entry.detail = after.evidence;
    entry.condition = after.condition;
    m_window.addActivity(entry);
}

void Panel::saveLastKnown()
{
    if (m_session && !m_session->state().config().isLab())
        m_lastKnown.write(m_fileHash, snapshotOf(m_session->state()));
}

} // namespace hybridge
