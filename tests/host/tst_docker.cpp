// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/docker.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {
ExecResult ended(int exitCode, QByteArray out, QByteArray err)
{
    ExecResult result;
    result.exitCode = exitCode;
    result.out = std::move(out);
    result.err = std::move(err);
    return result;
}

QByteArray ours(const char *name, const char *state)
{
    return QByteArray("{\"Name\":\"/") + name + "\",\"RestartCount\":3,\"RestartPolicy\":\"unless-stopped\",\"State\":" + state + "}\n";
}
} // namespace

class TestDocker : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void states_data();
    void states();
    void severalForms_data();
    void severalForms();
    void unknownName();
    void failures_data();
    void failures();
    void listing();
    void names_data();
    void names();
    void asksForNoEnvironment();
    void hostileOutput();
};

void TestDocker::states_data()
{
    QTest::addColumn<QByteArray>("stateJson");
    QTest::addColumn<ServiceState>("state");
    QTest::addColumn<QString>("health");
    QTest::addColumn<QString>("result");
    QTest::addColumn<int>("exitCode"); // -1: not told
    QTest::addColumn<QString>("since");

    QTest::newRow("running") << QByteArray(R"({"Status":"running","Running":true,"ExitCode":0,"OOMKilled":false,"Pid":812,"StartedAt":"2026-01-26T08:00:00.123456789Z","FinishedAt":"0001-01-01T00:00:00Z"})")
                             << ServiceState::Active << QString() << u"success"_s << -1 << u"2026-01-26T08:00:00Z"_s;
    QTest::newRow("healthy") << QByteArray(R"({"Status":"running","StartedAt":"2026-01-26T08:00:00Z","Health":{"Status":"healthy"}})")
                             << ServiceState::Active << u"healthy"_s << u"success"_s << -1 << u"2026-01-26T08:00:00Z"_s;
    QTest::newRow("unhealthy") << QByteArray(R"({"Status":"running","StartedAt":"2026-01-26T09:00:00+01:00","Health":{"Status":"unhealthy"}})")
                               << ServiceState::Active << u"unhealthy"_s << u"success"_s << -1 << u"2026-01-26T08:00:00Z"_s;
    QTest::newRow("no health check") << QByteArray(R"({"Status":"running","Health":{"Status":"none"}})") << ServiceState::Active << QString()
                                     << u"success"_s << -1 << QString();
    QTest::newRow("exited well") << QByteArray(R"({"Status":"exited","ExitCode":0,"FinishedAt":"2026-01-26T09:00:00Z"})") << ServiceState::Inactive
                                 << QString() << u"success"_s << 0 << u"2026-01-26T09:00:00Z"_s;
    QTest::newRow("stopped by docker stop") << QByteArray(R"({"Status":"exited","ExitCode":143})") << ServiceState::Inactive << QString()
                                            << u"success"_s << 143 << QString();
    QTest::newRow("crashed") << QByteArray(R"({"Status":"exited","ExitCode":1})") << ServiceState::Failed << QString() << u"exit-code"_s << 1 << QString();
    QTest::newRow("out of memory") << QByteArray(R"({"Status":"exited","ExitCode":137,"OOMKilled":true})") << ServiceState::Failed << QString()
                                   << u"oom-kill"_s << 137 << QString();
    QTest::newRow("restarting") << QByteArray(R"({"Status":"restarting","ExitCode":1})") << ServiceState::Activating << QString() << u"exit-code"_s
                                << 1 << QString();
    QTest::newRow("created") << QByteArray(R"({"Status":"created","ExitCode":0,"StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"0001-01-01T00:00:00Z"})")
                             << ServiceState::Inactive << QString() << u"success"_s << -1 << QString();
    QTest::newRow("paused") << QByteArray(R"({"Status":"paused"})") << ServiceState::Inactive << QString() << u"success"_s << -1 << QString();
    QTest::newRow("dead") << QByteArray(R"({"Status":"dead","ExitCode":1})") << ServiceState::Failed << QString() << u"exit-code"_s << 1 << QString();
    QTest::newRow("removing") << QByteArray(R"({"Status":"removing","ExitCode":0})") << ServiceState::Deactivating << QString() << u"success"_s << 0 << QString();
    QTest::newRow("a word of tomorrow") << QByteArray(R"({"Status":"dreaming","ExitCode":0})") << ServiceState::Unknown << QString() << QString()
                                        << 0 << QString();
    QTest::newRow("wrong types") << QByteArray(R"({"Status":7,"ExitCode":"x","OOMKilled":"yes","Health":[]})") << ServiceState::Unknown << QString()
                                 << QString() << -1 << QString();
}

