// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/checkservice.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/ssh/sudo.h"

#include <QCoreApplication>
#include <QFile>

namespace hybridge {

namespace {

constexpr auto FixLimit = std::chrono::seconds(20);
constexpr int MostOutput = 64 << 10;

/// Foreign output, line by line: line ends stay, everything else that could play with a terminal goes.
QString safeOutput(const QByteArray &bytes)
{
    QStringList lines;
    for (const QByteArray &line : bytes.left(MostOutput).split('\n'))
        lines.append(safeText(QString::fromUtf8(line), 2000));
    while (!lines.isEmpty() && lines.last().isEmpty())
        lines.removeLast();
    return lines.join(QLatin1Char('\n'));
}

} // namespace

/// A change as it stands in the activity log.
struct CheckService::Logged {
    OperationReport report;
    QString fleet;
};

CheckService::CheckService(const FleetConfig &config, CheckWays &ways, ActivityLog &log, const Clock &clock, QObject *parent)
    : CheckSource(parent), m_reader(config, ways, clock), m_ways(ways), m_log(log), m_clock(clock)
{
    m_tell.setSingleShot(true);
    m_tell.setInterval(100);
    connect(&m_tell, &QTimer::timeout, this, &CheckSource::changed);
    connect(&m_reader, &CheckReader::partRead, this, [this] {
        if (!m_tell.isActive())
            m_tell.start();
    });
}

CheckService::~CheckService()
{
    m_stop.request_stop();
}

CheckReport CheckService::report() const
{
    CheckReport report;
    report.fleet = config().name;
    report.at = m_at.isValid() ? m_at : m_clock.now();
    report.seconds = m_seconds;
    report.results = judgeAll(m_reader.facts());
    return report;
}

bool CheckService::isPending(const QString &id, const QString &node) const
{
    const Check *check = findCheck(id);
    return check && (m_reader.isReading(check->needs, node) || (!node.isEmpty() && m_reader.isReading(check->needs, {})));
}

Task<CheckReport> CheckService::check(QString id, QString node, std::stop_token stop)
{
    const Self self(this);
    const Check *one = id.isEmpty() ? nullptr : findCheck(id);
    const unsigned parts = one ? one->needs : unsigned(CheckPart::All);
    const MonotonicMs begun = m_clock.monotonic();
    ++m_running;
    Q_EMIT changed();
    co_await m_reader.read(parts, node, stop);
    if (!self)
        co_return CheckReport();
    --m_running;
    if (id.isEmpty()) {
        m_seconds = double((m_clock.monotonic() - begun).count()) / 1000;
        m_at = m_clock.now();
        m_checked = m_checked || (node.isEmpty() && !stop.stop_requested());
    }
    CheckReport whole = report();
    m_tell.stop();
    Q_EMIT changed();
    if (!self)
        co_return CheckReport();
    if (m_running == 0)
        Q_EMIT finished();
    if (node.isEmpty() && id.isEmpty())
        co_return whole;
    CheckReport part = whole;
    part.results.clear();
    for (const CheckResult &result : whole.results)
        if ((node.isEmpty() || result.node == node) && (id.isEmpty() || result.id == id))
            part.results.append(result);
    co_return part;
}

Task<void> CheckService::drive(Self self, QString id, QString node, std::stop_token stop)
{
    (void)co_await self->check(id, node, stop);
}

void CheckService::run(const QString &id, const QString &node)
{
    drive(this, id, node, m_stop.get_token());
}

void CheckService::stop()
{
    m_stop.request_stop();
    m_stop = std::stop_source();
}

QStringList CheckService::argvFor(const QStringList &argv, bool asRoot, const QString &node) const
{
    const NodeConfig *config = m_reader.facts().config.node(node);
    return asRoot && config && config->ssh && config->ssh->user != QLatin1String("root") ? sudoArgv(argv) : argv;
}

QStringList CheckService::callsOf(const CheckFix &fix, const QString &node) const
{
    QStringList calls;
    for (const FixCommand &command : fix.commands)
        calls.append(QStringLiteral("ssh %1: %2").arg(node, quoteArgv(argvFor(command.argv, command.asRoot, node))));
    if (!fix.localPath.isEmpty())
        calls.append(QStringLiteral("chmod 600 %1").arg(quoteWord(fix.localPath)));
    return calls;
}

Task<void> CheckService::write(Self self, std::shared_ptr<Logged> change, ActivityEvent event, ActivityPayload payload)
{
    if (!self)
        co_return;
    ActivityDraft draft;
    draft.operation = change->report.id;
    draft.fleet = change->fleet;
    draft.kind = change->report.operation;
    draft.target = change->report.node;
    draft.event = event;
    draft.payload = std::move(payload);
    const Result<qint64> written = co_await self->m_log.append(draft);
    if (!written && self && !std::exchange(self->m_logFailed, true))
        Q_EMIT self->logFailed(written.error());
}

Task<std::optional<Error>> CheckService::begin(Self self, std::shared_ptr<Logged> change, OperationPlan plan)
{
    const QStringList nodes {change->report.node};
    const Result<void> claimed = co_await self->m_log.claim(change->fleet, nodes, change->report.id, change->report.operation);
    if (!claimed && claimed.error().kind == Error::Kind::Refused)
        co_return claimed.error();
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    const ActivityPayload begun = begunPayload(change->report, self->m_redactor);
    co_await write(self, change, ActivityEvent::Begun, begun);
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    const ActivityPayload planned = planPayload(plan, self->m_redactor);
    co_await write(self, change, ActivityEvent::Plan, planned);
    co_return std::nullopt;
}

Task<void> CheckService::end(Self self, std::shared_ptr<Logged> change, std::optional<Error> error)
{
    if (!self)
        co_return;
    change->report.ended = self->m_clock.now();
    change->report.result = error ? resultOf(*error) : OperationResult::Done;
    change->report.error = error;
    const ActivityPayload ended = endedPayload(change->report, self->m_redactor);
    co_await write(self, change, ActivityEvent::Ended, ended);
}

Task<Result<ExecResult>> CheckService::order(Self self, std::shared_ptr<Logged> change, FixCommand command, std::chrono::seconds limit, std::stop_token stop)
{
    const QString node = change->report.node;
    Shell *shell = self->m_ways.shell(node);
    if (!shell)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no SSH login for this node."));
    const QStringList argv = self->argvFor(command.argv, command.asRoot, node);
    SshCommand ssh(boundedArgv(int(limit.count()), argv));
    ssh.stdinBytes(command.input).timeout(limit + std::chrono::seconds(3));
    const MonotonicMs begun = self->m_clock.monotonic();
    const Result<ExecResult> result = co_await shell->exec(ssh, stop);
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    CallReport call;
    call.call = QStringLiteral("ssh %1: %2").arg(node, quoteArgv(argv));
    call.outcome = result ? tr("exit %1").arg(result->exitCode) : result.error().summary;
    call.seconds = double((self->m_clock.monotonic() - begun).count()) / 1000;
    call.isFailed = !result || result->exitCode != 0;
    const ActivityPayload payload = callPayload(call, self->m_redactor);
    co_await write(self, change, ActivityEvent::Call, payload);
    co_return result;
}

Task<std::optional<Error>> CheckService::carryOut(Self self, std::shared_ptr<Logged> change, CheckFix fix, std::stop_token stop)
{
    if (!fix.localPath.isEmpty() && !QFile::setPermissions(fix.localPath, QFile::ReadOwner | QFile::WriteOwner))
        co_return Error(Error::Kind::Unavailable, tr("The rights of %1 could not be set.").arg(fix.localPath));
    for (const FixCommand &command : fix.commands) {
        const Result<ExecResult> result = co_await order(self, change, command, FixLimit, stop);
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
        if (!result)
            co_return result.error();
        if (result->exitCode == 0)
            continue;
        const NodeConfig *config = self->config().node(change->report.node);
        if (command.asRoot && isSudoRefusal(*result))
            co_return sudoRefusal(*result, config && config->ssh ? config->ssh->user : QString(), command.argv);
        if (const std::optional<Error> error = explainExit(command.argv.first(), *result))
            co_return *error;
        co_return Error(Error::Kind::RemoteExit, tr("%1 ended with exit code %2.").arg(command.argv.first()).arg(result->exitCode),
            firstLine(result->err.isEmpty() ? result->out : result->err), result->exitCode);
    }
    co_return std::nullopt;
}

Task<Result<void>> CheckService::fix(QString id, QString node, std::stop_token stop)
{
    const Self self(this);
    const CheckReport before = report();
    const CheckResult *row = before.find(id, node);
    if (!row || !row->verdict.fix)
        co_return Error(Error::Kind::NotFound, tr("This row offers no fix now."), id);
    const CheckFix fix = *row->verdict.fix;
    auto change = std::make_shared<Logged>();
    change->fleet = config().name;
    change->report.id = newOperationId();
    change->report.operation = QStringLiteral("check fix");
    change->report.node = node;
    change->report.begun = m_clock.now();
    OperationPlan plan;
    StepReport step;
    step.id = id;
    step.name = fix.title;
    plan.steps.append(step);
    plan.calls = callsOf(fix, node);
    plan.warnings = fix.diff.split(QLatin1Char('\n'));
    plan.undo = fix.undo;
    if (const std::optional<Error> refused = co_await begin(self, change, plan); refused)
        co_return *refused;
    std::optional<Error> error = co_await carryOut(self, change, fix, stop);
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    if (!error) {
        // Success is what is read back.
        const CheckReport after = co_await check(id, node, stop);
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
        const CheckResult *again = after.find(id, node);
        if (!again || again->verdict.state != CheckState::Pass)
            error = Error(Error::Kind::Remote, tr("It was done, and the row is still not green."), again ? again->verdict.evidence : QString());
    }
    co_await end(self, change, error);
    if (error)
        co_return *error;
    co_return Result<void>();
}

Task<Result<CommandOutput>> CheckService::runCommand(QString node, QString command, std::stop_token stop)
{
    const Self self(this);
    const NodeConfig *config = this->config().node(node);
    std::optional<NodeCommand> wanted;
    for (const NodeCommand &one : config ? nodeCommands(*config) : QList<NodeCommand>())
        if (one.id == command)
            wanted = one;
    if (!wanted)
        co_return Error(Error::Kind::NotFound, tr("The node has no such command."), command);
    if (wanted->kind == NodeCommand::Kind::Service)
        co_return Error(Error::Kind::Refused, tr("Services are started and stopped as operations, behind their guards."));
    Shell *shell = m_ways.shell(node);
    if (!shell)
        co_return Error(Error::Kind::Unavailable, tr("The fleet file names no SSH login for this node."));
    auto change = std::make_shared<Logged>();
    const bool changes = wanted->kind == NodeCommand::Kind::Change;
    const MonotonicMs begun = m_clock.monotonic();
    FixCommand order_;
    order_.argv = wanted->argv;
    order_.asRoot = wanted->asRoot;
    Result<ExecResult> result = Error(Error::Kind::Cancelled, {});
    if (changes) {
        change->fleet = this->config().name;
        change->report.id = newOperationId();
        change->report.operation = QStringLiteral("command ") + wanted->id;
        change->report.node = node;
        change->report.begun = m_clock.now();
        OperationPlan plan;
        plan.calls.append(QStringLiteral("ssh %1: %2").arg(node, wanted->text()));
        if (const std::optional<Error> refused = co_await begin(self, change, plan); refused)
            co_return *refused;
        result = co_await order(self, change, order_, wanted->limit, stop);
    } else {
        SshCommand ssh(boundedArgv(int(wanted->limit.count()), argvFor(wanted->argv, wanted->asRoot, node)));
        ssh.timeout(wanted->limit + std::chrono::seconds(3)).maxOutput(MostOutput);
        result = co_await shell->exec(ssh, stop);
    }
    if (!self)
        co_return Error(Error::Kind::Cancelled, {});
    if (changes) {
        std::optional<Error> failure;
        if (!result)
            failure = result.error();
        else if (result->exitCode != 0)
            failure = Error(Error::Kind::RemoteExit, tr("It ended with exit code %1.").arg(result->exitCode), firstLine(result->err.isEmpty() ? result->out : result->err), result->exitCode);
        co_await end(self, change, failure);
        if (!self)
            co_return Error(Error::Kind::Cancelled, {});
    }
    if (!result)
        co_return result.error();
    CommandOutput output;
    output.exitCode = result->exitCode;
    output.seconds = double((m_clock.monotonic() - begun).count()) / 1000;
    output.text = safeOutput(result->out + (result->out.isEmpty() || result->out.endsWith('\n') ? "" : "\n") + result->err);
    co_return output;
}

} // namespace hybridge
