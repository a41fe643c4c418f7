// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "tests/ui/chatfixture.h"

#include <QCoroSignal>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

ChatFixture::ChatFixture()
{
    const auto way = [this](ChatTarget::Way kind, const QString &node, const QString &address) { ways.append({{kind, node}, node, address}); };
    way(ChatTarget::Way::Edge, {}, u"llm.example.com"_s);
    way(ChatTarget::Way::Node, u"gcp"_s, u"gcp-llm.example.com"_s);
    way(ChatTarget::Way::Node, u"home"_s, u"home-llm.example.com"_s);
    way(ChatTarget::Way::Direct, u"gcp"_s, u"127.0.0.1:8000 on gcp"_s);
    way(ChatTarget::Way::Direct, u"home"_s, u"127.0.0.1:11434 on home"_s);
    modelList = QList<ChatModelChoice> {{u"auto"_s, true}, {u"small"_s, true}, {u"large"_s, true}, {u"Qwen/Qwen2.5-14B-Instruct-AWQ"_s, false}};
}

QList<ChatTarget> ChatFixture::edgeAgainstDirect() const
{
    return ways.size() < 4 ? QList<ChatTarget>() : QList<ChatTarget> {ways.at(0).target, ways.at(3).target};
}

Task<Result<QList<ChatModelChoice>>> ChatFixture::models(ChatTarget target, std::stop_token /*stop*/)
{
    modelsAsked.append(target);
    co_return modelList;
}

ChatAnswer ChatFixture::answerOf(const ChatTarget &target, const QString &text, int run)
{
    const bool isDirect = target.way == ChatTarget::Way::Direct;
    const bool isEdge = target.way == ChatTarget::Way::Edge;
    const double later = double((run * 37) % 11) * 6.0;
    ChatAnswer answer;
    answer.target = target;
    answer.message.role = ChatRole::Assistant;
    answer.message.text = text;
    answer.model = u"Qwen/Qwen2.5-14B-Instruct-AWQ"_s;
    answer.askedModel = u"auto"_s;
    answer.finish = u"stop"_s;
    answer.path.servedBy = isEdge ? u"gcp"_s : target.node;
    answer.path.proof = isEdge ? ChatProof::Header : ChatProof::Tunnel;
    answer.path.status = 200;
    if (!isDirect) {
        answer.path.ray = u"9c1f3ab2e8d71f4a-AMS"_s;
        answer.path.colo = u"AMS"_s;
    }
    if (isEdge) {
        answer.path.attempts = 1;
        answer.path.routesVersion = u"7"_s;
    }
    answer.timing.connectMs = isDirect ? 0.8 : 41.0 + later / 3;
    answer.timing.firstByteMs = *answer.timing.connectMs + (isDirect ? 22 : 96) + later;
    answer.timing.firstTokenMs = *answer.timing.firstByteMs + 118 + later;
    answer.timing.totalMs = *answer.timing.firstTokenMs + 4100 + later * 8;
    answer.timing.gapMedianMs = 24.1;
    answer.timing.gapP95Ms = 31.0;
    answer.timing.gapMaxMs = 88.4;
    answer.usage = {43, 170, false};
    answer.tokensPerSecond = 41.3 - later / 20;
    answer.flow.flow = ChatFlow::Even;
    answer.cost = ChatCost {0.00096, u"USD"_s, u"4.1 s of GCP L4 at 0.85 USD an hour"_s};
    answer.startedAt = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc);
    return answer;
}

ChatFixture::Run *ChatFixture::newest() const
{
    for (auto it = m_runs.crbegin(); it != m_runs.crend(); ++it)
        if (!(*it)->isOver)
            return it->get();
    return nullptr;
}

int ChatFixture::running() const
{
    int count = 0;
    for (const std::shared_ptr<Run> &run : m_runs)
        count += run->isOver ? 0 : 1;
    return count;
}

Task<ChatAnswer> ChatFixture::stream(ChatRequest request, Sink sink, std::stop_token stop)
{
    requests.append(request);
    const auto run = std::make_shared<Run>();
    run->request = request;
    run->sink = std::move(sink);
    run->answer = answerOf(request.target, {});
    run->answer.askedModel = request.model;
    m_runs.append(run);
    Run *const one = run.get();
    const std::function<void()> onStop = [this, one] {
        one->answer.stopped = true;
        one->answer.finish.clear();
        end(*one);
    };
    const std::stop_callback callback(stop, onStop);
    if (!run->latch.isReleased())
        co_await qCoro(&run->latch, &Latch::released);
    co_return run->answer;
}

void ChatFixture::end(Run &run)
{
    run.isOver = true;
    run.latch.release();
}

void ChatFixture::push(const QString &text, const QString &reasoning)
{
    Run *run = newest();
    if (!run)
        return;
    run->answer.message.text += text;
    run->answer.message.reasoning += reasoning;
    run->tokens += 1 + text.count(' '_L1);
    ChatUpdate update;
    update.text = text;
    update.reasoning = reasoning;
    update.raw = {{double(run->tokens) * 24.0 + 255, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text.left(40).toUtf8() + "\"}}]}"}};
    update.phase = ChatPhase::Streaming;
    update.phaseSinceMs = 255;
    update.lastByteMs = double(run->tokens) * 24.0 + 255;
    update.tokens = run->tokens;
    update.tokensPerSecond = 41.3;
    update.askedModel = run->request.model;
    update.path = run->answer.path;
    update.timing.firstTokenMs = run->answer.timing.firstTokenMs;
    run->sink(update);
}

void ChatFixture::pushPhase(ChatPhase phase, double sinceMs)
{
    Run *run = newest();
    if (!run)
        return;
    ChatUpdate update;
    update.phase = phase;
    update.phaseSinceMs = sinceMs;
    run->sink(update);
}

