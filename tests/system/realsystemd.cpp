// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/system/realsystemd.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QStandardPaths>
#include <QTcpSocket>
#include <QTest>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hybridge::test {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr const char *InsideVariable = "HYBRIDGE_REAL_SYSTEMD_ROOT"; ///< set inside: where the root file system lies
constexpr const char *WhyVariable = "HYBRIDGE_REAL_SYSTEMD_WHY"; ///< set outside: why there is no inside

/// What systemd-nspawn ends with when the machine inside reboots and nobody else starts it again.
constexpr int RebootWanted = 133;

/// Runs a tool to its end, 30 s at most.
NodeRun tool(const QString &program, const QStringList &arguments, const QByteArray &input = {}, int limitMs = 30000)
{
    QProcess process;
    process.start(program, arguments);
    process.write(input);
    process.closeWriteChannel();
    NodeRun run;
    if (!process.waitForFinished(limitMs)) {
        process.kill();
        process.waitForFinished(2000);
        run.err = (program + u" did not end: "_s + process.errorString()).toUtf8();
        return run;
    }
    run.code = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    run.out = process.readAllStandardOutput();
    run.err = process.readAllStandardError();
    return run;
}

bool succeeds(const QString &program, const QStringList &arguments)
{
    return tool(program, arguments).code == 0;
}

bool appendTo(const QString &path, const QByteArray &text)
{
    QFile file(path);
    return file.open(QIODevice::Append) && file.write(text) == text.size();
}

/// A cgroup of its own for a process and what it starts: two machines in one would share theirs.
QStringList cgroupsOf(const QString &name)
{
    QStringList folders;
    for (const QString &hierarchy : {u"/sys/fs/cgroup"_s, u"/sys/fs/cgroup/systemd"_s, u"/sys/fs/cgroup/unified"_s})
        if (QFileInfo::exists(hierarchy + u"/cgroup.procs"_s))
            folders.append(hierarchy + u"/hybridge-test-"_s + name);
    return folders;
}

