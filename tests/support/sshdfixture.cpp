// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/sshdfixture.h"

#include <QDir>
#include <QProcess>

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hybridge {

namespace {
constexpr uid_t ordinaryUser = 65534;

uid_t serverUser()
{
    return ::geteuid() == 0 ? ordinaryUser : ::geteuid();
}

gid_t serverGroup()
{
    return ::geteuid() == 0 ? ordinaryUser : ::getegid();
}

QString nssWrapper()
{
    for (const char *folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"}) {
        const QString path = QLatin1String(folder) + QStringLiteral("/libnss_wrapper.so");
        if (QFile::exists(path))
            return path;
    }
    return {};
}

bool writeFile(const QString &path, const QByteArray &text)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
}

QByteArray readFile(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}
} // namespace

SshdFixture::~SshdFixture()
{
    stop();
}

void SshdFixture::setExtraConfig(QByteArray lines)
{
    m_extra = std::move(lines);
    if (m_port != 0)
        writeConfig();
}

QString SshdFixture::start()
{
    if (!m_dir.isValid())
        return QStringLiteral("no temporary folder: ") + m_dir.errorString();
    if (!QFile::exists(QStringLiteral("/usr/sbin/sshd")))
        return QStringLiteral("/usr/sbin/sshd is missing: install openssh-server");
    if (nssWrapper().isEmpty())
        return QStringLiteral("libnss_wrapper.so is missing: install libnss-wrapper");
    QFile::setPermissions(m_dir.path(),
        QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeGroup | QFile::ExeOther | QFile::ReadOther);
    give(m_dir.path());
    const QByteArray ids = QByteArray::number(serverUser()) + ':' + QByteArray::number(serverGroup());
    writeFile(path(QStringLiteral("passwd")), "op:x:" + ids + ":op:" + m_dir.path().toUtf8() + ":/bin/sh\n");
    writeFile(path(QStringLiteral("group")), "op:x:" + QByteArray::number(serverGroup()) + ":\n");
    if (makeKey(QStringLiteral("host_key"), QStringLiteral("ed25519"), {}).isEmpty()
        || makeKey(QStringLiteral("id_ed25519"), QStringLiteral("ed25519"), {}).isEmpty())
        return QStringLiteral("ssh-keygen failed: install openssh-client");
    give(path(QStringLiteral("host_key")));
    authorize(identityFile() + QStringLiteral(".pub"));
    writeFile(path(QStringLiteral("sshd.log")), {});
    give(path(QStringLiteral("sshd.log")));
    setListenBacklogSize(1024);
    if (!listen(QHostAddress::LocalHost, 0))
        return errorString();
    m_port = serverPort();
    writeConfig();
    return {};
}

void SshdFixture::writeConfig()
{
    const QByteArray dir = m_dir.path().toUtf8();
    writeFile(path(QStringLiteral("sshd_config")),
        m_extra + "\nHostKey " + dir + "/host_key\nAuthorizedKeysFile " + dir
            + "/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
              "KbdInteractiveAuthentication no\nPidFile none\nLogLevel VERBOSE\nPrintMotd no\nPrintLastLog no\n"
              "SetEnv PATH=/usr/local/bin:/usr/bin:/bin\n");
}

SshTarget SshdFixture::target() const
{
    SshTarget target;
    target.host = QStringLiteral("127.0.0.1");
    target.port = m_port;
    target.user = QStringLiteral("op");
    target.identityFile = identityFile();
    target.keepAlive = std::chrono::milliseconds(0);
    return target;
}

HostKey SshdFixture::hostKey() const
{
    return HostKey::fromPublicKeyLine(readFile(path(QStringLiteral("host_key.pub")))).value_or(HostKey());
}