void ChatFixture::finish(const QString &finish)
{
    Run *run = newest();
    if (!run)
        return;
    run->answer.finish = finish;
    end(*run);
}

void ChatFixture::fail(const ChatFailure &failure, int status)
{
    Run *run = newest();
    if (!run)
        return;
    run->answer.failure = failure;
    run->answer.failure->partial = !run->answer.message.text.isEmpty();
    run->answer.finish.clear();
    run->answer.cost.reset();
    run->answer.path.status = status;
    if (!run->answer.failure->partial) {
        run->answer.path = {};
        run->answer.path.status = status;
        run->answer.model.clear();
        run->answer.tokensPerSecond.reset();
        run->answer.usage = {};
        run->answer.flow = {};
        const std::optional<double> connect = run->answer.timing.connectMs;
        run->answer.timing = {};
        run->answer.timing.connectMs = connect;
        run->answer.timing.totalMs = 812.0;
    }
    end(*run);
}

Task<ChatStopProof> ChatFixture::confirmStopped(ChatTarget /*target*/, QString /*servedBy*/, std::optional<double> before, std::stop_token /*stop*/)
{
    countBefore = before;
    ChatStopProof proof;
    proof.state = ChatStopProof::State::Confirmed;
    proof.sentence = u"The engine runs one request less."_s;
    co_return proof;
}

Task<std::optional<double>> ChatFixture::runningNow(ChatTarget /*target*/, QString /*servedBy*/, std::stop_token /*stop*/)
{
    const std::optional<double> count = runningCount;
    co_return count;
}

Task<QList<ChatAnswer>> ChatFixture::compare(
    ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink, CompareEnded ended, std::stop_token stop)
{
    mostAtOnce = atOnce;
    QList<ChatAnswer> out;
    Latch turn;
    QMetaObject::invokeMethod(&turn, [&turn] { turn.release(); }, Qt::QueuedConnection);
    co_await qCoro(&turn, &Latch::released);
    for (int target = 0; target < targets.size(); ++target) {
        for (int run = 0; run < repeat && !stop.stop_requested(); ++run) {
            request.target = targets.at(target);
            requests.append(request);
            const ChatAnswer answer = runs ? runs(targets.at(target), run) : answerOf(targets.at(target), u"A fjord is an arm of the sea."_s, run);
            ChatUpdate update;
            update.phase = ChatPhase::Streaming;
            update.text = answer.message.text;
            if (sink)
                sink(target, run, update);
            if (ended)
                ended(target, run, answer);
            out.append(answer);
        }
    }
    co_return out;
}

Result<ChatRequestText> ChatFixture::requestText(const ChatRequest &request) const
{
    if (!request.extraJson.isEmpty() && !request.extraJson.startsWith('{'_L1))
        return Error(Error::Kind::Invalid, u"The extra JSON is no object."_s);
    ChatRequestText out;
    out.http = u"POST /v1/chat/completions HTTP/1.1\nHost: llm.example.com\nCF-Access-Client-Id: $CF_ACCESS_CLIENT_ID\n"
               "CF-Access-Client-Secret: $CF_ACCESS_CLIENT_SECRET\nContent-Type: application/json\n\n{\"model\": \"%1\", \"stream\": true, \"messages\": %2}"_s
                   .arg(request.model)
                   .arg(request.messages.size());
    out.curl = u"curl -N https://llm.example.com/v1/chat/completions \\\n  -H \"CF-Access-Client-Id: $CF_ACCESS_CLIENT_ID\""_s;
    out.python = u"from openai import OpenAI\nclient = OpenAI(base_url=\"https://llm.example.com/v1\")"_s;
    return out;
}

QString chatCodeAndTable()
{
    return uR"md(## Reading a CSV file

The function below reads a file **row by row**, so that its size does not matter. It uses `csv.DictReader` and skips rows that are not complete.

```python
import csv
from pathlib import Path


def read_rows(path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> list[dict[str, str]]:
    """Rows of a CSV file as dictionaries; a row with a missing value is left out."""
    with path.open(newline="", encoding=encoding) as file:
        return [row for row in csv.DictReader(file, delimiter=delimiter) if all(value is not None and value != "" for value in row.values())]
```

| Parameter | Type | Default | Meaning |
| --- | --- | ---: | --- |
| `path` | `Path` | | the file |
| `delimiter` | `str` | `,` | between two values |
| `encoding` | `str` | `utf-8` | of the file |

1. Call it with a path:

   ```sh
   python -c "from rows import read_rows; print(read_rows(...))"
   ```

2. Look at the [documentation of the module](https://docs.python.org/3/library/csv.html).
3. A file of another encoding raises `UnicodeDecodeError`.

> An empty file gives an empty list, not an error.

<b>HTML stands here as text</b>, and a picture is never loaded: ![chart](https://example.com/chart.png))md"_s;
}

QString chatManyScripts()
{
    return uR"md(## 深圳机房推理服务器

模型回答的文字应当**正确换行**，即使没有空格也一样：这一段文字足够长，可以看到它在阅读栏的边缘怎样折到下一行，而不会超出去。`nvidia-smi` 显示两块显卡。

## خادم المنزل

يجب أن يُقرأ هذا النص **من اليمين إلى اليسار**، وأن تبقى الأرقام 123 والكلمات الإنجليزية مثل vLLM في مكانها الصحيح داخل الجملة.

- عنصر أول في القائمة
- عنصر ثانٍ مع `code`

שלום עולם: גם עברית נקראת מימין לשמאל.

Mixed: the node is called خادم and answers in 212 ms. 日本語も。 한국어도. Ελληνικά, кириллица, emoji-free.)md"_s;
}

} // namespace hybridge
