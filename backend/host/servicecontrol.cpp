// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicecontrol.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/host/docker.h"
#include "backend/host/servicefailure.h"
#include "backend/host/servicereader.h"
#include "backend/host/systemd.h"
#include "backend/ssh/sudo.h"

#include <QPointer>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int LogLines = 20;

bool isRoot(const QString &user)
{
    return user == u"root";
}

/// Without sudo.
QStringList bareArgv(const ServiceName &service, ServiceAction action)
{
    if (service.runner == ServiceRunner::Systemd)
        return {QStringLiteral("systemctl"), serviceActionName(action), service.name};
    if (action == ServiceAction::Enable)
        return {QStringLiteral("docker"), QStringLiteral("update"), QStringLiteral("--restart"), QStringLiteral("unless-stopped"), service.name};
    return {QStringLiteral("docker"), serviceActionName(action), service.name};
}

bool isLinkTrouble(const Error &error)
{
    return error.kind == Error::Kind::Network || error.kind == Error::Kind::Timeout;
}

} // namespace

struct ServiceControl::Core {
    Core(Shell &theShell, QString theUser, const Clock &theClock)
        : shell(&theShell), reader(theShell), user(std::move(theUser)), clock(theClock)
    {
    }
    QPointer<Shell> shell;
    ServiceReader reader;
    QString user;
    const Clock &clock;
    ServicePace pace;
    bool dockerNeedsSudo = false; ///< found out by asking
};

/// One order and what has been seen since.
struct ServiceControl::Order {
    Order(ServiceAction theAction, ServiceFacts before, std::chrono::milliseconds steadyFor)
        : action(theAction), settling(theAction, before, steadyFor)
    {
        end.facts = std::move(before);
    }
    ServiceAction action;
    ServiceSettling settling;
    ServiceEnd end;
    MonotonicMs givenAt {0};
    MonotonicMs deadline {0};
    std::optional<Error> linkTrouble; ///< the answer to the order, or a look at its effect, was lost
};

ServiceControl::ServiceControl(Shell &shell, QString user, const Clock &clock, QObject *parent)
    : QObject(parent), m_core(std::make_shared<Core>(shell, std::move(user), clock))
{
}

ServiceControl::~ServiceControl() = default;

void ServiceControl::setPace(ServicePace pace)
{
    m_core->pace = pace;
}

QStringList ServiceControl::argvFor(const QString &service, ServiceAction action, const QString &user)
{
    const std::optional<ServiceName> name = parseServiceName(service);
    if (!name)
        return {};
    const QStringList argv = bareArgv(*name, action);
    return name->runner == ServiceRunner::Systemd && !isRoot(user) ? sudoArgv(argv) : argv;
}

Task<Result<ServiceFacts>> ServiceControl::act(
    QString service, ServiceAction action, std::chrono::milliseconds limit, std::stop_token stop)
{
    return run(m_core, std::move(service), action, limit, stop);
}

Task<Result<ServiceFacts>> ServiceControl::look(std::shared_ptr<Core> core, ServiceName service, std::stop_token stop)
{
    if (!core->dockerNeedsSudo || service.runner == ServiceRunner::Systemd) {
        const QStringList one {service.text()};
        const QList<ServiceAnswer> answers = co_await core->reader.read(one, stop);
        const Result<ServiceFacts> &facts = answers.constFirst().facts;
        const bool mayTrySudo = service.runner == ServiceRunner::Docker && !isRoot(core->user);
        if (facts || facts.error().kind != Error::Kind::Unauthorized || !mayTrySudo)
            co_return facts;
    }
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    QStringList argv = dockerInspectArgv({service.name});
    const QStringList bare = argv.mid(argv.indexOf(QStringLiteral("docker")));
    argv = argv.mid(0, argv.size() - bare.size()) + sudoArgv(bare);
    const SshCommand command(argv);
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    if (isSudoRefusal(*result))
        co_return sudoRefusal(*result, core->user, bare);
    if (const std::optional<Error> error = explainDocker(*result))
        co_return *error;
    core->dockerNeedsSudo = true;
    co_return parseDockerInspect(result->out, result->err, {service.name}).constFirst();
}

Task<Result<ExecResult>> ServiceControl::give(std::shared_ptr<Core> core, ServiceName service, ServiceAction action,
    std::chrono::milliseconds limit, std::stop_token stop)
{
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    const QStringList bare = bareArgv(service, action);
    const bool sudo = !isRoot(core->user) && (service.runner == ServiceRunner::Systemd || core->dockerNeedsSudo);
    // systemctl waits for its job, which tells in words why a start failed; --no-block would lose them and is not what the
    // usual sudo rule allows. The job itself goes on when the waiting ends.
    const int seconds = int(std::max<qint64>(1, (limit.count() + 999) / 1000));
    SshCommand command(boundedArgv(seconds, sudo ? sudoArgv(bare) : bare));
    command.timeout(limit);
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    if (sudo && isSudoRefusal(*result))
        co_return sudoRefusal(*result, core->user, bare);
    if (service.runner == ServiceRunner::Docker)
        if (const std::optional<Error> error = explainDocker(*result); error && error->kind != Error::Kind::RemoteExit && error->kind != Error::Kind::Timeout)
            co_return *error;
    co_return *result;
}