void TestDocker::states()
{
    QFETCH(QByteArray, stateJson);
    QFETCH(ServiceState, state);
    QFETCH(QString, health);
    QFETCH(QString, result);
    QFETCH(int, exitCode);
    QFETCH(QString, since);
    const ServiceFacts facts = parseDockerInspect(ours("vllm", stateJson.constData()), {}, {u"vllm"_s}).first();
    QCOMPARE(facts.service, u"docker:vllm"_s);
    QCOMPARE(facts.state, state);
    QCOMPARE(facts.health, health);
    QCOMPARE(facts.result, result);
    QCOMPARE(facts.exitCode.value_or(-1), exitCode);
    QCOMPARE(facts.since.isValid() ? facts.since.toString(Qt::ISODate) : QString(), since);
    QCOMPARE(facts.restarts, std::optional(3));
    QCOMPARE(facts.unitFileState, u"unless-stopped"_s);
}

void TestDocker::severalForms_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("our format") << ours("a", R"({"Status":"running"})") + ours("b", R"({"Status":"exited","ExitCode":2})");
    QTest::newRow("our format, other order") << ours("b", R"({"Status":"exited","ExitCode":2})") + ours("a", R"({"Status":"running"})");
    QTest::newRow("bare states") << QByteArray("{\"Status\":\"running\"}\n{\"Status\":\"exited\",\"ExitCode\":2}\n");
    QTest::newRow("array of inspect") << QByteArray(
        "[\n{\"Name\":\"/a\",\"State\":{\"Status\":\"running\"},\"RestartCount\":0},\n{\"Name\":\"b\",\"State\":{\"Status\":\"exited\",\"ExitCode\":2},\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"no\"}}}\n]\n");
}

void TestDocker::severalForms()
{
    QFETCH(QByteArray, text);
    const QList<ServiceFacts> all = parseDockerInspect(text, {}, {u"a"_s, u"b"_s});
    QCOMPARE(all.size(), 2);
    QCOMPARE(all.at(0).state, ServiceState::Active);
    QCOMPARE(all.at(1).state, ServiceState::Failed);
}

void TestDocker::unknownName()
{
    for (const QByteArray &err : {QByteArray("Error: No such object: b\n"), QByteArray("Error response from daemon: No such container: b\n"),
             QByteArray("Error: no such object: \"b\"\n")}) {
        const QList<ServiceFacts> all = parseDockerInspect(ours("a", R"({"Status":"running"})"), err, {u"a"_s, u"b"_s});
        QCOMPARE(all.at(0).state, ServiceState::Active);
        QCOMPARE(all.at(1).state, ServiceState::NotFound);
        QVERIFY(!explainDocker(ended(1, {}, err)));
    }
    QCOMPARE(parseDockerInspect({}, {}, {u"a"_s}).first().state, ServiceState::Unknown);
}

