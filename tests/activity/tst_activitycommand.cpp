// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// "hybridgectl activity" as a program, on a log of its own.
#include "backend/activity/activitylog.h"
#include "backend/store/sql.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <nlohmann/json.hpp>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestActivityCommand : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void listsAsText();
    void listsAsJson();
    void filters();
    void exports();
    void badUsage_data();
    void badUsage();
    void verifies();

private:
    struct Run {
        int code = -1;
        QByteArray out;
        QByteArray err;
    };
    Run run(const QStringList &words)
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"XDG_STATE_HOME"_s, m_folder.filePath(u"state"_s));
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), QStringList {u"--fleet"_s, m_folder.filePath(u"fleet.json"_s), u"activity"_s} + words);
        Run result;
        if (process.waitForFinished(30000))
            result.code = process.exitCode();
        result.out = process.readAllStandardOutput();
        result.err = process.readAllStandardError();
        return result;
    }
    [[nodiscard]] QString logPath() const { return m_folder.filePath(u"state/hybridge/activity.sqlite"_s); }

    QTemporaryDir m_folder;
    ManualClock m_clock;
};

void TestActivityCommand::initTestCase()
{
    QFile fleet(m_folder.filePath(u"fleet.json"_s));
    QVERIFY(fleet.open(QIODevice::WriteOnly));
    fleet.write("{\"version\":1,\"name\":\"demo\",\"nodes\":[{\"id\":\"gcp\"},{\"id\":\"home\"}]}");
    fleet.close();
    ActivityLog log(logPath(), m_clock, u"tests"_s);
    for (const QString &node : {u"gcp"_s, u"home"_s}) {
        OperationReport report;
        report.id = node + u"-operation"_s;
        report.operation = u"machine start"_s;
        report.node = node;
        report.steps = {{u"start"_s, u"Start the machine"_s, StepState::Done, 1.5, {}}};
        ActivityDraft draft;
        draft.operation = report.id;
        draft.fleet = u"demo"_s;
        draft.kind = report.operation;
        draft.target = node;
        draft.event = ActivityEvent::Begun;
        draft.payload = begunPayload(report, Redactor());
        QVERIFY(await(log.append(draft)));
        m_clock.advance(80s);
        if (node == u"home"_s) {
            report.result = OperationResult::Failed;
            report.error = Error(Error::Kind::Timeout, u"It took too long."_s);
            report.errorLayer = Layer::Machine;
        } else {
            report.result = OperationResult::Done;
        }
        draft.event = ActivityEvent::Ended;
        draft.payload = endedPayload(report, Redactor());
        QVERIFY(await(log.append(draft)));
    }
}

void TestActivityCommand::listsAsText()
{
    const Run all = run({});
    QCOMPARE(all.code, 0);
    const QList<QByteArray> lines = all.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 3); // newest first; the failed one with its reason below it
    QVERIFY2(lines.at(0).contains("home") && lines.at(0).contains("failed, 1 min 20 s"), all.out.constData());
    QVERIFY(lines.at(1).contains("It took too long."));
    QVERIFY(lines.at(2).contains("gcp") && lines.at(2).contains("done"));
}

void TestActivityCommand::listsAsJson()
{
    const Run all = run({u"--json"_s});
    QCOMPARE(all.code, 0);
    const auto document = nlohmann::json::parse(all.out.toStdString());
    QCOMPARE(document["operations"].size(), std::size_t(2));
    const auto &newest = document["operations"][0];
    QCOMPARE(newest["node"].get<std::string>(), std::string("home"));
    QCOMPARE(newest["operation"].get<std::string>(), std::string("machine start"));
    QCOMPARE(newest["result"].get<std::string>(), std::string("failed"));
    QCOMPARE(newest["error"]["layer"].get<std::string>(), std::string("machine"));
    QCOMPARE(newest["error"]["kind"].get<std::string>(), std::string("timeout"));
    QCOMPARE(newest["steps"][0]["seconds"].get<double>(), 1.5);
    QCOMPARE(newest["begun"].get<std::string>(), std::string("2026-01-26T10:01:21.000Z"));
    QVERIFY(document["operations"][1]["error"].is_null());
    QVERIFY(!document["hasMore"].get<bool>());
}

void TestActivityCommand::filters()
{
    const auto count = [this](const QStringList &words) {
        return int(nlohmann::json::parse(run(QStringList {u"--json"_s} + words).out.toStdString())["operations"].size());
    };
    QCOMPARE(count({u"--node"_s, u"gcp"_s}), 1);
    QCOMPARE(count({u"--kind"_s, u"machine"_s}), 2);
    QCOMPARE(count({u"--kind"_s, u"up"_s}), 0);
    QCOMPARE(count({u"--result"_s, u"failed"_s}), 1);
    QCOMPARE(count({u"--text"_s, u"too long"_s}), 1);
    QCOMPARE(count({u"-n"_s, u"1"_s}), 1);
}

void TestActivityCommand::exports()
{
    const Run lines = run({u"--export"_s, u"jsonl"_s, u"-"_s});
    QCOMPARE(lines.code, 0);
    QCOMPARE(lines.out.count('\n'), 4);
    QVERIFY(nlohmann::json::accept(lines.out.split('\n').first().toStdString()));
    const QString path = m_folder.filePath(u"out.csv"_s);
    QCOMPARE(run({u"--export"_s, u"csv"_s, path, u"--node"_s, u"gcp"_s}).code, 0);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll().count("\r\n"), 3);
}

void TestActivityCommand::badUsage_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::newRow("format") << QStringList {u"--export"_s, u"xml"_s, u"-"_s};
    QTest::newRow("no file") << QStringList {u"--export"_s, u"csv"_s};
    QTest::newRow("result") << QStringList {u"--result"_s, u"odd"_s};
    QTest::newRow("count") << QStringList {u"-n"_s, u"0"_s};
}

void TestActivityCommand::badUsage()
{
    QFETCH(QStringList, words);
    const Run refused = run(words);
    QCOMPARE(refused.code, 2);
    QVERIFY(refused.out.isEmpty());
}

void TestActivityCommand::verifies()
{
    const Run good = run({u"--verify"_s});
    QCOMPARE(good.code, 0);
    QVERIFY(good.out.startsWith("The chain is intact: 4 lines."));
    ActivityLog log(logPath(), m_clock, u"tests"_s);
    QVERIFY(await(log.database().run<bool>([](QSqlDatabase &database) -> Result<bool> {
        const Result<void> done = runSqlAll(database, {u"DROP TRIGGER activity_keeps"_s, u"UPDATE activity SET who = 'nobody' WHERE seq = 2"_s});
        return done ? Result<bool>(true) : done.error();
    })));
    const Run bad = run({u"--verify"_s, u"--json"_s});
    QCOMPARE(bad.code, 1);
    const auto document = nlohmann::json::parse(bad.out.toStdString());
    QVERIFY(!document["intact"].get<bool>());
    QCOMPARE(document["brokenAt"].get<int>(), 2);
}

QTEST_GUILESS_MAIN(TestActivityCommand)
#include "tst_activitycommand.moc"
