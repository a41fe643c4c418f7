// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/keyring.h"

#include "backend/base/units.h"

#include <QCoroSignal>
#include <qt6keychain/keychain.h>

#include <QCoreApplication>
#include <QTimer>

namespace hybridge {

using Outcome = KeyringAnswer::Outcome;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Keyring", text);
}

Outcome outcomeOf(QKeychain::Error error)
{
    switch (error) {
    case QKeychain::NoError:
        return Outcome::Done;
    case QKeychain::EntryNotFound:
        return Outcome::NotFound;
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return Outcome::Denied;
    case QKeychain::NoBackendAvailable:
    case QKeychain::NotImplemented:
        return Outcome::Missing;
    case QKeychain::CouldNotDeleteEntry:
    case QKeychain::OtherError: // also what libsecret says where no session bus is
        break;
    }
    return Outcome::Failed;
}

/// Starts @p job and waits until it is finished, given up by @p stop or late. The answer has no secret yet.
Task<KeyringAnswer> run(QKeychain::Job *job, std::stop_token stop, std::chrono::milliseconds limit)
{
    KeyringAnswer answer;
    Latch latch;
    bool isFinished = false;
    job->setAutoDelete(false);
    job->setInsecureFallback(false);
    QObject::connect(job, &QKeychain::Job::finished, &latch, [&latch, &isFinished] {
        isFinished = true;
        latch.release();
    });
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &latch, &Latch::release);
    const std::stop_callback wake(stop, [&latch] { latch.release(); });
    timer.start(limit);
    job->start();
    if (!latch.isReleased())
        co_await qCoro(&latch, &Latch::released);
    if (isFinished) {
        answer.outcome = outcomeOf(job->error());
        answer.detail = safeText(job->errorString());
        job->deleteLater();
    } else {
        // A job cannot be cancelled: it runs on by itself and goes when it is done.
        answer.outcome = stop.stop_requested() ? Outcome::Cancelled : Outcome::NoAnswer;
        QObject::connect(job, &QKeychain::Job::finished, job, &QObject::deleteLater);
    }
    co_return answer;
}

KeyringAnswer cancelled()
{
    KeyringAnswer answer;
    answer.outcome = Outcome::Cancelled;
    return answer;
}

} // namespace

Task<KeyringAnswer> readKeyring(QString service, QString name, std::stop_token stop, std::chrono::milliseconds limit)
{
    if (stop.stop_requested())
        co_return cancelled();
    auto *job = new QKeychain::ReadPasswordJob(service); // deletes itself, see run()
    job->setKey(name);
    KeyringAnswer answer = co_await run(job, stop, limit);
    if (answer.outcome == Outcome::Done)
        answer.secret = Secret(job->binaryData());
    co_return answer;
}

Task<KeyringAnswer> writeKeyring(
    QString service, QString name, Secret secret, std::stop_token stop, std::chrono::milliseconds limit)
{
    if (stop.stop_requested())
        co_return cancelled();
    auto *job = new QKeychain::WritePasswordJob(service);
    job->setKey(name);
    job->setBinaryData(secret.reveal());
    co_return co_await run(job, stop, limit);
}

Task<KeyringAnswer> removeKeyring(QString service, QString name, std::stop_token stop, std::chrono::milliseconds limit)
{
    if (stop.stop_requested())
        co_return cancelled();
    auto *job = new QKeychain::DeletePasswordJob(service);
    job->setKey(name);
    co_return co_await run(job, stop, limit);
}

Error keyringError(const KeyringAnswer &answer, const QString &name)
{
    switch (answer.outcome) {
    case Outcome::Cancelled:
        return Error(Error::Kind::Cancelled, {});
    case Outcome::NotFound:
        return Error(Error::Kind::NotFound, tr("There is no secret \"%1\" in the keyring.").arg(name))
            .withRemedy(tr("Set it: hybridgectl secret set %1").arg(name));
    case Outcome::Missing:
        return Error(Error::Kind::Unavailable, tr("There is no keyring on this desktop."), answer.detail)
            .withRemedy(tr("Install one, or refer to env:NAME, file:PATH or command:[...] in the fleet file."));
    case Outcome::Denied:
        return Error(Error::Kind::Unavailable,
            tr("The keyring is locked, or did not let this program read the secret \"%1\".").arg(name), answer.detail)
            .withRemedy(tr("Unlock the keyring and try again."));
    case Outcome::NoAnswer:
        return Error(Error::Kind::Unavailable, tr("The keyring did not answer: it is probably locked."), answer.detail)
            .withRemedy(tr("Unlock the keyring and try again."));
    case Outcome::Failed:
    case Outcome::Done:
        break;
    }
    return Error(Error::Kind::Unavailable, tr("The keyring failed."), answer.detail)
        .withRemedy(
            tr("See whether the keyring of this desktop runs, or refer to env:NAME, file:PATH or command:[...]."));
}

} // namespace hybridge