QString SshdFixture::makeKey(const QString &name, const QString &type, const QString &passphrase)
{
    const QString file = path(name);
    QFile::remove(file);
    QFile::remove(file + QStringLiteral(".pub"));
    QProcess keygen;
    if (::geteuid() != 0) { // ssh-keygen wants a name for its user; in a container he may have none
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("LD_PRELOAD"), nssWrapper());
        environment.insert(QStringLiteral("NSS_WRAPPER_PASSWD"), path(QStringLiteral("passwd")));
        environment.insert(QStringLiteral("NSS_WRAPPER_GROUP"), path(QStringLiteral("group")));
        keygen.setProcessEnvironment(environment);
    }
    keygen.start(QStringLiteral("ssh-keygen"),
        {QStringLiteral("-q"), QStringLiteral("-t"), type, QStringLiteral("-N"), passphrase, QStringLiteral("-a"),
            QStringLiteral("1"), QStringLiteral("-b"),
            type == QLatin1String("rsa") ? QStringLiteral("2048") : QStringLiteral("256"), QStringLiteral("-C"), name,
            QStringLiteral("-f"), file});
    const bool made = keygen.waitForFinished(20000) && keygen.exitCode() == 0;
    return made ? file : QString();
}

QString SshdFixture::addIdentity(const QString &type, const QString &passphrase)
{
    const QString file = makeKey(QStringLiteral("id_%1_%2").arg(type).arg(++m_keys), type, passphrase);
    authorize(file + QStringLiteral(".pub"));
    return file;
}

QString SshdFixture::makeStrangerKey()
{
    return makeKey(QStringLiteral("stranger_%1").arg(++m_keys), QStringLiteral("ed25519"), {});
}

void SshdFixture::authorize(const QString &publicKeyFile)
{
    const QString file = path(QStringLiteral("authorized_keys"));
    writeFile(file, readFile(file) + readFile(publicKeyFile));
    give(file);
}

void SshdFixture::give(const QString &file) const
{
    if (::geteuid() == 0 && ::chown(QFile::encodeName(file).constData(), serverUser(), serverGroup()) != 0)
        qWarning("chown %s failed", qPrintable(file));
}

void SshdFixture::changeHostKey()
{
    if (makeKey(QStringLiteral("host_key"), QStringLiteral("ed25519"), {}).isEmpty())
        qWarning("ssh-keygen failed");
    give(path(QStringLiteral("host_key")));
}

void SshdFixture::incomingConnection(qintptr descriptor)
{
    ++m_served;
    reapEnded();
    const int socket = static_cast<int>(descriptor);
    // sshd wants a blocking socket and must not see ours of other connections (they are all close-on-exec).
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);

    QList<QByteArray> words;
    if (::geteuid() == 0)
        words = {"setpriv", "--reuid=" + QByteArray::number(serverUser()),
            "--regid=" + QByteArray::number(serverGroup()), "--clear-groups"};
    const QByteArray dir = m_dir.path().toUtf8();
    words += {"/usr/sbin/sshd", "-i", "-f", dir + "/sshd_config", "-E", dir + "/sshd.log"};
    const QList<QByteArray> settings{"LD_PRELOAD=" + nssWrapper().toUtf8(), "NSS_WRAPPER_PASSWD=" + dir + "/passwd",
        "NSS_WRAPPER_GROUP=" + dir + "/group", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    QList<char *> argv;
    for (QByteArray &word : words)
        argv.append(word.data());
    argv.append(nullptr);
    QList<char *> environment;
    for (const QByteArray &setting : settings)
        environment.append(const_cast<char *>(setting.constData())); // NOLINT: posix_spawn does not write to it
    environment.append(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, socket, 0);
    ::posix_spawn_file_actions_adddup2(&actions, socket, 1);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    pid_t pid = 0;
    if (::posix_spawnp(&pid, argv.first(), &actions, &attributes, argv.data(), environment.data()) == 0)
        m_children.append(pid);
    else
        qWarning("sshd cannot be started");
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(socket);
}

void SshdFixture::signalAll(int signal)
{
    for (const pid_t pid : std::as_const(m_children))
        ::kill(-pid, signal);
}

void SshdFixture::reapEnded()
{
    m_children.removeIf([](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) == pid; });
}

void SshdFixture::killSessions()
{
    signalAll(SIGKILL);
    for (const pid_t pid : std::as_const(m_children))
        ::waitpid(pid, nullptr, 0);
    m_children.clear();
}

void SshdFixture::stop()
{
    close();
    killSessions();
}

bool SshdFixture::restart()
{
    return listen(QHostAddress::LocalHost, m_port);
}

void SshdFixture::freeze()
{
    signalAll(SIGSTOP);
}

void SshdFixture::thaw()
{
    signalAll(SIGCONT);
}

QByteArray SshdFixture::log() const
{
    return readFile(path(QStringLiteral("sshd.log")));
}

} // namespace hybridge
