// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshhub.h"

#include "backend/ssh/cryptoexit.h"
#include "backend/ssh/ssherrors.h"
#include "backend/ssh/sshsession.h"

#include <QDir>

namespace hybridge {

SshHub::SshHub(SshHubOptions options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_keys(m_pool, m_options.passphraseQuestion)
    , m_ourKnownHosts(m_options.ourKnownHosts)
    , m_userKnownHosts(m_options.userKnownHosts.isEmpty() ? QDir::homePath() + QStringLiteral("/.ssh/known_hosts")
                                                          : m_options.userKnownHosts)
    , m_reactor(*this)
{
    keepCryptoAtExit();
    // Threads mostly wait for the other side; a host that says nothing never gets one (SshDial::awaitBanner).
    m_pool.setMaxThreadCount(32);
    m_pool.setExpiryTimeout(5000);
}

SshHub::~SshHub()
{
    Q_ASSERT_X(m_links.isEmpty(), "SshHub", "sessions must go before their hub");
    const QList<quint64> late = m_jobs.keys(); // asked for while their session was closing
    for (const quint64 id : late)
        endJob(id, ssherror::closedByUs());
    m_pool.waitForDone(); // every dial has been cancelled with its session
}

SshDialContext SshHub::dialContext()
{
    SshDialContext context{m_pool, m_keys, m_options.hostKeyMode, m_ourKnownHosts, m_userKnownHosts};
    return context;
}

quint64 SshHub::addLink(DialedSession dialed, const SshTarget &target, SshSession *session)
{
    const quint64 linkId = ++m_lastId;
    m_links.insert(linkId, session);
    m_reactor.addLink(linkId, std::move(dialed), target);
    return linkId;
}

void SshHub::removeLink(quint64 linkId)
{
    if (m_links.remove(linkId))
        m_reactor.removeLink(linkId);
}

quint64 SshHub::addJob(SshSession *session, std::shared_ptr<SshJobListener> listener)
{
    const quint64 jobId = ++m_lastId;
    Job job;
    job.session = session;
    job.listener = std::move(listener);
    m_jobs.insert(jobId, std::move(job));
    return jobId;
}

void SshHub::endJob(quint64 jobId, const Result<ExecResult> &result)
{
    const Job job = m_jobs.take(jobId);
    if (job.listener)
        job.listener->jobEnded(result);
}

void SshHub::endJobsOf(const SshSession *session, const Error &error)
{
    QList<quint64> ids;
    for (auto job = m_jobs.cbegin(); job != m_jobs.cend(); ++job)
        if (job->session == session)
            ids.append(job.key());
    std::sort(ids.begin(), ids.end());
    for (const quint64 id : ids)
        endJob(id, error); // a listener may end others meanwhile; take() makes that harmless
}

bool SshHub::event(QEvent *event)
{
    if (event->type() != SshReactor::reportType())
        return QObject::event(event);
    SshReport report = m_reactor.takeReport();
    for (SshReport::Item &item : report.items) {
        if (item.end) {
            endJob(item.jobId, *item.end);
        } else if (const auto job = m_jobs.constFind(item.jobId); job != m_jobs.cend()) {
            const std::shared_ptr<SshJobListener> listener = job->listener;
            listener->jobData(item.out, item.err);
        }
    }
    for (const SshReport::Loss &loss : report.losses)
        if (SshSession *session = m_links.take(loss.linkId))
            session->linkLost(loss.error);
    return true;
}

} // namespace hybridge
