// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What comes over the wire, as tables: each dialect and quirk as a transcript, cut at every byte.
#include "backend/base/units.h"
#include "backend/chat/chatbody.h"
#include "backend/chat/chatcompare.h"
#include "backend/chat/chatfailure.h"
#include "backend/chat/chatjson.h"
#include "backend/chat/chatreader.h"
#include "backend/http/http1codec.h"

#include <QRandomGenerator>
#include <QTest>

#include <nlohmann/json.hpp>

using namespace hybridge;

namespace {

/// A chunk with this delta, and more keys of the choice.
QByteArray delta(const QByteArray &members, const QByteArray &more = ",\"finish_reason\":null")
{
    return "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{" + members + "}" + more + "}]}\n\n";
}
QByteArray replaced(QByteArray bytes, const char *before, const char *after)
{
    return bytes.replace(before, after);
}
const QByteArray stopped = delta({}, ",\"finish_reason\":\"stop\"");
const QByteArray done = "data: [DONE]\n\n";

struct Read {
    ChatMessage message;
    QString finish;
    ChatUsage usage;
    QString error;
    QByteArray foreign;
    bool done = false;
    bool tooLong = false;
    QByteArray raw;
    bool operator==(const Read &) const = default;
};

Read readPieces(const QByteArray &type, const QList<QByteArray> &pieces)
{
    ChatReader reader(type);
    QString text;
    QByteArray raw;
    const auto take = [&](const ChatReader::Fresh &fresh) {
        text += fresh.text;
        for (const ChatRawEvent &event : fresh.raw)
            raw += event.data + '\n';
    };
    for (const QByteArray &piece : pieces)
        take(reader.feed(piece, 1));
    take(reader.finish(2));
    Q_ASSERT(text == reader.message().text); // the pieces are the whole
    Read read;
    read.message = reader.message();
    read.finish = reader.finishReason();
    read.usage = reader.usage();
    if (reader.error())
        read.error = reader.error()->errorText.isEmpty() ? QStringLiteral("?") : reader.error()->errorText;
    read.foreign = reader.foreignBody();
    read.done = reader.sawDone();
    read.tooLong = reader.isTooLong();
    read.raw = raw;
    return read;
}

HttpResponse answer(int status, const QByteArray &body, const HeaderList &headers = {{"Content-Type", "application/json"}})
{
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.headers = headers;
    return response;
}

ChatRequest question()
{
    ChatRequest request;
    request.model = QStringLiteral("m");
    ChatMessage message;
    message.text = QStringLiteral("It's \"$HOME\"\n`x`");
    request.messages = {message};
    return request;
}

} // namespace

