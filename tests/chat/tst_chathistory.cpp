// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Conversations as values and as files, and the history that keeps them, also when its program is killed.
#include "backend/base/utc.h"
#include "backend/chat/chathistory.h"
#include "backend/chat/conversationjson.h"
#include "backend/store/sql.h"
#include "tests/support/pending.h"

#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <cstdio>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QDateTime start(QDate(2026, 1, 26), QTime(10, 0), Utc);

ChatTurn prompt(const QString &id, const QString &parent, const QString &text)
{
    ChatTurn turn;
    turn.id = id;
    turn.parent = parent;
    turn.at = start;
    turn.message.text = text;
    return turn;
}

ChatAnswer facts()
{
    ChatAnswer answer;
    answer.target = {ChatTarget::Way::Direct, u"gcp"_s};
    answer.message.role = ChatRole::Assistant;
    answer.model = u"qwen"_s;
    answer.askedModel = u"auto"_s;
    answer.finish = u"stop"_s;
    answer.stopped = true;
    answer.path = {u"gcp"_s, ChatProof::Header, 200, u"8f2a-AMS"_s, u"req-1"_s, 2, u"7"_s, u"AMS"_s};
    answer.timing = {1.5, 9.25, 12.5, 310.0, 8.0, 20.0, 41.0};
    answer.usage = {12, 34, true};
    answer.tokensPerSecond = 41.5;
    answer.flow = {ChatFlow::Lumps, 4, 12.5, 250.0};
    answer.cost = ChatCost {0.00042, u"USD"_s, u"4 s of GCP L4"_s};
    answer.failure = ChatFailure {ChatLayer::Engine, u"no-finish-reason"_s, u"It ended early."_s, u"end of body"_s, u"Look at its log."_s, 200, true};
    answer.notes = {u"one"_s, u"two"_s};
    answer.startedAt = start;
    return answer;
}

ChatTurn answer(const QString &id, const QString &parent, const QString &text)
{
    ChatTurn turn = prompt(id, parent, text);
    turn.message.role = ChatRole::Assistant;
    turn.facts = answerFactsJson(facts());
    return turn;
}

/// Two prompts, the first with two answers.
Conversation tree()
{
    Conversation out;
    out.head.id = u"c1"_s;
    out.head.title = u"Zwei Fragen"_s;
    out.head.tags = {u"demo"_s, u"käse"_s};
    out.head.created = start;
    out.head.changed = start.addSecs(60);
    out.head.settings.target = {ChatTarget::Way::Node, u"home"_s};
    out.head.settings.model = u"llama3:8b"_s;
    out.head.settings.system = u"Be brief."_s;
    out.head.settings.temperature = 0.7;
    out.head.settings.topP = 0.9;
    out.head.settings.maxTokens = 200;
    out.head.settings.stop = {u"END"_s};
    out.head.settings.seed = 42;
    out.head.settings.extraJson = u"{\"min_p\": 0.05}"_s;
    ChatTurn first = prompt(u"p1"_s, {}, u"Erzähle vom Fjord"_s);
    first.message.images = {{u"image/png"_s, QByteArray("\x89PNG\0\1", 6), u"a.png"_s}};
    out.add(first);
    out.add(answer(u"a1"_s, u"p1"_s, u"Ein Fjord ist ein Meeresarm."_s));
    ChatTurn other = answer(u"a2"_s, u"p1"_s, u"Another 答案 with words"_s);
    other.message.reasoning = u"I think"_s;
    other.message.toolCalls = {{0, u"call1"_s, u"look"_s, u"{\"x\": 1}"_s}};
    out.add(other);
    out.add(prompt(u"p2"_s, u"a2"_s, u"And then?"_s));
    out.add(answer(u"a3"_s, u"p2"_s, u"Nothing."_s));
    return out;
}

template<class T>
T good(Task<Result<T>> task)
{
    const Result<T> result = await(std::move(task));
    if (!result)
        qFatal("%s %s", qPrintable(result.error().summary), qPrintable(result.error().detail));
    if constexpr (!std::is_void_v<T>)
        return *result;
}

void write(ChatHistory &history, const Conversation &conversation)
{
    good(history.put(conversation.head));
    for (const ChatTurn &turn : conversation.turns())
        good(history.add(conversation.head.id, turn));
    good(history.put(conversation.head));
}

QStringList ids(const QList<ConversationSummary> &all)
{
    QStringList out;
    for (const ConversationSummary &one : all)
        out.append(one.id);
    return out;
}

} // namespace