void TestDocker::failures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("remedy");
    QTest::newRow("no daemon") << 1 << QByteArray("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n")
                               << Error::Kind::Unavailable << u"systemctl start docker"_s;
    QTest::newRow("no rights") << 1 << QByteArray("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.47/containers/vllm/json\": dial unix /var/run/docker.sock: connect: permission denied\n")
                               << Error::Kind::Unauthorized << u"usermod -aG docker"_s;
    QTest::newRow("not installed") << 127 << QByteArray("env: 'docker': No such file or directory\n") << Error::Kind::Unavailable << u"Install docker"_s;
    QTest::newRow("hung") << 124 << QByteArray() << Error::Kind::Timeout << QString();
    QTest::newRow("something else") << 125 << QByteArray("boom\n") << Error::Kind::RemoteExit << QString();
}

void TestDocker::failures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(Error::Kind, kind);
    QFETCH(QString, remedy);
    const std::optional<Error> error = explainDocker(ended(exitCode, {}, err));
    QVERIFY(error);
    QCOMPARE(error->kind, kind);
    QVERIFY2(error->remedy.contains(remedy), qPrintable(error->remedy));
    QVERIFY(!explainDocker(ended(0, {}, err)));
}

void TestDocker::listing()
{
    const QByteArray text = R"x({"ID":"1","Names":"vllm","Image":"vllm/vllm-openai:v0.29.0","State":"running","Status":"Up 3 hours (healthy)","Ports":""}
{"ID":"2","Names":"old,alias","State":"exited","Status":"Exited (2) 2 hours ago"}
{"ID":"3","Names":"new","State":"running","Status":"Up 4 seconds (health: starting)"}
{"ID":"4","Names":"ill","State":"running","Status":"Up 3 hours (unhealthy)"}
not json
)x";
    const QList<ServiceFacts> all = parseDockerPs(text);
    QCOMPARE(all.size(), 4);
    QCOMPARE(all.at(0).service, u"docker:vllm"_s);
    QCOMPARE(all.at(0).state, ServiceState::Active);
    QCOMPARE(all.at(0).health, u"healthy"_s);
    QCOMPARE(all.at(1).service, u"docker:old"_s);
    QCOMPARE(all.at(1).state, ServiceState::Failed);
    QCOMPARE(all.at(1).exitCode, std::optional(2));
    QCOMPARE(all.at(2).health, u"starting"_s);
    QCOMPARE(all.at(3).health, u"unhealthy"_s);
}

void TestDocker::names_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("good");
    QTest::newRow("plain") << u"vllm"_s << true;
    QTest::newRow("all kinds") << u"a_B-1.c"_s << true;
    QTest::newRow("option") << u"-f"_s << false;
    QTest::newRow("empty") << QString() << false;
    QTest::newRow("shell") << u"a$(x)"_s << false;
    QTest::newRow("slash") << u"a/b"_s << false;
}

void TestDocker::names()
{
    QFETCH(QString, name);
    QFETCH(bool, good);
    QCOMPARE(isContainerName(name), good);
}

void TestDocker::asksForNoEnvironment()
{
    const QStringList argv = dockerInspectArgv({u"vllm"_s});
    QVERIFY(!argv.join(u' ').contains(u"Config.Env"_s));
    QVERIFY(!argv.contains(u"{{json .}}"_s));
    QCOMPARE(argv.constLast(), u"vllm"_s);
}

void TestDocker::hostileOutput()
{
    QByteArray flood;
    for (int i = 0; i < 3000; ++i)
        flood += "{\"Names\":\"c" + QByteArray::number(i) + "\"}\n";
    QCOMPARE(parseDockerPs(flood).size(), 1000);
    const ServiceFacts facts = parseDockerInspect("{\"Name\":\"/a\",\"State\":{\"Status\":\"run\\u001b[31mning\"}}", {}, {u"a"_s}).first();
    QVERIFY(!facts.subState.contains(u'\x1b'));
    QCOMPARE(parseDockerInspect("[[[[[[", {}, {u"a"_s}).first().state, ServiceState::Unknown);
}

QTEST_APPLESS_MAIN(TestDocker)
#include "tst_docker.moc"
