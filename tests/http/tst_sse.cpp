// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/sse.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using EventKind = SseEvent::Kind;

namespace {
/// "D:payload" a data event, "!" done, "E:" error, "#" comment, "?" appended when unfinished.
QStringList notation(const QList<SseEvent> &events)
{
    QStringList out;
    for (const SseEvent &event : events) {
        QString text;
        switch (event.kind) {
        case EventKind::Data:
            text = QStringLiteral("D:");
            break;
        case EventKind::Done:
            text = QStringLiteral("!");
            break;
        case EventKind::Error:
            text = QStringLiteral("E:");
            break;
        case EventKind::Comment:
            text = QStringLiteral("#");
            break;
        }
        if (event.kind != EventKind::Done)
            text += QString::fromUtf8(event.data);
        if (event.unfinished)
            text += QLatin1Char('?');
        out.append(text);
    }
    return out;
}

QList<SseEvent> parseWhole(const QByteArray &bytes)
{
    SseParser parser;
    QList<SseEvent> events = parser.feed(bytes);
    events += parser.finish();
    return events;
}

void addStreams()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QStringList>("expected");
    const auto row = [](const char *name, const QByteArray &bytes, const QStringList &expected) {
        QTest::newRow(name) << bytes << expected;
    };
    row("plain", "data: {\"a\":1}\n\ndata: [DONE]\n\n", {QStringLiteral("D:{\"a\":1}"), QStringLiteral("!")});
    row("no blank after the colon", "data:{\"a\":1}\n\ndata:[DONE]\n\n",
        {QStringLiteral("D:{\"a\":1}"), QStringLiteral("!")});
    row("one blank goes, the second stays", "data:  x\n\n", {QStringLiteral("D: x")});
    row("CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", {QStringLiteral("D:a"), QStringLiteral("D:b")});
    row("CR alone", "data: a\r\rdata: b\r\r", {QStringLiteral("D:a"), QStringLiteral("D:b")});
    row("mixed line ends", "data: a\r\n\ndata: b\r\r\ndata: c\n\r\n",
        {QStringLiteral("D:a"), QStringLiteral("D:b"), QStringLiteral("D:c")});
    row("byte order mark",
        "\xEF\xBB\xBF"
        "data: a\n\n",
        {QStringLiteral("D:a")});
    row("comments are signs of life", ": OPENROUTER PROCESSING\n\n: ping\ndata: a\n\n",
        {QStringLiteral("#OPENROUTER PROCESSING"), QStringLiteral("#ping"), QStringLiteral("D:a")});
    row("comments wrapped into data", "data: : OPENROUTER PROCESSING\n\ndata: : keepalive\n\ndata: a\n\n",
        {QStringLiteral("#OPENROUTER PROCESSING"), QStringLiteral("#keepalive"), QStringLiteral("D:a")});
    row("event and id lines", "event: message\nid: 7\ndata: a\n\n", {QStringLiteral("D:a")});
    row("lines are joined", "data: {\"a\":\ndata: 1}\n\n", {QStringLiteral("D:{\"a\":\n1}")});
    row("two payloads in one event", "data: {\"error\":{\"message\":\"boom\"}}\ndata: [DONE]\n\n",
        {QStringLiteral("E:{\"error\":{\"message\":\"boom\"}}"), QStringLiteral("!")});
    row("two chunks in one event", "data: {\"a\":1}\ndata: {\"a\":2}\n\n",
        {QStringLiteral("D:{\"a\":1}"), QStringLiteral("D:{\"a\":2}")});
    row("text lines stay joined", "data: not json\ndata: nor this\n\n", {QStringLiteral("D:not json\nnor this")});
    row("error as a field", "error: {\"code\":500,\"message\":\"boom\"}\n\n",
        {QStringLiteral("E:{\"code\":500,\"message\":\"boom\"}")});
    row("error object then done", "data: {\"error\":{\"message\":\"x\",\"code\":400}}\n\ndata: [DONE]\n\n",
        {QStringLiteral("E:{\"error\":{\"message\":\"x\",\"code\":400}}"), QStringLiteral("!")});
    row("error as a string", "data: {\"error\":\"boom\"}\n\n", {QStringLiteral("E:{\"error\":\"boom\"}")});
    row("error null is none", "data: {\"error\":null,\"a\":1}\n\n", {QStringLiteral("D:{\"error\":null,\"a\":1}")});
    row("the word error in a token is none", "data: {\"content\":\"\\\"error\\\"\"}\n\n",
        {QStringLiteral("D:{\"content\":\"\\\"error\\\"\"}")});
    row("error event", "event: error\ndata: bad things\n\n", {QStringLiteral("E:bad things")});
    row("usage and empty choices", "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
        {QStringLiteral("D:{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}")});
    row("special tokens and escapes", "data: {\"c\":\"<|EOT|>\\u00e9\"}\n\n",
        {QStringLiteral("D:{\"c\":\"<|EOT|>\\u00e9\"}")});
    row("no blank line at the end", "data: a\n\ndata: b\n", {QStringLiteral("D:a"), QStringLiteral("D:b?")});
    row("no line end at the end", "data: a\n\ndata: b", {QStringLiteral("D:a"), QStringLiteral("D:b?")});
    row("no [DONE]", "data: {\"finish_reason\":\"stop\"}\n\n", {QStringLiteral("D:{\"finish_reason\":\"stop\"}")});
    row("empty data dispatches nothing", "data\n\ndata:\n\nid: 1\n\n", {});
    row("unknown fields", "foo: bar\nprompt_progress\ndata: a\n\n", {QStringLiteral("D:a")});
    row("UTF-8 cut anywhere", "data: {\"c\":\"\xC3\xA9\xF0\x9F\x98\x80\"}\n\n",
        {QString::fromUtf8("D:{\"c\":\"\xC3\xA9\xF0\x9F\x98\x80\"}")});
    row("an HTML page is no event", "<html>\n<body>\n\n502\n\n", {});
    row("empty", "", {});
}
} // namespace