class TestChatHistory : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString path(const char *name) const { return m_folder.filePath(QString::fromLatin1(name)); }

private Q_SLOTS:
    void branches();
    void messagesOfARequest();
    void titles_data();
    void titles();
    void factsComeBack();
    void filesComeBack();
    void filesThatAreNotOurs_data();
    void filesThatAreNotOurs();
    void markdown();
    void keepsAndReadsAgain();
    void searches();
    void queries_data();
    void queries();
    void importsAndExports();
    void secretsStayOut();
    void survivesAKill();
    void removesForGood();
};

void TestChatHistory::branches()
{
    Conversation one = tree();
    QCOMPARE(one.path(), (QStringList {u"p1"_s, u"a2"_s, u"p2"_s, u"a3"_s}));
    QCOMPARE(one.siblings(u"a2"_s), (QStringList {u"a1"_s, u"a2"_s}));
    one.choose(u"a1"_s);
    QCOMPARE(one.path(), (QStringList {u"p1"_s, u"a1"_s}));
    one.choose(u"a2"_s); // to its newest end
    QCOMPARE(one.head.leaf, u"a3"_s);
    one.choose(u"gone"_s);
    QCOMPARE(one.head.leaf, u"a3"_s);
    QVERIFY(!one.add(prompt(u"p1"_s, {}, u"again"_s)));
    QVERIFY(!one.add(prompt(u"p9"_s, u"nobody"_s, u"orphan"_s)));
    QVERIFY(one.add(prompt(u"p3"_s, {}, u"a second beginning"_s)));
    QCOMPARE(one.path(), QStringList {u"p3"_s});
    QCOMPARE(one.siblings(u"p1"_s).size(), 2);
}

void TestChatHistory::messagesOfARequest()
{
    Conversation one = tree();
    const QList<ChatMessage> messages = one.messagesTo(u"p2"_s);
    QCOMPARE(messages.size(), 3);
    QCOMPARE(messages.at(1).text, u"Another 答案 with words"_s);
    QVERIFY(messages.at(1).reasoning.isEmpty()); // never sent back
    one.turn(u"a2"_s)->message = {};
    one.turn(u"a2"_s)->message.role = ChatRole::Assistant;
    QCOMPARE(one.messagesTo(u"p2"_s).size(), 2); // an answer that failed before it said anything
}

void TestChatHistory::titles_data()
{
    QTest::addColumn<QString>("prompt");
    QTest::addColumn<QString>("title");
    QTest::newRow("short") << u"Hi"_s << u"Hi"_s;
    QTest::newRow("first line") << u"\n\n# Plan\nrest"_s << u"Plan"_s;
    QTest::newRow("cut at a word") << u"one two three four five six seven eight nine ten eleven twelve thirteen"_s
                                   << u"one two three four five six seven eight nine ten eleven…"_s;
    QTest::newRow("no blanks") << QString(100, u'字') << QString(59, u'字') + u'…';
    QTest::newRow("hostile") << u"a\x1b[31mb\u202Ec"_s << u"abc"_s;
}

void TestChatHistory::titles()
{
    QFETCH(QString, prompt);
    QFETCH(QString, title);
    QCOMPARE(titleFrom(prompt), title);
}

void TestChatHistory::factsComeBack()
{
    const QByteArray json = answerFactsJson(facts());
    const ChatAnswer back = answerFactsFrom(json);
    QCOMPARE(answerFactsJson(back), json);
    const ChatAnswer want = facts();
    QCOMPARE(back.target, want.target);
    QCOMPARE(back.path, want.path);
    QCOMPARE(back.timing, want.timing);
    QCOMPARE(back.usage, want.usage);
    QCOMPARE(back.flow, want.flow);
    QCOMPARE(back.cost, want.cost);
    QCOMPARE(back.failure, want.failure);
    QCOMPARE(back.notes, want.notes);
    QCOMPARE(back.startedAt, want.startedAt);
    QVERIFY(back.stopped);
    // Nothing known stays nothing known.
    const ChatAnswer none = answerFactsFrom(answerFactsJson({}));
    QVERIFY(!none.cost && !none.failure && !none.timing.firstTokenMs && !none.usage.completion && !none.path.attempts);
    QVERIFY(!answerFactsFrom("{\"timing\": 3}").timing.totalMs);
    const ChatRequest settings = settingsFrom(settingsJson(tree().head.settings));
    QCOMPARE(settings, tree().head.settings);
}