Task<Error> ServiceControl::explain(std::shared_ptr<Core> core, ServiceName service, std::shared_ptr<Order> order, std::stop_token stop)
{
    if (order->end.facts.state != ServiceState::NotFound) {
        const QString text = service.text();
        const Result<QList<JournalLine>> log = co_await core->reader.readLog(text, LogLines, {}, stop);
        if (log) {
            order->end.log = *log;
        } else if (log.error().kind != Error::Kind::Cancelled) {
            JournalLine line;
            line.message = tr("The log could not be read: %1").arg(log.error().summary);
            order->end.log = {line};
        }
    }
    co_return explainServiceEnd(service, order->action, order->end);
}

Task<Result<ServiceFacts>> ServiceControl::settle(
    std::shared_ptr<Core> core, ServiceName service, std::shared_ptr<Order> order, std::stop_token stop)
{
    while (!stop.stop_requested()) {
        const Result<ServiceFacts> facts = co_await look(core, service, stop);
        if (stop.stop_requested())
            break;
        if (!facts && !isLinkTrouble(facts.error()))
            co_return facts.error();
        if (facts) {
            order->linkTrouble.reset();
            order->end.facts = *facts;
            const ServiceSettling::Verdict verdict = order->settling.look(*facts, core->clock.monotonic());
            order->end.crashes = order->settling.crashes();
            order->end.loops = verdict == ServiceSettling::Verdict::CrashLoop;
            if (verdict == ServiceSettling::Verdict::Done) {
                ServiceFacts settled = *facts;
                if (order->end.crashes > 0)
                    settled.notes.append(tr("It ended by itself once on the way and was started again."));
                co_return settled;
            }
            if (verdict != ServiceSettling::Verdict::Watching)
                co_return co_await explain(core, service, order, stop);
        } else {
            // The order may have cut the link that it came over. Looking again is safe, giving it again is not.
            order->linkTrouble = facts.error();
        }
        if (core->clock.monotonic() >= order->deadline)
            break;
        if (!co_await pause(core->pace.poll, stop))
            break;
    }
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (order->linkTrouble)
        co_return Error(Error::Kind::OutcomeUnknown,
            tr("The link to the node was lost after the order; what became of %1 is not known.").arg(service.name), order->linkTrouble->summary)
            .withRemedy(tr("Look at the service as soon as the node can be reached again."));
    const auto waited = core->clock.monotonic() - order->givenAt;
    const Error failure = co_await explain(core, service, order, stop); // fetches the log
    Q_UNUSED(failure)
    co_return explainServiceTimeout(service, order->action, order->end, waited);
}

Task<Result<ServiceFacts>> ServiceControl::run(std::shared_ptr<Core> core, QString service, ServiceAction action,
    std::chrono::milliseconds limit, std::stop_token stop)
{
    const std::optional<ServiceName> name = parseServiceName(service);
    if (!name)
        co_return notAService(service);
    const Result<ServiceFacts> before = co_await look(core, *name, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (!before)
        co_return before.error();
    const auto order = std::make_shared<Order>(action, *before, core->pace.steadyFor);
    if (before->state == ServiceState::NotFound)
        co_return explainServiceEnd(*name, action, order->end);
    order->givenAt = core->clock.monotonic();
    order->deadline = order->givenAt + limit;

    const Result<ExecResult> given = co_await give(core, *name, action, limit, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (!given && !isLinkTrouble(given.error()))
        co_return given.error();
    if (given && given->exitCode != 0 && given->exitCode != 124) {
        order->end.said = firstLine(given->err.trimmed().isEmpty() ? given->out : given->err);
        const Result<ServiceFacts> after = co_await look(core, *name, stop);
        if (stop.stop_requested())
            co_return Error(Error::Kind::Cancelled, {});
        if (!after)
            co_return after.error();
        order->end.facts = *after;
        const bool speaksForItself = after->state == ServiceState::Failed || after->state == ServiceState::NotFound
            || after->unitFileState.startsWith(u"masked") || name->runner == ServiceRunner::Docker;
        // A failed start may still be followed by systemd's own restarts: those are watched.
        if (after->state != ServiceState::Activating && speaksForItself)
            co_return co_await explain(core, *name, order, stop);
        if (after->state != ServiceState::Activating)
            co_return explainSystemctl(*given);
    }
    co_return co_await settle(core, *name, order, stop);
}

} // namespace hybridge
