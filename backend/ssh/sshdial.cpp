// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshdial.h"

#include "backend/base/pooltask.h"
#include "backend/ssh/ssherrors.h"

#include <sys/eventfd.h>

namespace hybridge {

SshDial::SshDial(SshDialContext context, SshTarget target, QList<HostKey> expectedKeys, QObject *parent)
    : QObject(parent)
    , m_context(context)
    , m_target(std::move(target))
    , m_expectedKeys(std::move(expectedKeys))
    , m_cancel(std::make_shared<const UniqueFd>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)))
{
    m_limit.setSingleShot(true);
    connect(&m_limit, &QTimer::timeout, this,
        [this] { fail(m_isConnected ? ssherror::silent(m_target) : m_transport->timeoutError()); });
}

SshDial::~SshDial()
{
    ::eventfd_write(m_cancel->get(), 1);
}

void SshDial::start()
{
    QCoro::connect(
        m_context.keys.identities(m_target.identityFile), this, [this](const Result<QList<SshIdentity>> &identities) {
            if (!identities)
                return fail(identities.error());
            m_identities = *identities;
            connectTransport();
        });
}

void SshDial::connectTransport()
{
    m_limit.start(m_target.dialTimeout);
    m_deadline = std::chrono::steady_clock::now() + m_target.dialTimeout;
    m_transport = makeTransport(m_target);
    connect(m_transport.get(), &SshTransport::failed, this, &SshDial::fail);
    connect(m_transport.get(), &SshTransport::connected, this, [this] {
        m_socket = m_transport->takeDescriptor();
        m_isConnected = true;
        awaitBanner();
    });
    m_transport->start();
}

void SshDial::awaitBanner()
{
    // A host that accepts and says nothing must not hold a pool thread that others need: servers speak first.
    m_banner = std::make_unique<QSocketNotifier>(m_socket.get(), QSocketNotifier::Read);
    connect(m_banner.get(), &QSocketNotifier::activated, this, &SshDial::handshake);
}

void SshDial::handshake()
{
    if (m_finished || !m_banner)
        return;
    m_banner->setEnabled(false);
    m_banner.release()->deleteLater(); // we may be inside its signal
    auto request = std::make_shared<HandshakeRequest>();
    request->target = m_target;
    request->socket = std::move(m_socket);
    request->cancel = m_cancel;
    request->deadline = m_deadline;
    request->identities = m_identities;
    request->mode = m_context.mode;
    request->knownHosts = {m_context.ourKnownHosts.snapshot(), m_context.userKnownHosts.snapshot()};
    request->expectedKeys = m_expectedKeys;
    const std::function<std::shared_ptr<HandshakeOutcome>()> work
        = [request] { return std::make_shared<HandshakeOutcome>(shakeHands(std::move(*request))); };
    QCoro::connect(runInPool<std::shared_ptr<HandshakeOutcome>>(&m_context.pool, work), this,
        [this](const std::shared_ptr<HandshakeOutcome> &outcome) { finish(std::move(*outcome)); });
}

void SshDial::fail(const Error &error)
{
    HandshakeOutcome outcome;
    outcome.error = error;
    finish(std::move(outcome));
}

void SshDial::finish(HandshakeOutcome outcome)
{
    if (m_finished)
        return;
    m_finished = true;
    m_limit.stop();
    ::eventfd_write(m_cancel->get(), 1);
    m_banner.reset(); // before its descriptor
    m_socket = UniqueFd();
    m_outcome = std::move(outcome);
    // Queued: a key that cannot be read fails inside start(), whose caller is not ready to hear of it.
    QMetaObject::invokeMethod(this, &SshDial::finished, Qt::QueuedConnection);
}

} // namespace hybridge