void TestChatHistory::filesComeBack()
{
    const Conversation one = tree();
    const QByteArray json = conversationJson(one);
    const Result<Conversation> back = conversationFrom(json);
    QVERIFY2(back, back ? "" : qPrintable(back.error().detail));
    QCOMPARE(back->head, one.head);
    QCOMPARE(back->turns(), one.turns());
    QCOMPARE(conversationJson(*back), json);
}

void TestChatHistory::filesThatAreNotOurs_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("says");
    QTest::newRow("empty") << QByteArray() << QString();
    QTest::newRow("no JSON") << QByteArray("hello") << QString();
    QTest::newRow("another format") << QByteArray("{\"format\": \"x\"}") << u"hybridge-conversation"_s;
    QTest::newRow("another version") << QByteArray("{\"format\": \"hybridge-conversation\", \"version\": 2}") << u"another version"_s;
    QTest::newRow("no turns") << QByteArray("{\"format\": \"hybridge-conversation\", \"version\": 1, \"conversation\": {}}") << u"turns"_s;
    QTest::newRow("a role that is none")
        << QByteArray("{\"format\": \"hybridge-conversation\", \"version\": 1, \"conversation\": {}, \"turns\": [{\"id\": \"a\", \"role\": \"boss\"}]}")
        << u"/turns/0/role"_s;
    QTest::newRow("a parent behind its child") << QByteArray("{\"format\": \"hybridge-conversation\", \"version\": 1, \"conversation\": {}, \"turns\": ["
                                                             "{\"id\": \"a\", \"role\": \"user\", \"parent\": \"b\"}, {\"id\": \"b\", \"role\": \"user\"}]}")
                                               << u"/turns/0"_s;
    QTest::newRow("a branch that is not there") << QByteArray(
        "{\"format\": \"hybridge-conversation\", \"version\": 1, \"conversation\": {\"leaf\": \"z\"}, \"turns\": []}") << u"/conversation/leaf"_s;
}

void TestChatHistory::filesThatAreNotOurs()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, says);
    const Result<Conversation> read = conversationFrom(json);
    QVERIFY(!read);
    QCOMPARE(read.error().kind, Error::Kind::Invalid);
    QVERIFY(!read.error().remedy.isEmpty());
    QVERIFY2(read.error().detail.contains(says), qPrintable(read.error().detail));
}

void TestChatHistory::markdown()
{
    const QString text = QString::fromUtf8(conversationMarkdown(tree()));
    QVERIFY2(text.startsWith(u"# Zwei Fragen\n"_s), qPrintable(text));
    for (const QString &part : {u"Be brief."_s, u"Another 答案"_s, u"And then?"_s, u"> I think"_s, u"first token 13 ms"_s, u"Picture: a.png"_s})
        QVERIFY2(text.contains(part), qPrintable(part + u'\n' + text));
    QVERIFY(!text.contains(u"Meeresarm"_s)); // the other branch
}

void TestChatHistory::keepsAndReadsAgain()
{
    const Conversation one = tree();
    {
        ChatHistory history(path("keeps.sqlite"));
        QSignalSpy changed(&history, &ChatHistory::changed);
        write(history, one);
        QVERIFY(changed.size() >= 7);
    }
    ChatHistory history(path("keeps.sqlite"));
    const Conversation back = good(history.read(u"c1"_s));
    QCOMPARE(back.head, one.head);
    QCOMPARE(back.turns(), one.turns());
    const QList<ConversationSummary> all = good(history.list({}, 10));
    QCOMPARE(all.size(), 1);
    QCOMPARE(all.first().title, one.head.title);
    QCOMPARE(all.first().tags, one.head.tags);
    QCOMPARE(all.first().turns, 5);
    const Result<Conversation> none = await(history.read(u"gone"_s));
    QVERIFY(!none);
    QCOMPARE(none.error().kind, Error::Kind::NotFound);
}

