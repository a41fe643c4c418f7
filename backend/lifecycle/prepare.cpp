// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/prepare.h"

#include "backend/host/commandfailure.h"
#include "backend/lifecycle/idletypes.h"
#include "backend/ssh/sudo.h"

#include <chrono>

namespace hybridge {

namespace {

using namespace std::chrono_literals;

/// The first line of stdin is the password, the rest the script. The shell's own printf hands the password to sudo: it
/// stands in no argument and in no file. "-k": a remembered password would leave ours unread.
const char *const PasswordRunner = R"(umask 077
d=$(mktemp -d) || exit 70
trap 'rm -rf -- "$d"' EXIT
IFS= read -r p || exit 71
cat >"$d/script" || exit 70
printf '%s\n' "$p" | LC_ALL=C sudo -k -S -p '' -- /bin/sh "$d/script")";

bool isRoot(const NodeConfig &node)
{
    return node.ssh && node.ssh->user == u"root";
}

/// sudo speaks of the password, or of a login that may not use it at all.
bool wantsPassword(const ExecResult &result)
{
    const QByteArray text = result.err.left(8192);
    return text.contains("password") && !text.contains("not in the sudoers") && !text.contains("not allowed");
}

} // namespace

struct Prepare::Core {
    QPointer<Shell> shell;
    NodeConfig node;
    bool inLab = false;
    bool mayRoot = false; ///< sudo has worked without a password
};

Prepare::Prepare(Shell &shell, NodeConfig node, bool inLab, QObject *parent)
    : QObject(parent), m_core(std::make_shared<Core>(Core {&shell, std::move(node), inLab, false}))
{
}

Prepare::~Prepare() = default;

Task<Result<PreparePlan>> Prepare::look(bool removing, std::stop_token stop)
{
    return read(m_core, removing, stop);
}

Task<Result<RootWay>> Prepare::rootWay(std::stop_token stop)
{
    return findWay(m_core, stop);
}

Task<Result<PrepareReport>> Prepare::apply(PreparePlan plan, RootWay way, Secret password, std::stop_token stop)
{
    return run(m_core, std::move(plan), way, std::move(password), stop);
}

QByteArray Prepare::script(const PreparePlan &plan)
{
    QList<NodeFile> files;
    for (const PrepareItem &item : plan.items)
        files.append(item.file);
    return plan.removing ? removeScript(files) : installScript(files);
}

Task<Result<ExecResult>> Prepare::readAs(std::shared_ptr<Core> core, QStringList argv, std::stop_token stop)
{
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    const SshCommand command(boundedArgv(10, core->mayRoot && !isRoot(core->node) ? sudoArgv(argv) : argv));
    co_return co_await core->shell->exec(command, stop);
}

Task<Result<PreparePlan>> Prepare::read(std::shared_ptr<Core> core, bool removing, std::stop_token stop)
{
    const Result<RootWay> way = co_await findWay(core, stop);
    if (!way)
        co_return way.error();
    const QList<NodeFile> files = nodeFiles(core->node);
    const Result<ExecResult> sums = co_await readAs(core, checksumArgv(files), stop);
    if (!sums)
        co_return sums.error();
    const Result<ExecResult> owners = co_await readAs(core, ownerArgv(files), stop);
    if (!owners)
        co_return owners.error();
    PreparePlan plan;
    plan.removing = removing;
    plan.items = fileStates(files, *sums, *owners);
    co_return plan;
}

Task<Result<RootWay>> Prepare::findWay(std::shared_ptr<Core> core, std::stop_token stop)
{
    if (isRoot(core->node))
        co_return RootWay::Login;
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    // What would really be run, so that a rule for something else does not look like one for this.
    const SshCommand command(boundedArgv(10, sudoArgv({QStringLiteral("/bin/sh"), QStringLiteral("-c"), QStringLiteral("true")})));
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    core->mayRoot = result->exitCode == 0;
    if (core->mayRoot)
        co_return RootWay::Sudo;
    co_return wantsPassword(*result) ? RootWay::Password : RootWay::ByHand;
}

Task<Result<PrepareReport>> Prepare::run(
    std::shared_ptr<Core> core, PreparePlan plan, RootWay way, Secret password, std::stop_token stop)
{
    if (core->inLab)
        co_return demoRefusal();
    if (!core->shell)
        co_return Error(Error::Kind::Cancelled, {});
    if (way == RootWay::ByHand || (way == RootWay::Password && password.isEmpty()))
        co_return Error(Error::Kind::Refused, tr("Root is not to be had on the node from here."))
            .withRemedy(tr("Run the script on the node as root."));
    const QStringList shell {QStringLiteral("/bin/sh"), QStringLiteral("-s")};
    const QStringList runner {QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(PasswordRunner)};
    QByteArray input = script(plan);
    if (way == RootWay::Password)
        input.prepend(password.reveal() + '\n');
    SshCommand command(boundedArgv(60, way == RootWay::Password ? runner : way == RootWay::Sudo ? sudoArgv(shell) : shell));
    command.stdinBytes(input).timeout(70s);
    const Result<ExecResult> done = co_await core->shell->exec(command, stop);
    if (!done)
        co_return done.error().kind == Error::Kind::Network || done.error().kind == Error::Kind::Timeout
            ? Error(Error::Kind::OutcomeUnknown, tr("The link to the node was lost meanwhile."), done.error().summary)
                  .withRemedy(tr("Run it again: what is there already stays as it is."))
            : done.error();
    if (way != RootWay::Login && isSudoRefusal(*done)) {
        const bool wrong = way == RootWay::Password && wantsPassword(*done);
        co_return Error(Error::Kind::Unauthorized,
            wrong ? tr("sudo did not take the password of %1.").arg(core->node.ssh->user) : tr("sudo is not for %1 on this node.").arg(core->node.ssh->user),
            firstLine(done->err), done->exitCode)
            .withRemedy(wrong ? tr("Try again with the right password.") : tr("Run the script on the node as root."));
    }
    PrepareReport report;
    report.told = parseScriptReport(done->out);
    if (done->exitCode != 0 || report.told.isEmpty() || report.told.constLast().verb != u"done")
        co_return Error(Error::Kind::RemoteExit, tr("The script stopped on the node with exit code %1.").arg(done->exitCode),
            firstLine(done->err.trimmed().isEmpty() ? done->out : done->err), done->exitCode)
            .withRemedy(tr("Mend what it says and run it again: what is there already stays as it is."));
    const Result<PreparePlan> after = co_await read(core, plan.removing, stop);
    if (!after)
        co_return after.error();
    report.after = *after;
    const NodeFileState wanted = plan.removing ? NodeFileState::Missing : NodeFileState::Same;
    for (const PrepareItem &item : report.after.items) {
        // What only root can read was told by the script, which compared it; a file that it left out has its reason.
        bool skipped = false;
        for (const ScriptLine &line : report.told)
            skipped = skipped || (line.path == item.file.path && line.verb == u"skipped");
        if (item.state != wanted && item.state != NodeFileState::Unknown && !skipped)
            co_return Error(Error::Kind::Protocol, tr("%1 is not on the node as it was written.").arg(item.file.path), nodeFileStateName(item.state))
                .withRemedy(tr("Something else on the node changes it; look there."));
    }
    co_return report;
}

} // namespace hybridge