void removeCgroup(const QString &folder)
{
    for (const QString &inner : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
        removeCgroup(folder + u'/' + inner);
    ::rmdir(folder.toLocal8Bit().constData()); // refused while something runs in it
}

/// Kills what runs in a cgroup and below; true when something did.
bool killCgroup(const QString &folder)
{
    bool any = false;
    for (const QString &inner : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
        any = killCgroup(folder + u'/' + inner) || any;
    QFile procs(folder + u"/cgroup.procs"_s);
    if (procs.open(QIODevice::ReadOnly))
        for (const QByteArray &line : procs.readAll().split('\n'))
            if (const int pid = line.toInt(); pid > 1) // 0: not of our process namespace
                any = ::kill(pid, SIGKILL) == 0 || any;
    return any;
}

/// Empty cgroups that killed programs left behind; not those that another program has just made.
void sweepCgroups()
{
    const QDateTime anHourAgo = QDateTime::currentDateTimeUtc().addSecs(-3600);
    for (const QString &hierarchy : {u"/sys/fs/cgroup"_s, u"/sys/fs/cgroup/systemd"_s, u"/sys/fs/cgroup/unified"_s})
        for (const QFileInfo &folder : QDir(hierarchy).entryInfoList({u"hybridge-test-*"_s}, QDir::Dirs))
            if (folder.lastModified() < anHourAgo)
                removeCgroup(folder.filePath());
}

QByteArray sourceOf(const QString &path)
{
    QFile file(QStringLiteral(HYBRIDGE_SOURCE_DIR "/") + path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

const QByteArray EngineMetrics = "vllm:num_requests_running{engine=\"0\",model_name=\"chat\"} 0.0\n"
                                 "vllm:num_requests_waiting{engine=\"0\",model_name=\"chat\"} 0.0\n"
                                 "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"chat\"} 0.0\n"
                                 "vllm:generation_tokens_total{engine=\"0\",model_name=\"chat\"} 1000.0\n";

const QByteArray ConnectorMetrics = "build_info{goversion=\"go1.24\",revision=\"2026-01\",version=\"2026.1.0\"} 1\n"
                                    "cloudflared_tunnel_ha_connections 4\ncloudflared_tunnel_total_requests 10\n"
                                    "cloudflared_tunnel_request_errors 0\ncloudflared_tunnel_concurrent_requests_per_tunnel 0\n";

// The password is "bridge".
const QByteArray AdminHash = "$6$hybridge$DTIz/KHAp7fn05eiXuTBMKnXiyWS9ub/O0QbD/diHhMokA2sLxc2xc6rEQGo76r5sX08wsReLCJJwZy2UDJKy.";

} // namespace

RealNode::RealNode(QString name, int number, QString folder, QString rootfs)
    : m_name(std::move(name)), m_number(number), m_folder(std::move(folder)), m_rootfs(std::move(rootfs)),
      m_own(m_folder + u"/machine-%1"_s.arg(number)), m_root(m_own + u"/root"_s)
{
}

RealNode::~RealNode()
{
    kill();
    for (const QString &group : m_groups)
        removeCgroup(group);
    if (m_laid) {
        ::umount2(m_root.toLocal8Bit().constData(), MNT_DETACH);
        ::umount2(m_own.toLocal8Bit().constData(), MNT_DETACH);
    }
}

QString RealNode::address() const
{
    return u"10.77.%1.2"_s.arg(m_number);
}

SshTarget RealNode::target(const QString &user) const
{
    SshTarget target;
    target.host = address();
    target.user = user;
    target.identityFile = m_folder + u"/id"_s;
    return target;
}

bool RealNode::write(const QString &path, const QByteArray &content, int mode) const
{
    const QString outsidePath = m_root + path;
    QDir().mkpath(QFileInfo(outsidePath).path());
    QFile file(outsidePath + u".new"_s);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
        return false;
    file.close();
    const QByteArray from = QFile::encodeName(file.fileName());
    const QByteArray to = QFile::encodeName(outsidePath);
    return ::chmod(from.constData(), static_cast<mode_t>(mode)) == 0 && ::rename(from.constData(), to.constData()) == 0;
}

bool RealNode::addUnit(const QString &unit, const QByteArray &service, const QByteArray &section) const
{
    return write(u"/etc/systemd/system/"_s + unit,
        "[Unit]\nDescription=Look-alike of a test\n" + section + "[Service]\n" + service + "\n[Install]\nWantedBy=multi-user.target\n");
}

bool RealNode::lay()
{
    if (m_laid)
        return true;
    QDir().mkpath(m_own);
    if (::mount("tmpfs", QFile::encodeName(m_own).constData(), "tmpfs", 0, "mode=0755") != 0) {
        m_why = u"no tmpfs could be mounted"_s;
        return false;
    }
    m_laid = true;
    for (const char *part : {"/upper", "/work", "/root"})
        QDir().mkpath(m_own + QLatin1String(part));
    const QString options = u"lowerdir=%1,upperdir=%2/upper,workdir=%2/work"_s.arg(m_rootfs, m_own);
    if (::mount("overlay", QFile::encodeName(m_root).constData(), "overlay", 0, options.toLocal8Bit().constData()) != 0
        && !succeeds(u"cp"_s, {u"-a"_s, m_rootfs + u"/."_s, m_root})) {
        m_why = u"neither an overlay nor a copy of the root could be made"_s;
        return false;
    }
    return fill();
}

bool RealNode::fill()
{
    QFile publicKey(m_folder + u"/id.pub"_s);
    if (!publicKey.open(QIODevice::ReadOnly)) {
        m_why = u"no key"_s;
        return false;
    }
    const QByteArray key = publicKey.readAll();
    const struct {
        const char *name;
        int id;
        QByteArray hash;
    } logins[] = {{"op", 1000, "*"}, {"bare", 1001, "*"}, {"admin", 1002, AdminHash}};
    bool good = write(u"/root/.ssh/authorized_keys"_s, key, 0600);
    for (const auto &login : logins) {
        const QByteArray name = login.name;
        const QByteArray id = QByteArray::number(login.id);
        good = good && appendTo(m_root + u"/etc/passwd"_s, name + ":x:" + id + ":" + id + "::/home/" + name + ":/bin/bash\n")
            && appendTo(m_root + u"/etc/group"_s, name + ":x:" + id + ":\n")
            && appendTo(m_root + u"/etc/shadow"_s, name + ":" + login.hash + ":19000:0:99999:7:::\n");
        const QString home = u"/home/"_s + QString::fromLatin1(name);
        good = good && write(home + u"/.ssh/authorized_keys"_s, key, 0600);
        for (const QString &path : {home, home + u"/.ssh"_s, home + u"/.ssh/authorized_keys"_s})
            good = good && ::chown(QFile::encodeName(m_root + path).constData(), uid_t(login.id), gid_t(login.id)) == 0;
        ::chmod(QFile::encodeName(m_root + home + u"/.ssh"_s).constData(), 0700);
    }
    ::chmod(QFile::encodeName(m_root + u"/root/.ssh"_s).constData(), 0700);
    good = good
        && succeeds(u"sed"_s, {u"-i"_s, u"s/^\\(systemd-journal:.*:\\)$/\\1op/"_s, m_root + u"/etc/group"_s})
        && write(u"/etc/sudoers.d/test"_s,
            "op ALL=(root) NOPASSWD: /usr/bin/systemctl start *, /usr/bin/systemctl stop *, /usr/bin/systemctl restart *, "
            "/usr/bin/systemctl enable *\nadmin ALL=(ALL:ALL) ALL\n",
            0440)
        && succeeds(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, QString(), u"-f"_s, m_root + u"/etc/ssh/ssh_host_ed25519_key"_s})
        && write(u"/etc/ssh/sshd_config.d/test.conf"_s, "HostKey /etc/ssh/ssh_host_ed25519_key\nMaxStartups 100\n")
        && write(u"/usr/local/bin/lookalike"_s, sourceOf(u"tests/system/lookalike.pl"_s), 0755)
        && write(u"/srv/cloudflared/ready"_s, R"({"status":200,"readyConnections":4,"connectorId":"00000000-0000-4000-8000-000000000001"})")
        && write(u"/srv/cloudflared/metrics"_s, ConnectorMetrics) && write(u"/srv/engine/metrics"_s, EngineMetrics)
        && write(u"/srv/engine/health"_s, {}) && write(u"/srv/engine/version"_s, R"({"version":"0.29.0"})")
        && write(u"/srv/engine/v1_models"_s, R"({"object":"list","data":[{"id":"chat","object":"model","created":1,"owned_by":"vllm","root":"chat","max_model_len":8192}]})")
        && addUnit(u"cloudflared.service"_s, "ExecStart=/usr/local/bin/lookalike 20241 /srv/cloudflared\nRestart=on-failure\nRestartSec=1s")
        && addUnit(u"engine.service"_s, "ExecStart=/usr/local/bin/lookalike 8000 /srv/engine\nRestart=on-failure\nRestartSec=1s");
    QDir().mkpath(m_root + u"/etc/systemd/system/multi-user.target.wants"_s);
    for (const char *unit : {"cloudflared", "engine"})
        good = good
            && QFile::link(u"/etc/systemd/system/%1.service"_s.arg(QLatin1String(unit)),
                m_root + u"/etc/systemd/system/multi-user.target.wants/%1.service"_s.arg(QLatin1String(unit)));
    if (!good)
        m_why = u"the machine's files could not be written"_s;
    return good;
}

bool RealNode::boot()
{
    if (!lay())
        return false;
    const QString space = u"node%1"_s.arg(m_number);
    const QString cable = u"cable%1"_s.arg(m_number);
    if (!QFileInfo::exists(u"/run/netns/"_s + space)) {
        const QList<QStringList> steps {{u"netns"_s, u"add"_s, space},
            {u"link"_s, u"add"_s, cable, u"type"_s, u"veth"_s, u"peer"_s, u"name"_s, u"host0"_s, u"netns"_s, space},
            {u"addr"_s, u"add"_s, u"10.77.%1.1/24"_s.arg(m_number), u"dev"_s, cable}, {u"link"_s, u"set"_s, cable, u"up"_s},
            {u"-n"_s, space, u"addr"_s, u"add"_s, address() + u"/24"_s, u"dev"_s, u"host0"_s},
            {u"-n"_s, space, u"link"_s, u"set"_s, u"host0"_s, u"up"_s}, {u"-n"_s, space, u"link"_s, u"set"_s, u"lo"_s, u"up"_s}};
        for (const QStringList &step : steps) {
            const NodeRun run = tool(u"ip"_s, step);
            if (run.code != 0) {
                m_why = u"ip %1: %2"_s.arg(step.join(u' '), QString::fromUtf8(run.err));
                return false;
            }
        }
    }
    // Named after the folder: inside, every program's id is small and the same.
    m_groups = cgroupsOf(u"%1-%2"_s.arg(QFileInfo(m_folder).fileName()).arg(m_number));
    const QStringList groups = m_groups;
    for (const QString &group : groups)
        QDir().mkpath(group);
    m_machine.setChildProcessModifier([groups] {
        for (const QString &group : groups)
            if (FILE *procs = std::fopen((group + QLatin1String("/cgroup.procs")).toLocal8Bit().constData(), "w")) {
                std::fputs("0\n", procs);
                std::fclose(procs);
            }
    });
    m_machine.setStandardInputFile(QProcess::nullDevice());
    m_machine.setStandardOutputFile(m_own + u"/console"_s);
    m_machine.setProcessChannelMode(QProcess::MergedChannels);
    launch();
    if (!m_machine.waitForStarted() || !answers()) {
        QFile console(m_own + u"/console"_s);
        m_why = u"%1 did not come up: %2"_s.arg(m_name,
            console.open(QIODevice::ReadOnly) ? QString::fromUtf8(console.readAll().right(2000)) : m_machine.errorString());
        return false;
    }
    return true;
}

void RealNode::launch()
{
    const QString space = u"node%1"_s.arg(m_number);
    m_machine.start(u"systemd-nspawn"_s,
        {u"--quiet"_s, u"--directory"_s, m_root, u"--machine=t%1-%2"_s.arg(m_number).arg(QFileInfo(m_folder).fileName().section(u'-', -1)),
            u"--hostname"_s, m_name, u"--console=pipe"_s, u"--register=no"_s, u"--keep-unit"_s,
            u"--link-journal=no"_s, u"--network-namespace-path=/run/netns/"_s + space,
            u"--capability=CAP_NET_ADMIN"_s, // over its own network alone, as a machine has it
            u"--boot"_s});
}

bool RealNode::answers(int limitMs)
{
    const QDeadlineTimer deadline(limitMs);
    while (!deadline.hasExpired()) {
        if (m_machine.state() == QProcess::NotRunning) {
            if (m_machine.exitCode() != RebootWanted)
                return false;
            launch();
        }
        QTcpSocket socket;
        socket.connectToHost(address(), 22);
        // The banner comes from sshd itself: past it a login works.
        if (socket.waitForConnected(1000) && socket.waitForReadyRead(2000) && !QFileInfo::exists(outside(u"/run/nologin"_s)))
            if (const int code = run(u"systemctl is-system-running --wait"_s).code; code >= 0 && code != 255)
                return true;
        QTest::qWait(20);
    }
    return false;
}

bool RealNode::goesOff(int limitMs)
{
    return m_machine.state() == QProcess::NotRunning || m_machine.waitForFinished(limitMs);
}

void RealNode::kill()
{
    m_machine.kill();
    // The machine inside outlives its nspawn.
    const QDeadlineTimer deadline(10000);
    const auto anyLeft = [this] {
        return std::any_of(m_groups.begin(), m_groups.end(), killCgroup);
    };
    while (anyLeft() && !deadline.hasExpired())
        QTest::qWait(20);
    m_machine.waitForFinished(10000);
}

NodeRun RealNode::run(const QString &command) const
{
    return tool(u"ssh"_s,
        {u"-F"_s, u"none"_s, u"-i"_s, m_folder + u"/id"_s, u"-o"_s, u"BatchMode=yes"_s, u"-o"_s, u"IdentitiesOnly=yes"_s, u"-o"_s,
            u"StrictHostKeyChecking=no"_s, u"-o"_s, u"UserKnownHostsFile=/dev/null"_s, u"-o"_s, u"LogLevel=ERROR"_s, u"-o"_s,
            u"ConnectTimeout=5"_s, u"root@"_s + address(), command});
}

RealSystemd::RealSystemd()
{
    sweepCgroups();
    // Only the login key and mount points: the machines' files live in memory.
    tool(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, QString(), u"-f"_s, m_folder.filePath(u"id"_s)});
}

QString RealSystemd::whyNot()
{
    if (qEnvironmentVariableIsSet(InsideVariable))
        return {};
    const QString why = qEnvironmentVariable(WhyVariable);
    return why.isEmpty() ? u"the program was not started by its own main()"_s : why;
}

void RealSystemd::enter(char **argv)
{
    if (qEnvironmentVariableIsSet(InsideVariable)) {
        succeeds(u"ip"_s, {u"link"_s, u"set"_s, u"lo"_s, u"up"_s});
        // Names of network namespaces are mount points below /run/netns: ours alone, gone with us.
        QDir().mkpath(u"/run/netns"_s);
        ::mount("tmpfs", "/run/netns", "tmpfs", 0, "mode=0755");
        // Temporary files too are gone with us, also when we are killed.
        QDir().mkpath(u"/run/hybridge-tests"_s);
        ::mount("tmpfs", "/run/hybridge-tests", "tmpfs", 0, "mode=0700");
        qputenv("TMPDIR", "/run/hybridge-tests");
        return;
    }
    QString why;
    if (::geteuid() != 0)
        why = u"booting real systemd needs root"_s;
    for (const char *program : {"systemd-nspawn", "debootstrap", "unshare", "ip", "ssh", "ssh-keygen"})
        if (why.isEmpty() && QStandardPaths::findExecutable(QLatin1String(program)).isEmpty()
            && QStandardPaths::findExecutable(QLatin1String(program), {u"/usr/sbin"_s, u"/sbin"_s}).isEmpty())
            why = u"%1 is not installed (packaging/setup --tests)"_s.arg(QLatin1String(program));
    // A container, or a chroot whose root is no mount point, may refuse namespaces even to root.
    if (why.isEmpty()) {
        const NodeRun tried = tool(u"unshare"_s, {u"--net"_s, u"--mount"_s, u"--pid"_s, u"--fork"_s, u"--mount-proc"_s, u"true"_s});
        if (tried.code != 0)
            why = u"no namespaces here: "_s + QString::fromUtf8(tried.err.trimmed().right(500));
    }
    if (why.isEmpty()) {
        const NodeRun made = tool(QStringLiteral(HYBRIDGE_SOURCE_DIR "/tests/system/make-rootfs"), {}, {}, 15 * 60 * 1000);
        const QByteArray root = made.out.trimmed();
        if (made.code != 0) {
            why = u"no root file system: "_s + QString::fromUtf8(made.err.trimmed().right(500));
        } else {
            qputenv(InsideVariable, root);
            const char *const tail[] = {"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"};
            std::vector<char *> words {const_cast<char *>("unshare")};
            for (const char *word : tail)
                words.push_back(const_cast<char *>(word));
            for (char **word = argv; *word; ++word)
                words.push_back(*word);
            const QByteArray self = QFile::encodeName(QFile::symLinkTarget(u"/proc/self/exe"_s));
            words[std::size(tail) + 1] = const_cast<char *>(self.constData());
            words.push_back(nullptr);
            ::execvp("unshare", words.data());
            why = u"unshare could not be started"_s;
            qunsetenv(InsideVariable);
        }
    }
    qputenv(WhyVariable, why.toUtf8());
}

RealNode &RealSystemd::add(const QString &name)
{
    m_nodes.push_back(std::make_unique<RealNode>(
        name, int(m_nodes.size()) + 1, m_folder.path(), QString::fromLocal8Bit(qgetenv(InsideVariable))));
    return *m_nodes.back();
}

QString RealSystemd::writeFleet(const QString &user, const QJsonObject &moreOfEachNode) const
{
    QJsonArray nodes;
    for (const auto &node : m_nodes) {
        QJsonObject entry {{u"id"_s, node->name()},
            {u"ssh"_s, QJsonObject {{u"host"_s, node->address()}, {u"user"_s, user}, {u"identity"_s, m_folder.filePath(u"id"_s)}}},
            {u"machine"_s, QJsonObject {{u"kind"_s, u"host"_s}}}, {u"accelerator"_s, u"none"_s},
            {u"engine"_s, QJsonObject {{u"kind"_s, u"vllm"_s}, {u"url"_s, u"http://127.0.0.1:8000"_s}, {u"service"_s, u"systemd:engine"_s}, {u"models"_s, QJsonArray {u"chat"_s}}}},
            {u"connector"_s, QJsonObject {{u"service"_s, u"systemd:cloudflared"_s}, {u"metrics"_s, u"http://127.0.0.1:20241"_s}}}};
        for (auto it = moreOfEachNode.begin(); it != moreOfEachNode.end(); ++it)
            entry.insert(it.key(), it.value());
        nodes.append(entry);
    }
    const QJsonObject fleet {{u"version"_s, 1}, {u"name"_s, u"real"_s}, {u"nodes"_s, nodes}};
    const QString path = m_folder.filePath(u"fleet-%1.json"_s.arg(user));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return {};
    file.write(QJsonDocument(fleet).toJson());
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    return path;
}

QProcessEnvironment RealSystemd::environment() const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"HOME"_s, m_folder.path());
    for (const char *name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"})
        environment.insert(QLatin1String(name), m_folder.filePath(QLatin1String(name).mid(4).toString().toLower()));
    environment.insert(u"DBUS_SESSION_BUS_ADDRESS"_s, u"unix:path=/nonexistent"_s);
    return environment;
}

CtlResult RealSystemd::ctl(const QStringList &arguments, const QByteArray &input, int limitMs) const
{
    QProcess process;
    process.setProcessEnvironment(environment());
    process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), QStringList {u"--trust"_s, u"--host-key"_s, u"accept-new"_s} + arguments);
    process.write(input);
    process.closeWriteChannel();
    CtlResult result;
    if (!process.waitForFinished(limitMs)) {
        process.kill();
        process.waitForFinished(5000);
        result.err = "did not end";
        return result;
    }
    result.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    result.out = process.readAllStandardOutput();
    result.err = process.readAllStandardError();
    return result;
}

} // namespace hybridge::test