class TestSse : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void events_data() { addStreams(); }
    void events()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QStringList, expected);
        QCOMPARE(notation(parseWhole(bytes)), expected);
    }

    void anySplitGivesTheSame_data() { addStreams(); }
    void anySplitGivesTheSame()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QStringList, expected);
        const QList<SseEvent> whole = parseWhole(bytes);
        for (qsizetype first = 0; first <= bytes.size(); ++first) {
            for (qsizetype second = first; second <= bytes.size(); ++second) {
                SseParser parser;
                QList<SseEvent> events = parser.feed(bytes.left(first));
                events += parser.feed(bytes.mid(first, second - first));
                events += parser.feed(bytes.mid(second));
                events += parser.finish();
                if (events != whole)
                    QFAIL(qPrintable(QStringLiteral("split at %1 and %2: %3")
                                         .arg(first)
                                         .arg(second)
                                         .arg(notation(events).join(QLatin1Char('|')))));
            }
        }
        SseParser byByte;
        QList<SseEvent> events;
        for (const char c : bytes)
            events += byByte.feed(QByteArray(1, c));
        events += byByte.finish();
        QVERIFY(events == whole);
    }

    void fieldsAreKept()
    {
        SseParser parser;
        const QList<SseEvent> events = parser.feed("retry: 1500\nid: 5\nevent: delta\ndata: a\n\ndata: b\n\n");
        QCOMPARE(events.size(), 2);
        QCOMPARE(events.at(0).event, QByteArray("delta"));
        QCOMPARE(events.at(0).id, QByteArray("5"));
        QCOMPARE(events.at(1).event, QByteArray());
        QCOMPARE(events.at(1).id, QByteArray("5")); // the last id stays
        QCOMPARE(parser.retryMs(), 1500);
    }

    void longLinesAreDropped()
    {
        SseParser parser(100);
        QList<SseEvent> events = parser.feed("data: " + QByteArray(1000, 'x') + "\n\ndata: a\n\n");
        QCOMPARE(notation(events), QStringList{QStringLiteral("D:a")});
        QVERIFY(parser.overflowed());
        SseParser many(100);
        for (int i = 0; i < 1000; ++i)
            events = many.feed("data: xxxxxxxxx\n");
        QVERIFY(many.overflowed());
        events = many.feed("\n");
        QCOMPARE(events.size(), 1);
        QVERIFY(events.first().data.size() <= 110);
    }

    void errorTexts_data()
    {
        QTest::addColumn<QByteArray>("payload");
        QTest::addColumn<QByteArray>("text"); // null: no error
        QTest::newRow("string") << QByteArray("{\"error\":\"boom\"}") << QByteArray("boom");
        QTest::newRow("object") << QByteArray("{\"error\":{\"message\":\"boom\",\"code\":1}}") << QByteArray("boom");
        QTest::newRow("type alone") << QByteArray("{\"error\":{\"type\":\"server_error\"}}")
                                    << QByteArray("server_error");
        QTest::newRow("vLLM before 0.10")
            << QByteArray("{\"object\":\"error\",\"message\":\"boom\"}") << QByteArray("boom");
        QTest::newRow("FastAPI") << QByteArray("{\"detail\":\"Not Found\"}") << QByteArray("Not Found");
        QTest::newRow("null") << QByteArray("{\"error\":null}") << QByteArray();
        QTest::newRow("a chunk") << QByteArray("{\"object\":\"chat.completion.chunk\",\"choices\":[]}") << QByteArray();
        QTest::newRow("no JSON") << QByteArray("error") << QByteArray();
        QTest::newRow("a list") << QByteArray("[\"error\"]") << QByteArray();
        QTest::newRow("detail of another type") << QByteArray("{\"detail\":[{\"msg\":\"x\"}]}") << QByteArray();
    }
    void errorTexts()
    {
        QFETCH(QByteArray, payload);
        QFETCH(QByteArray, text);
        const std::optional<QByteArray> got = errorMessageOf(payload);
        QCOMPARE(got.has_value(), !text.isNull());
        QCOMPARE(got.value_or(QByteArray()), text);
    }

    void bodyForms_data()
    {
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QByteArray>("start");
        QTest::addColumn<int>("form");
        const auto row = [](const char *name, const char *type, const char *start, BodyForm form) {
            QTest::newRow(name) << QByteArray(type) << QByteArray(start) << int(form);
        };
        row("stream", "text/event-stream; charset=utf-8", "data: {", BodyForm::Events);
        row("JSON to a stream request", "application/json", "{\"id\":1", BodyForm::Json);
        row("JSON labelled as a stream", "text/event-stream", "{\"error\":1", BodyForm::Json);
        row("stream labelled as JSON", "application/json", "data: {", BodyForm::Events);
        row("comment first", "", ": ping", BodyForm::Events);
        row("Ollama", "application/x-ndjson", "{\"model\":", BodyForm::JsonLines);
        row("HTML page", "text/html", "<!DOCTYPE html>", BodyForm::Html);
        row("HTML labelled as JSON", "application/json", "<html>", BodyForm::Html);
        row("nothing yet, by type", "text/event-stream", "", BodyForm::Events);
        row("nothing known", "", "", BodyForm::Unknown);
        row("plain text", "text/plain", "hello", BodyForm::Unknown);
    }
    void bodyForms()
    {
        QFETCH(QByteArray, type);
        QFETCH(QByteArray, start);
        QFETCH(int, form);
        QCOMPARE(int(bodyForm(type, start)), form);
    }
};

QTEST_APPLESS_MAIN(TestSse)
#include "tst_sse.moc"