void TestChatHistory::searches()
{
    ChatHistory history(path("search.sqlite"));
    write(history, tree());
    Conversation other;
    other.head.id = u"c2"_s;
    other.head.title = u"100% of it_"_s;
    other.head.created = other.head.changed = start.addSecs(600);
    other.add(prompt(u"q"_s, {}, u"the quick brown fox"_s));
    write(history, other);
    QCOMPARE(ids(good(history.list({}, 10))), (QStringList {u"c2"_s, u"c1"_s})); // newest first
    QCOMPARE(ids(good(history.list(u"fjord"_s, 10))), QStringList {u"c1"_s});
    QCOMPARE(ids(good(history.list(u"FJO"_s, 10))), QStringList {u"c1"_s}); // a beginning is enough
    QCOMPARE(ids(good(history.list(u"erzahle"_s, 10))), QStringList {u"c1"_s}); // without accents
    QCOMPARE(ids(good(history.list(u"quick fox"_s, 10))), QStringList {u"c2"_s});
    QCOMPARE(ids(good(history.list(u"quick fjord"_s, 10))), QStringList());
    QCOMPARE(ids(good(history.list(u"答案"_s, 10))), QStringList {u"c1"_s});
    QCOMPARE(ids(good(history.list(u"käse"_s, 10))), QStringList {u"c1"_s}); // a tag
    QCOMPARE(ids(good(history.list(u"100%"_s, 10))), QStringList {u"c2"_s}); // a title, and no pattern
    QCOMPARE(ids(good(history.list(u"%"_s, 10))), QStringList {u"c2"_s});
    QCOMPARE(ids(good(history.list(u"\"' OR 1 NEAR("_s, 10))), QStringList());
    QVERIFY(good(history.list(u"brown"_s, 10)).first().snippet.contains(u"quick brown fox"_s));
    // What an answer becomes is found, what it was before is not.
    ChatTurn turn = prompt(u"q"_s, {}, u"lazy dog"_s);
    good(history.finish(u"c2"_s, turn));
    QCOMPARE(ids(good(history.list(u"lazy"_s, 10))), QStringList {u"c2"_s});
    QCOMPARE(ids(good(history.list(u"quick"_s, 10))), QStringList());
}

void TestChatHistory::queries_data()
{
    QTest::addColumn<QString>("words");
    QTest::addColumn<QString>("query");
    QTest::newRow("nothing") << QString() << QString();
    QTest::newRow("signs alone") << u"-- \" *"_s << QString();
    QTest::newRow("one") << u"fox"_s << u"\"fox\"*"_s;
    QTest::newRow("two") << u"quick  fox"_s << u"\"quick\" AND \"fox\"*"_s;
    QTest::newRow("operators are words") << u"a OR b"_s << u"\"a\" AND \"OR\" AND \"b\"*"_s;
    QTest::newRow("quotes") << u"say \"x\""_s << u"\"say\" AND \"x\"*"_s;
    QTest::newRow("Chinese") << u"答案"_s << QString();
}

void TestChatHistory::queries()
{
    QFETCH(QString, words);
    QFETCH(QString, query);
    QCOMPARE(historyQuery(words), query);
}