class TestChatReader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void transcripts_data()
    {
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("reasoning");
        QTest::addColumn<QString>("finish");
        QTest::addColumn<QString>("error");
        QTest::addColumn<int>("completion"); // -n: counted here
        QTest::addColumn<bool>("isDone");
        const QByteArray sse = "text/event-stream";
        const auto row = [](const char *name, const QByteArray &type, const QByteArray &body, const QString &text, const QString &finish = QStringLiteral("stop"),
                             int completion = -1, bool isDone = true, const QString &reasoning = {}, const QString &error = {}) {
            QTest::newRow(name) << type << body << text << reasoning << finish << error << completion << isDone;
        };
        const QString hi = QStringLiteral("Hi");
        const QString none;
        row("OpenAI", sse, delta("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null") + delta("\"content\":\"Hi\"") + stopped
                + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":7}}\n\n" + done, hi, QStringLiteral("stop"), 7);
        row("vLLM", "text/event-stream; charset=utf-8", delta("\"role\":\"assistant\",\"content\":\"\"", ",\"logprobs\":null,\"finish_reason\":null")
                + delta("\"content\":\"H\"", ",\"logprobs\":null,\"finish_reason\":null,\"token_ids\":null") + delta("\"content\":\"i\"")
                + delta("\"content\":\"\"", ",\"finish_reason\":\"stop\",\"stop_reason\":null") + done, hi, QStringLiteral("stop"), -2);
        row("Ollama 2024: role and empty finish on each", sse, delta("\"role\":\"assistant\",\"content\":\"H\"", ",\"finish_reason\":\"\"")
                + delta("\"role\":\"assistant\",\"content\":\"i\"", ",\"finish_reason\":\"\"") + stopped + done, hi, QStringLiteral("stop"), -2);
        row("nulls", sse, "data: {\"choices\":null,\"usage\":null,\"error\":null}\n\n" + delta("\"content\":null,\"tool_calls\":null") + delta("\"content\":\"Hi\"") + "data: {}\n\n" + stopped + done, hi);
        row("OpenRouter comments", sse, ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + delta("\"content\":\"Hi\"") + stopped + ": x\n\n" + done, hi);
        row("comment in data", sse, "data: : keepalive\n\n" + delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("no blank, CRLF, event and id", sse, replaced(replaced("event: message\nid: 1\n" + delta("\"content\":\"Hi\"") + stopped + done, "data: ", "data:"), "\n", "\r\n"), hi);
        row("lone CR", sse, replaced(delta("\"content\":\"Hi\"") + stopped + done, "\n", "\r"), hi);
        row("byte order mark", sse, "\xEF\xBB\xBF" + delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("SGLang: error and DONE without a blank line", sse, delta("\"content\":\"Hi\"") + "data: {\"error\":{\"message\":\"boom\"}}\ndata: [DONE]\n\n", hi, none, -1, true, none, QStringLiteral("boom"));
        row("llama.cpp: error as a field", sse, delta("\"content\":\"Hi\"") + "error: {\"code\":500,\"message\":\"slot lost\",\"type\":\"server_error\"}\n\n", hi, none, -1, false, none, QStringLiteral("slot lost"));
        row("error as text", sse, "data: {\"error\":\"boom\"}\n\n" + done, none, none, 0, true, none, QStringLiteral("boom"));
        row("vLLM error object", sse, "data: {\"object\":\"error\",\"message\":\"boom\",\"type\":\"X\"}\n\n" + done, none, none, 0, true, none, QStringLiteral("boom"));
        row("error event that is no JSON", sse, "event: error\ndata: gateway lost\n\n", none, none, 0, false, none, QStringLiteral("gateway lost"));
        row("no DONE, no last blank line", sse, delta("\"content\":\"Hi\"") + stopped.trimmed(), hi, QStringLiteral("stop"), -1, false);
        row("cut in the middle", sse, delta("\"content\":\"Hi\"") + "data: {\"choices\":[{\"del", hi, none, -1, false);
        row("reasoning_content", sse, delta("\"reasoning_content\":\"hm\"") + delta("\"content\":\"Hi\"") + stopped + done, hi, QStringLiteral("stop"), -2, true, QStringLiteral("hm"));
        row("reasoning under two names", sse, delta("\"reasoning\":\"hm\",\"reasoning_content\":\"hm\"") + delta("\"content\":\"Hi\"") + stopped + done, hi, QStringLiteral("stop"), -2, true, QStringLiteral("hm"));
        row("refusal", sse, delta("\"refusal\":\"No\"") + stopped + done, QStringLiteral("No"));
        row("content as parts", sse, delta("\"content\":[{\"type\":\"text\",\"text\":\"H\"},{\"type\":\"text\",\"text\":\"i\"}]") + stopped + done, hi);
        row("another choice is another answer", sse, "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}}]}\n\n" + delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("alphabetical keys and escapes", sse, "data: {\"choices\":[{\"delta\":{\"content\":\"\\u0048i <|EOT|>\"},\"finish_reason\":null,\"index\":0}],\"id\":\"x\"}\n\n" + stopped + done, QStringLiteral("Hi <|EOT|>"));
        row("extensions", sse, "data: {\"prompt_progress\":{\"total\":4},\"detections\":{\"a\":[{\"text\":\"no\"}]},\"timings\":{\"x\":[[1]]},\"choices\":[]}\n\n" + delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("JSON to a stream request", "application/json", "{\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}", hi, QStringLiteral("stop"), 2);
        row("JSON, in lines for reading", "application/json", "{\n \"choices\": [{\"index\":0,\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]\n}\n", hi);
        row("JSON error to a stream request", "application/json", "{\"error\":{\"message\":\"boom\",\"type\":\"t\",\"code\":400}}", none, none, 0, true, none, QStringLiteral("boom"));
        row("events under a JSON label", "application/json", delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("events without a label", "", delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("Ollama's own lines", "application/x-ndjson", "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"H\"},\"done\":false}\n{\"message\":{\"content\":\"i\"},\"done\":false}\n"
                                                          "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":4,\"eval_count\":5}\n", hi, QStringLiteral("stop"), 5, false);
        row("lines under a plain label", "application/json", "{\"response\":\"H\",\"done\":false}\n{\"response\":\"i\",\"done\":true,\"done_reason\":\"stop\"}\n", hi, QStringLiteral("stop"), -2, false);
        row("Ollama's own error in mid-stream", "application/x-ndjson", "{\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"error\":\"an error was encountered\"}\n", hi, none, -1, false, none, QStringLiteral("an error was encountered"));
        row("no UTF-8", sse, delta("\"content\":\"H\xFFi\"") + stopped + done, QStringLiteral("H\uFFFDi"));
        row("bare NUL", sse, delta(QByteArray("\"content\":\"H\0i\"", 15)) + stopped + done, QStringLiteral("H\uFFFDi"));
        row("escaped NUL", sse, delta("\"content\":\"H\\u0000i\"") + stopped + done, QStringLiteral("H\uFFFDi"));
        row("a character in two tokens' bytes", sse, delta("\"content\":\"\xE4\xBD\xA0\"") + stopped + done, QStringLiteral("你"));
        row("no JSON between", sse, delta("\"content\":\"H\"") + "data: hello\n\n" + delta("\"content\":\"i\"") + stopped + done, hi, QStringLiteral("stop"), -2);
        row("a summary repeats the text", sse, delta("\"content\":\"Hi\"") + stopped + "data: {\"choices\":[{\"index\":0,\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n" + done, hi);
        row("deep nesting", sse, "data: {\"choices\":" + QByteArray(5000, '[') + QByteArray(5000, ']') + "}\n\n" + delta("\"content\":\"Hi\"") + stopped + done, hi);
        row("FastAPI detail", "application/json", "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}", none, none, 0, true, none, QStringLiteral("field required"));
    }
    void transcripts()
    {
        QFETCH(QByteArray, type);
        QFETCH(QByteArray, body);
        QFETCH(int, completion);
        const Read whole = readPieces(type, {body});
        QTEST(whole.message.text, "text");
        QTEST(whole.message.reasoning, "reasoning");
        QTEST(whole.finish, "finish");
        QTEST(whole.error, "error");
        QTEST(whole.done, "isDone");
        QCOMPARE(whole.usage.completion.value_or(0), qint64(std::abs(completion)));
        QCOMPARE(whole.usage.estimated, completion < 0);
        // Cut anywhere, the message is the same.
        const qsizetype step = body.size() > 4000 ? 97 : 1;
        for (qsizetype at = 0; at <= body.size(); at += step)
            QVERIFY2(readPieces(type, {body.left(at), body.mid(at)}) == whole, QByteArray::number(at));
        QList<QByteArray> bytes;
        for (qsizetype at = 0; at < body.size(); at += 1)
            bytes.append(body.mid(at, 1));
        QVERIFY(readPieces(type, bytes) == whole);
        QRandomGenerator random(20260126);
        for (int round = 0; round < 20; ++round) {
            QList<QByteArray> pieces;
            for (qsizetype at = 0; at < body.size();) {
                const qsizetype size = 1 + random.bounded(round < 10 ? 7 : 300);
                pieces.append(body.mid(at, size));
                at += size;
            }
            QVERIFY2(readPieces(type, pieces) == whole, QByteArray::number(round));
        }
    }

    void toolCallsAreJoined()
    {
        const QByteArray body = delta("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"\"}}]")
            + delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]") + delta("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]")
            + delta("\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"go\",\"arguments\":\"{}\"}}]") + delta({}, ",\"finish_reason\":\"tool_calls\"") + done;
        const Read read = readPieces("text/event-stream", {body});
        QCOMPARE(read.message.toolCalls.size(), 2);
        QCOMPARE(read.message.toolCalls.at(0), (ChatToolCall {0, QStringLiteral("a"), QStringLiteral("look"), QStringLiteral("{\"x\":1}")}));
        QCOMPARE(read.message.toolCalls.at(1).name, QStringLiteral("go"));
        const Read native = readPieces("application/x-ndjson", {"{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"look\",\"arguments\":{\"x\":1}}}]},\"done\":true}"});
        QCOMPARE(native.message.toolCalls.size(), 1);
        QCOMPARE(native.message.toolCalls.at(0).arguments, QStringLiteral("{\"x\":1}"));
    }

    void tooLongIsSaid()
    {
        ChatReader reader("text/event-stream", 10'000);
        (void)reader.feed(delta("\"content\":\"Hi\""), 1);
        for (int i = 0; i < 20 && !reader.isTooLong(); ++i)
            (void)reader.feed("data: " + QByteArray(1000, 'x'), 2);
        QVERIFY(reader.isTooLong());
        QCOMPARE(reader.message().text, QStringLiteral("Hi"));
        ChatEnd end;
        end.isTooLong = true;
        QCOMPARE(failureAtEnd(end, {})->kind, QStringLiteral("too-long"));
        ChatReader document("application/json", 10'000);
        (void)document.feed("{\"choices\":\"" + QByteArray(20'000, 'x'), 1);
        QVERIFY(document.isTooLong());
    }

    /// The cap as it is, streamed; each of its bytes is looked at once, or this takes minutes.
    void theCapOf64MiB_data()
    {
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QByteArray>("start");
        QTest::newRow("a line of a stream") << QByteArray("text/event-stream") << QByteArray("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"");
        QTest::newRow("a document") << QByteArray("application/json") << QByteArray("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"");
        QTest::newRow("a line of JSON") << QByteArray("application/x-ndjson") << QByteArray("{\"message\":{\"content\":\"");
    }
    void theCapOf64MiB()
    {
        QFETCH(QByteArray, type);
        QFETCH(QByteArray, start);
        ChatReader reader(type);
        (void)reader.feed(start, 1);
        const QByteArray piece(64 << 10, 'x');
        for (int i = 0; i < 1023; ++i)
            (void)reader.feed(piece, 2);
        QVERIFY(!reader.isTooLong()); // just under it
        for (int i = 0; i < 3; ++i)
            (void)reader.feed(piece, 3);
        QVERIFY(reader.isTooLong());
        (void)reader.feed("\"}}]}\n\n" + delta("\"content\":\"more\""), 4);
        (void)reader.finish(5);
        QVERIFY(reader.message().text.isEmpty()); // nothing after it is taken for the answer
        ChatEnd end;
        end.isTooLong = reader.isTooLong();
        const std::optional<ChatFailure> failure = failureAtEnd(end, {});
        QVERIFY(failure && failure->summary.contains(QStringLiteral("64 MiB")) && !failure->remedy.isEmpty());
    }

    /// More reads than are kept: the speed is told by the first and the newest all the same.
    void aVeryLongStream()
    {
        ChatReader reader("text/event-stream");
        const QByteArray one = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        constexpr int reads = 61'000;
        for (int i = 0; i < reads; ++i)
            (void)reader.feed(one, i + 1);
        QCOMPARE(reader.tokens(), qint64(reads));
        QCOMPARE(reader.firstArrival(), (ChatArrival {1, 1}));
        QCOMPARE(reader.arrivals().constLast().atMs, double(reads));
        QVERIFY(reader.arrivals().size() >= 45'000 && reader.arrivals().size() < reads);
        QCOMPARE(qRound(speedNow(reader.arrivals(), reads).value()), 1000);
    }

    void wholeAnswersHaveNoGaps()
    {
        ChatReader reader("application/json");
        (void)reader.feed("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"one two three four five\"},\"finish_reason\":\"stop\"}]}", 900);
        (void)reader.finish(901);
        QVERIFY(reader.cameWhole());
        QVERIFY(reader.usage().estimated);
    }

    void foreignSigns()
    {
        // Escape sequences, overrides of direction, a name that pretends: nothing is lost of the text, and what is shown is
        // made safe where it is shown; names and reasons are made safe here.
        const Read read = readPieces("text/event-stream", {"data: {\"model\":\"m\\u202e\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\u001b[31mb\\u202ec\"},\"finish_reason\":\"stop\"}]}\n\n" + done});
        QCOMPARE(read.message.text, QStringLiteral("a\x1b[31mb\u202ec"));
        QCOMPARE(safeText(read.message.text, 100), QStringLiteral("abc"));
    }

    void picturesByWhatTheyAre()
    {
        QCOMPARE(chatImageType("\x89PNG\r\n"), QStringLiteral("image/png"));
        QCOMPARE(chatImageType("\xFF\xD8\xFF\xE0"), QStringLiteral("image/jpeg"));
        QCOMPARE(chatImageType("GIF89a"), QStringLiteral("image/gif"));
        QCOMPARE(chatImageType("RIFF1234WEBP"), QStringLiteral("image/webp"));
        QVERIFY(chatImageType("<svg").isEmpty() && chatImageType({}).isEmpty());
    }

    void aPageIsKeptForSaying()
    {
        const Read read = readPieces("text/html", {"<html><title>Sign in</title></html>"});
        QVERIFY(read.foreign.contains("Sign in"));
        QVERIFY(read.message.text.isEmpty());
    }

    void flow_data()
    {
        QTest::addColumn<QList<ChatArrival>>("arrivals");
        QTest::addColumn<int>("flow");
        QList<ChatArrival> even, lumps, fast, few, once;
        for (int i = 0; i < 60; ++i)
            even.append({100.0 + 12 * i, 1});
        for (int i = 0; i < 6; ++i)
            lumps.append({100.0 + 400 * i, 20});
        for (int i = 0; i < 100; ++i)
            fast.append({100.0 + 4 * i, 8});
        few.append({100, 19});
        once.append({900, 80});
        QList<ChatArrival> split; // one lump in several reads is one
        for (int i = 0; i < 6; ++i)
            for (int k = 0; k < 10; ++k)
                split.append({100.0 + 400 * i + 0.5 * k, 2});
        QTest::newRow("one by one") << even << int(ChatFlow::Even);
        QTest::newRow("gathered") << lumps << int(ChatFlow::Lumps);
        QTest::newRow("a fast engine") << fast << int(ChatFlow::Even);
        QTest::newRow("too few to tell") << few << int(ChatFlow::Unknown);
        QTest::newRow("all at the end") << once << int(ChatFlow::Lumps);
        QTest::newRow("lumps in several reads") << split << int(ChatFlow::Lumps);
    }
    void flow()
    {
        QFETCH(QList<ChatArrival>, arrivals);
        const ChatFlowFinding found = findLumps(arrivals);
        QTEST(int(found.flow), "flow");
    }

    void gapsAndSpeed()
    {
        ChatTiming timing;
        measureGaps({{10, 1}, {20, 1}, {30, 1}, {130, 2}}, timing);
        QCOMPARE(timing.gapMedianMs.value(), 10.0);
        QCOMPARE(timing.gapMaxMs.value(), 100.0);
        measureGaps({{10, 1}}, timing);
        QVERIFY(!timing.gapMedianMs);
        QVERIFY(!speedNow({{10, 1}, {20, 1}}, 20));
        QList<ChatArrival> steady;
        for (int i = 0; i <= 500; ++i)
            steady.append({10.0 * i, 1});
        QCOMPARE(qRound(speedNow(steady, 5000).value()), 100);
    }

    void refusals_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("headers"); // "Name: value" lines
        QTest::addColumn<QString>("target");
        QTest::addColumn<QString>("told"); // layer/kind
        const auto row = [](const char *name, int status, const QByteArray &body, const QByteArray &headers, const char *told, const char *target = "edge") {
            QTest::newRow(name) << status << body << headers << QString::fromLatin1(target) << QString::fromLatin1(told);
        };
        row("log-in page", 302, "<html>", "Location: https://team.cloudflareaccess.com/cdn-cgi/access/login/x", "access/access-login");
        row("log-in page at 200", 200, "<html><a href='https://t.cloudflareaccess.com'>", "Content-Type: text/html", "access/access-login");
        row("Access says no", 403, "<html>", "Cf-Access-Error: access_denied", "access/access-denied");
        row("token expired, strict", 401, "<html>", "Cf-Access-Error: invalid_service_token", "access/access-token");
        row("1033", 530, "error code: 1033", "Content-Type: text/plain", "tunnel/no-connector");
        row("1016", 530, "error code: 1016", "Content-Type: text/plain", "dns/origin-unresolvable");
        row("502 by cloudflared", 502, "<html>cloudflared: unable to reach the origin service", "Content-Type: text/html", "engine/engine-unreachable");
        row("524", 524, "<html>cloudflare", "Content-Type: text/html", "engine/read-timeout");
        row("redirect elsewhere", 307, "", "Location: https://evil.example.com/v1", "edge/redirect");
        row("vLLM: model", 404, "{\"error\":{\"message\":\"The model `x` does not exist.\",\"type\":\"NotFoundError\",\"param\":\"model\",\"code\":404}}", "", "model/model-not-found");
        row("Ollama: model", 404, "{\"error\":{\"message\":\"model \\\"x\\\" not found, try pulling it first\",\"type\":\"api_error\"}}", "", "model/model-not-found", "direct:home");
        row("router: model", 404, "{\"error\":{\"message\":\"No backend has the model 'x'.\",\"type\":\"invalid_request_error\",\"code\":\"model_not_found\"}}", "", "model/model-not-found");
        row("vLLM: context", 400, "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens. However, your request has 9000 input tokens.\",\"type\":\"BadRequestError\",\"code\":400}}", "", "request/context-too-long", "direct:gcp");
        row("llama.cpp: context", 400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size\",\"type\":\"exceed_context_size_error\"}}", "", "request/context-too-long");
        row("Ollama: queue", 503, "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}", "", "engine/queue-full");
        row("vLLM: overloaded", 503, "{\"error\":{\"message\":\"The server is overloaded.\",\"type\":\"ServiceUnavailableError\"}}", "", "engine/queue-full");
        row("llama.cpp: loading", 503, "{\"error\":{\"message\":\"Loading model\",\"type\":\"unavailable_error\",\"code\":503}}", "", "engine/engine-loading");
        row("router: drained", 503, "{\"error\":{\"message\":\"Every backend that could answer is out of service.\",\"type\":\"server_error\",\"code\":\"drained\"}}", "", "router/drained");
        row("router: nobody answered", 502, "{\"error\":{\"message\":\"No backend answered (gcp: 502).\",\"type\":\"server_error\",\"code\":\"backend_unreachable\"}}", "", "router/no-backend");
        row("engine wants a key", 401, "{\"error\":\"Unauthorized\"}", "", "engine/api-key", "direct:gcp");
        row("bad setting", 400, "{\"detail\":[{\"msg\":\"temperature must be a number\"}]}", "", "request/request-refused");
        row("failed", 500, "{\"error\":{\"message\":\"Internal Server Error\"}}", "", "engine/engine-error");
        row("a page at the engine's address", 200, "<html>It works</html>", "Content-Type: text/html", "engine/html-page", "direct:gcp");
        row("memory", 500, "{\"error\":{\"message\":\"CUDA out of memory.\"}}", "", "engine/engine-broken");
    }
    void refusals()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, headers);
        QFETCH(QString, target);
        HeaderList list;
        if (const qsizetype colon = headers.indexOf(':'); colon > 0)
            list.append({headers.left(colon), headers.mid(colon + 1).trimmed()});
        if (!headers.startsWith("Content-Type"))
            list.append({QByteArray("Content-Type"), QByteArray(body.startsWith('<') ? "text/html" : "application/json")});
        const ChatFailure failure = failureOfAnswer(answer(status, body, list), *ChatTarget::parse(target));
        QTEST(chatLayerName(failure.layer) + u'/' + failure.kind, "told");
        QCOMPARE(failure.status, status);
        QVERIFY(!failure.summary.isEmpty());
        QVERIFY(!failure.remedy.isEmpty());
    }

    void ends()
    {
        ChatEnd end;
        end.hasFinish = true;
        end.cut = Error(Error::Kind::Network, QStringLiteral("cut"));
        QVERIFY(!failureAtEnd(end, {})); // after the finish reason nothing is missing
        end.hasFinish = false;
        QCOMPARE(failureAtEnd(end, {})->kind, QStringLiteral("cut"));
        QVERIFY(failureAtEnd(end, {})->partial);
        end.cut.reset();
        QCOMPARE(failureAtEnd(end, {})->kind, QStringLiteral("no-finish-reason"));
        end.isEmpty = true;
        QCOMPARE(failureAtEnd(end, {})->kind, QStringLiteral("empty"));
        const ChatTarget direct = *ChatTarget::parse(QStringLiteral("direct:gcp"));
        QCOMPARE(failureOfError(Error(Error::Kind::Network, QStringLiteral("refused"), {}, 111), direct, false).kind, QStringLiteral("engine-port-closed"));
        QCOMPARE(failureOfError(Error(Error::Kind::Tls, QStringLiteral("x")), {}, false).layer, ChatLayer::Tls);
        QCOMPARE(failureOfError(Error(Error::Kind::HostKey, QStringLiteral("x")), direct, false).layer, ChatLayer::Ssh);
        QCOMPARE(failureOfError(Error(Error::Kind::OutcomeUnknown, QStringLiteral("x")), {}, false).kind, QStringLiteral("closed-early"));
    }

    void body()
    {
        ChatRequest request = question();
        request.system = QStringLiteral("Be brief.");
        request.temperature = 0.5;
        request.maxTokens = 7;
        request.stop = {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c"), QStringLiteral("d"), QStringLiteral("e")};
        request.extraJson = QStringLiteral("{\"top_k\": 5, \"temperature\": 1}");
        ChatMessage seen;
        seen.role = ChatRole::Assistant;
        seen.text = QStringLiteral("Hm");
        seen.reasoning = QStringLiteral("secret thoughts");
        request.messages.append(seen);
        ChatMessage picture;
        picture.text = QStringLiteral("What is it?");
        picture.images = {{QStringLiteral("image/png"), "\x89PNG", QStringLiteral("a.png")}};
        request.messages.append(picture);
        const auto json = nlohmann::json::parse(chatBody(request)->toStdString());
        QCOMPARE(json.at("messages").size(), std::size_t(4));
        QVERIFY(json.at("messages")[0].at("role") == "system");
        QVERIFY(json.at("messages")[3].at("content")[1].at("image_url").at("url") == "data:image/png;base64,iVBORw==");
        QVERIFY(json.at("temperature") == 1);
        QVERIFY(json.at("top_k") == 5);
        QCOMPARE(json.at("stop").size(), std::size_t(4));
        QVERIFY(json.at("stream") == true && json.at("stream_options").at("include_usage") == true);
        QVERIFY(!chatBody(request)->contains("secret thoughts"));
        request.extraJson = QStringLiteral("[1]");
        QVERIFY(!chatBody(request));
        request.extraJson = QStringLiteral("{\"messages\":[]}");
        QVERIFY(!chatBody(request));
        request.extraJson.clear();
        request.topP = 1.5;
        QVERIFY(!chatBody(request));
        QVERIFY(!chatBody(ChatRequest()));
    }

    void requestTexts()
    {
        ChatAddress address;
        address.base = QUrl(QStringLiteral("https://llm.example.com"));
        address.serviceToken = true;
        const ChatRequestText text = *chatRequestText(question(), address);
        QVERIFY(text.http.startsWith(QStringLiteral("POST /v1/chat/completions HTTP/1.1\nHost: llm.example.com\n")));
        QVERIFY(text.http.contains(QStringLiteral("CF-Access-Client-Secret: •••")));
        QVERIFY(text.curl.contains(QStringLiteral("-H \"CF-Access-Client-Secret: $ACCESS_CLIENT_SECRET\"")));
        QVERIFY(text.curl.contains(QStringLiteral("'\\''"))); // the apostrophe, quoted for a shell
        QVERIFY(text.python.contains(QStringLiteral("os.environ[\"ACCESS_CLIENT_ID\"]")));
        QVERIFY(text.python.contains(QStringLiteral("base_url=\"https://llm.example.com/v1\"")));
        QVERIFY(text.python.contains(QStringLiteral("stream=True")));
        address = ChatAddress();
        address.base = QUrl(QStringLiteral("http://127.0.0.1:8000/v1"));
        address.sshTarget = QStringLiteral("op@192.0.2.7");
        address.apiKey = true;
        const ChatRequestText direct = *chatRequestText(question(), address);
        QVERIFY(direct.curl.startsWith(QStringLiteral("# in another terminal: ssh -N -L 18000:127.0.0.1:8000 op@192.0.2.7")));
        QVERIFY(direct.curl.contains(QStringLiteral("Authorization: Bearer $ENGINE_API_KEY")));
    }

    void comparison()
    {
        const auto one = [](const char *target, double first, bool failed, const char *served) {
            ChatAnswer out;
            out.target = *ChatTarget::parse(QString::fromLatin1(target));
            out.timing.firstTokenMs = first;
            out.timing.totalMs = first * 2;
            if (failed)
                out.failure = ChatFailure();
            out.path.servedBy = QString::fromLatin1(served);
            out.path.proof = out.path.servedBy.isEmpty() ? ChatProof::None : ChatProof::Header;
            return out;
        };
        const QList<ChatAnswer> answers {one("edge", 30, false, "gcp"), one("edge", 50, false, "gcp"), one("edge", 9000, true, ""), one("direct:gcp", 10, false, "gcp")};
        const ChatComparison found = compareAnswers(answers);
        QCOMPARE(found.rows.size(), 2);
        QCOMPARE(found.rows.at(0).runs, 3);
        QCOMPARE(found.rows.at(0).failed, 1);
        QCOMPARE(found.rows.at(0).firstTokenMs->median, 40.0); // what failed is not measured
        QVERIFY(found.sentences.join(u' ').contains(QStringLiteral("30 ms later")));
        ChatFlowFinding lumps;
        lumps.flow = ChatFlow::Lumps;
        ChatFlowFinding even;
        even.flow = ChatFlow::Even;
        QVERIFY(lumpSentence(lumps, even).contains(QStringLiteral("direct way is even")));
        QVERIFY(lumpSentence(lumps, lumps).contains(QStringLiteral("engine sends")));
        QVERIFY(lumpSentence(even, even).isEmpty());
        QCOMPARE(comparisonCsv(answers).count('\n'), 5);
        QCOMPARE(comparisonDocument(answers).at("answers").size(), std::size_t(4));
        const auto json = answerDocument(one("edge", 30, false, ""));
        QVERIFY(json.at("servedBy").is_null() && json.at("servedByProof").is_null());
    }

    void http1_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<bool>("good");
        QTest::addColumn<bool>("whole");
        QTest::newRow("chunked") << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n") << QByteArray("abcde") << true << true;
        QTest::newRow("chunked, cut") << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nd") << QByteArray("abcd") << true << false;
        QTest::newRow("length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") << QByteArray("abc") << true << true;
        QTest::newRow("until close") << QByteArray("HTTP/1.0 200 OK\r\n\r\nabc") << QByteArray("abc") << true << false;
        QTest::newRow("interim") << QByteArray("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na") << QByteArray("a") << true << true;
        QTest::newRow("no HTTP") << QByteArray("SSH-2.0-x\r\n") << QByteArray() << false << false;
        QTest::newRow("bad size") << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n") << QByteArray() << false << false;
        QTest::newRow("bad end of chunk") << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n") << QByteArray("a") << false << false;
    }
    void http1()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, body);
        QFETCH(bool, good);
        for (qsizetype step = 1; step <= bytes.size(); ++step) {
            Http1Reader reader;
            QByteArray read;
            bool isGood = true;
            for (qsizetype at = 0; at < bytes.size() && isGood; at += step) {
                const Result<QByteArray> piece = reader.feed(bytes.mid(at, step));
                isGood = piece.has_value();
                if (piece)
                    read += *piece;
            }
            QCOMPARE(isGood, good);
            if (good)
                QCOMPARE(read, body);
            QTEST(reader.isWhole(), "whole");
        }
    }
};

QTEST_GUILESS_MAIN(TestChatReader)
#include "tst_chatreader.moc"
