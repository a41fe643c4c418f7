// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshdial.h"
#include "backend/ssh/sshreactor.h"

#include <chrono>

namespace hybridge {

class SshSession;

/// What is the same for all sessions of a program.
struct SshHubOptions {
    QString ourKnownHosts;  ///< read and written: known_hosts beside the fleet file
    QString userKnownHosts; ///< read only; empty: .ssh/known_hosts of $HOME
    HostKeyMode hostKeyMode = HostKeyMode::Strict;
    HostKeyQuestion *hostKeyQuestion = nullptr;       ///< null: unknown keys are refused. Outlives the hub
    PassphraseQuestion *passphraseQuestion = nullptr; ///< null: protected keys are an error. Outlives the hub
    std::chrono::milliseconds firstRetry{1000};       ///< pause after the first failure; doubles
    std::chrono::milliseconds mostRetry{60000};
    std::chrono::milliseconds blockedRetry{60000}; ///< after host-key and log-in trouble, in case it was mended
};

/// Who gets the answer to a job. GUI thread.
class SshJobListener {
public:
    virtual ~SshJobListener() = default;
    virtual void jobData(const QByteArray &out, const QByteArray &err)
    {
        Q_UNUSED(out)
        Q_UNUSED(err)
    }
    virtual void jobEnded(const Result<ExecResult> &result) = 0;
};

/// The machinery behind all SshSessions: the reactor's thread, the pool that dials, unlocked keys, known hosts. Made
/// once by app/ before the sessions, destroyed after them. GUI thread.
class SshHub final : public QObject {
    Q_OBJECT
public:
    explicit SshHub(SshHubOptions options, QObject *parent = nullptr);
    ~SshHub() override;
    [[nodiscard]] const SshHubOptions &options() const { return m_options; }
    [[nodiscard]] KnownHostsFile &ourKnownHosts() { return m_ourKnownHosts; }

    // For SshSession alone:
    [[nodiscard]] SshDialContext dialContext();
    [[nodiscard]] quint64 addLink(DialedSession dialed, const SshTarget &target, SshSession *session);
    void removeLink(quint64 linkId);
    [[nodiscard]] quint64 addJob(SshSession *session, std::shared_ptr<SshJobListener> listener);
    void submit(quint64 linkId, const SshJobPtr &job) { m_reactor.submit(linkId, job); }
    void cancel(quint64 linkId, quint64 jobId) { m_reactor.cancel(linkId, jobId); }
    /// Answers a job now, unless it already has its answer.
    void endJob(quint64 jobId, const Result<ExecResult> &result);
    void endJobsOf(const SshSession *session, const Error &error);

protected:
    bool event(QEvent *event) override;

private:
    struct Job {
        SshSession *session = nullptr;
        std::shared_ptr<SshJobListener> listener;
    };
    SshHubOptions m_options;
    QThreadPool m_pool;
    SshKeys m_keys;
    KnownHostsFile m_ourKnownHosts;
    KnownHostsFile m_userKnownHosts;
    QHash<quint64, Job> m_jobs;
    QHash<quint64, SshSession *> m_links;
    quint64 m_lastId = 0;
    SshReactor m_reactor;
};

} // namespace hybridge