void TestChatHistory::importsAndExports()
{
    ChatHistory history(path("files.sqlite"));
    write(history, tree());
    QCOMPARE(good(history.exportFile(u"c1"_s, path("out.json"))), 5);
    QCOMPARE(good(history.exportFile(u"c1"_s, path("out.md"))), 4);
    QCOMPARE(QFile(path("out.json")).permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    const QString second = good(history.importFile(path("out.json")));
    QVERIFY(second != u"c1"_s); // its id was taken
    QCOMPARE(good(history.read(second)).turns(), tree().turns());
    QCOMPARE(good(history.list({}, 10)).size(), 2);
    const Result<QString> wrong = await(history.importFile(path("out.md")));
    QVERIFY(!wrong);
    QVERIFY(!await(history.importFile(path("nowhere.json"))));
    const Result<qint64> refused = await(history.exportFile(u"c1"_s, u"/nowhere/x.json"_s));
    QVERIFY(!refused);
    QCOMPARE(refused.error().kind, Error::Kind::Unavailable);
    QCOMPARE(good(history.list({}, 10)).size(), 2); // nothing half imported
}

void TestChatHistory::secretsStayOut()
{
    const QByteArray secret = "hunter2hunter2";
    {
        ChatHistory history(path("secret.sqlite"));
        Redactor redactor;
        redactor.learn(Secret(secret));
        history.setRedactor(redactor);
        Conversation one = tree();
        one.head.settings.extraJson = u"{\"x\": \"hunter2hunter2\"}"_s;
        one.head.title = u"hunter2hunter2"_s;
        ChatTurn *turn = one.turn(u"a2"_s);
        turn->message.text = u"it is hunter2hunter2, Authorization: Bearer abcdefgh12345678"_s;
        turn->message.reasoning = u"hunter2hunter2"_s;
        turn->message.toolCalls.first().arguments = u"hunter2hunter2"_s;
        write(history, one);
        ChatTurn streaming = answer(u"s"_s, u"p2"_s, {});
        streaming.state = ChatTurn::State::Streaming;
        good(history.add(u"c1"_s, streaming));
        good(history.append(u"c1"_s, u"s"_s, u"hunter2hunter2"_s, u"hunter2hunter2"_s));
        good(history.exportFile(u"c1"_s, path("secret.json")));
    }
    for (const char *name : {"secret.sqlite", "secret.sqlite-wal", "secret.json"}) {
        QFile file(path(name));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        const QByteArray bytes = file.readAll();
        QVERIFY2(!bytes.contains(secret), name);
        QVERIFY2(!bytes.contains("abcdefgh12345678"), name);
    }
}

void TestChatHistory::survivesAKill()
{
    // A second program writes an answer piece by piece, tells each that is on the disk, and is killed.
    QProcess child;
    child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    child.start(QCoreApplication::applicationFilePath(), {u"--write"_s, path("kill.sqlite")});
    QByteArray told;
    QTRY_VERIFY_WITH_TIMEOUT((told += child.readAllStandardOutput(), told.count('\n') >= 20), 30000);
    child.kill();
    QTRY_COMPARE_WITH_TIMEOUT(child.state(), QProcess::NotRunning, 30000);
    told += child.readAllStandardOutput();
    const qsizetype pieces = told.count('\n');

    ChatHistory history(path("kill.sqlite"));
    const Conversation back = good(history.read(u"c1"_s));
    const ChatTurn *turn = back.turn(u"s"_s);
    QVERIFY(turn);
    QCOMPARE(turn->state, ChatTurn::State::CutOff);
    for (qsizetype i = 0; i < pieces; ++i)
        QVERIFY2(turn->message.text.contains(u"piece %1 "_s.arg(i)), qPrintable(turn->message.text));
    // An answer that was to be continued is no other: what came behind it is there after a kill as well.
    good(history.reopen(u"c1"_s, u"a1"_s));
    good(history.append(u"c1"_s, u"a1"_s, u" and on"_s, u"thought"_s));
    ChatHistory other(path("kill.sqlite"));
    const Conversation grown = good(other.read(u"c1"_s));
    QCOMPARE(grown.turn(u"a1"_s)->state, ChatTurn::State::CutOff);
    QCOMPARE(grown.turn(u"a1"_s)->message.text, back.turn(u"a1"_s)->message.text + u" and on"_s);
    // Put in order, it is found as any other.
    good(history.finish(u"c1"_s, *turn));
    QCOMPARE(ids(good(history.list(u"piece"_s, 10))), QStringList {u"c1"_s});
    QCOMPARE(good(history.read(u"c1"_s)).turn(u"s"_s)->message.text, turn->message.text);
}

void TestChatHistory::removesForGood()
{
    ChatHistory history(path("remove.sqlite"));
    write(history, tree());
    ChatTurn streaming = answer(u"s"_s, u"p2"_s, {});
    streaming.state = ChatTurn::State::Streaming;
    good(history.add(u"c1"_s, streaming));
    QCOMPARE(good(history.read(u"c1"_s)).turn(u"s"_s)->state, ChatTurn::State::Streaming); // ours, and alive
    good(history.remove(u"c1"_s));
    QCOMPARE(ids(good(history.list({}, 10))), QStringList());
    QCOMPARE(ids(good(history.list(u"fjord"_s, 10))), QStringList());
    // What still comes in for it is lost without a word.
    good(history.append(u"c1"_s, u"s"_s, u"late"_s, {}));
    good(history.finish(u"c1"_s, streaming));
    QVERIFY(!await(history.read(u"c1"_s)));
}

namespace {

/// The program that is killed.
int writeUntilKilled(const QString &path)
{
    ChatHistory history(path);
    Conversation one = tree();
    write(history, one);
    ChatTurn streaming = answer(u"s"_s, u"p2"_s, {});
    streaming.state = ChatTurn::State::Streaming;
    good(history.add(u"c1"_s, streaming));
    for (int i = 0; i < 100000; ++i) {
        good(history.append(u"c1"_s, u"s"_s, u"piece %1 "_s.arg(i), {}));
        std::printf("%d\n", i);
        std::fflush(stdout);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == u"--write"_s)
        return writeUntilKilled(arguments.value(2));
    TestChatHistory test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_chathistory.moc"
