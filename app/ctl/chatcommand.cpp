// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/chatcommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/base/units.h"
#include "backend/chat/chatjson.h"
#include "backend/chat/chatservice.h"
#include "backend/chat/conversationjson.h"
#include "backend/fleet/fleetsession.h"
#include "backend/fleet/statusjson.h"

#include <QCoroSignal>

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QSettings>
#include <QSocketNotifier>
#include <QTimer>

#include <unistd.h>

namespace hybridge {

namespace {

constexpr qsizetype MostPrompt = 4 << 20;
/// How long nothing may come before it is said what is waited for.
constexpr std::chrono::seconds SayAfter {2};
/// How long a stop may wait for the engine's count.
constexpr std::chrono::milliseconds CountTime {700};

QString tr(const char *text)
{
    return QCoreApplication::translate("ChatCommand", text);
}

/// All of stdin, as it comes.
Task<Result<QByteArray>> readStdin(std::stop_token stop)
{
    QByteArray all;
    while (!stop.stop_requested()) {
        Latch ready;
        QSocketNotifier notifier(STDIN_FILENO, QSocketNotifier::Read);
        QObject::connect(&notifier, &QSocketNotifier::activated, &ready, &Latch::release);
        {
            const std::stop_callback wake(stop, [&ready] { ready.release(); });
            if (!ready.isReleased())
                co_await qCoro(&ready, &Latch::released);
        }
        if (stop.stop_requested())
            break;
        QByteArray piece(64 * 1024, Qt::Uninitialized);
        const ssize_t got = ::read(STDIN_FILENO, piece.data(), std::size_t(piece.size()));
        if (got <= 0)
            co_return all;
        all.append(piece.constData(), got);
        if (all.size() > MostPrompt)
            co_return Error(Error::Kind::Invalid, tr("The text on stdin is longer than %1.").arg(formatMiB(double(MostPrompt) / 1048576.0)));
    }
    co_return Error(Error::Kind::Cancelled, {});
}

Result<QList<ChatTarget>> targetsOf(const ChatOptions &chat)
{
    QList<ChatTarget> targets;
    for (const QString &word : chat.compare.isEmpty() ? QStringList {chat.target} : chat.compare) {
        const Result<ChatTarget> target = ChatTarget::parse(word.trimmed());
        if (!target)
            return target.error();
        if (!targets.contains(*target))
            targets.append(*target);
    }
    return targets;
}

/// A picture as the composer of the chat page takes it: at most 20 MiB, by what it holds.
Result<ChatImage> imageFrom(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return Error(Error::Kind::Invalid, tr("%1 cannot be read: %2").arg(safeText(path, 200), safeText(file.errorString(), 120)));
    const QByteArray bytes = file.read(ChatImage::MostBytes + 1);
    if (bytes.size() > ChatImage::MostBytes)
        return Error(Error::Kind::Invalid, tr("%1 is over 20 MiB.").arg(safeText(path, 200)));
    ChatImage image;
    image.mediaType = chatImageType(bytes);
    if (image.mediaType.isEmpty())
        return Error(Error::Kind::Invalid, tr("%1 is no PNG, JPEG, GIF or WebP picture.").arg(safeText(path, 200)));
    image.bytes = bytes;
    image.name = QFileInfo(path).fileName();
    return image;
}

/// Parameters saved on the chat page under @p name, with what @p given says over them.
Result<ChatRequest> withPreset(const QString &name, const ChatRequest &given)
{
    // The panel's own settings file.
    const QSettings settings(QStringLiteral("hybridge"), QStringLiteral("hybridge"));
    const QByteArray stored = settings.value(chatPresetKey(name)).toByteArray();
    if (stored.isEmpty())
        return Error(Error::Kind::Invalid, tr("No preset is called \"%1\".").arg(safeText(name, 80))).withRemedy(tr("Save one on the chat page: Parameters, Save preset."));
    const ChatRequest preset = settingsFrom(stored);
    ChatRequest out = given;
    if (out.system.isEmpty())
        out.system = preset.system;
    if (out.stop.isEmpty())
        out.stop = preset.stop;
    if (out.extraJson.isEmpty())
        out.extraJson = preset.extraJson;
    out.temperature = given.temperature ? given.temperature : preset.temperature;
    out.topP = given.topP ? given.topP : preset.topP;
    out.maxTokens = given.maxTokens ? given.maxTokens : preset.maxTokens;
    out.seed = given.seed ? given.seed : preset.seed;
    return out;
}

/// The fleet as far as a chat needs it opened: links, and what tells their addresses. Nothing of it is watched.
FleetConfig narrowed(const FleetConfig &whole)
{
    FleetConfig config;
    config.name = whole.name;
    for (NodeConfig node : whole.nodes) {
        if (!node.ssh)
            continue;
        node.engine.reset();
        node.connector.reset();
        node.url.clear();
        node.tunnel.clear();
        node.accelerator = AcceleratorKind::None;
        if (node.ssh->host.isEmpty())
            config.gcp = whole.gcp;
        else
            node.machine.reset();
        config.nodes.append(node);
    }
    return config;
}

bool needsCloud(const FleetConfig &config, const QList<ChatTarget> &targets)
{
    return std::any_of(targets.begin(), targets.end(), [&](const ChatTarget &target) {
        const NodeConfig *node = target.way == ChatTarget::Way::Direct ? config.node(target.node) : nullptr;
        return node && node->ssh && node->ssh->host.isEmpty();
    });
}

/// A terminal obeys what it is sent: control characters of an answer are shown, not obeyed.
QByteArray forOutput(const QString &text, bool terminal)
{
    if (!terminal)
        return text.toUtf8();
    QString out;
    for (const QChar c : text) {
        const bool bidi = (c >= QChar(0x202A) && c <= QChar(0x202E)) || (c >= QChar(0x2066) && c <= QChar(0x2069));
        const bool control = (c < QChar(0x20) && c != u'\n' && c != u'\t') || (c >= QChar(0x7F) && c < QChar(0xA0));
        out += bidi || control ? QChar(0xFFFD) : c;
    }
    return out.toUtf8();
}

QString joined(const QStringList &parts)
{
    QStringList present;
    for (const QString &part : parts)
        if (!part.isEmpty())
            present.append(part);
    return present.join(QStringLiteral(" · "));
}

QString timed(const QString &what, std::optional<double> ms)
{
    return ms ? what + u' ' + formatLatency(ms) : QString();
}

void sayLine(const QString &line)
{
    if (!line.isEmpty())
        Terminal::say(line);
}

void sayFailure(const ChatFailure &failure)
{
    Terminal::say(QStringLiteral("%1: %2").arg(chatLayerName(failure.layer), failure.summary));
    if (!failure.detail.isEmpty())
        Terminal::say(failure.detail);
    if (!failure.remedy.isEmpty())
        Terminal::say(failure.remedy);
    if (failure.partial)
        Terminal::say(tr("What stands above came before it."));
}

void sayMetrics(const ChatAnswer &answer)
{
    const ChatPath &path = answer.path;
    const QString served = path.proof == ChatProof::None ? tr("served by: not proved") : tr("served by %1 (%2)").arg(path.servedBy, chatProofName(path.proof));
    if (path.status > 0)
        Terminal::say(joined({served, answer.model.isEmpty() ? QString() : tr("model %1").arg(answer.model), QStringLiteral("HTTP %1").arg(path.status),
            answer.finish.isEmpty() ? QString() : tr("finish %1").arg(answer.finish), path.attempts.value_or(1) > 1 ? tr("%1 attempts").arg(*path.attempts) : QString(),
            path.routesVersion.isEmpty() ? QString() : tr("routes %1").arg(path.routesVersion), path.ray.isEmpty() ? QString() : tr("ray %1").arg(path.ray),
            path.requestId.isEmpty() ? QString() : tr("request %1").arg(path.requestId)}));
    const ChatTiming &timing = answer.timing;
    const QString gaps = timing.gapMedianMs ? tr("between tokens %1, 95 % within %2").arg(formatLatency(timing.gapMedianMs), formatLatency(timing.gapP95Ms)) : QString();
    sayLine(joined({timed(tr("connected after"), timing.connectMs), timed(tr("first byte"), timing.firstByteMs), timed(tr("first token"), timing.firstTokenMs), gaps,
        timed(tr("total"), timing.totalMs)}));
    const ChatUsage &usage = answer.usage;
    sayLine(joined({usage.prompt ? tr("%1 tokens in").arg(*usage.prompt) : QString(),
        usage.completion ? (usage.estimated ? tr("%1 tokens out (counted here, not told)") : tr("%1 tokens out")).arg(*usage.completion) : QString(),
        answer.tokensPerSecond ? tr("%1 tokens/s").arg(*answer.tokensPerSecond, 0, 'f', 1) : QString(),
        answer.cost ? tr("cost %1 %2 (%3)").arg(QString::number(answer.cost->amount, 'g', 3), answer.cost->currency, answer.cost->basis) : QString()}));
    const QString lumps = lumpSentence(answer.flow, std::nullopt);
    if (answer.target.way == ChatTarget::Way::Edge && !lumps.isEmpty())
        Terminal::say(lumps);
    for (const QString &note : answer.notes)
        Terminal::say(note);
    for (const ChatToolCall &call : answer.message.toolCalls)
        Terminal::say(tr("tool call, not carried out: %1(%2)").arg(safeText(call.name, 120), safeText(call.arguments, 1000)));
    if (answer.failure)
        sayFailure(*answer.failure);
}

/// Writes what comes, and says on stderr what is waited for when nothing does.
class Live {
public:
    explicit Live(bool json) : m_json(json), m_terminal(isatty(STDOUT_FILENO) != 0)
    {
        m_timer.setInterval(SayAfter);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { sayAwaited(); });
        m_timer.start();
    }
    void take(const ChatUpdate &update)
    {
        if (update.phase != m_phase)
            m_since.start();
        m_phase = update.phase;
        m_servedBy = update.path.servedBy;
        if (!update.askedModel.isEmpty() && std::exchange(m_model, update.askedModel).isEmpty() && m_tellModel)
            Terminal::say(tr("Model: %1, the first that the target lists.").arg(safeText(m_model, 200)));
        if (!update.reasoning.isEmpty())
            Terminal::say(QString::fromUtf8(forOutput(update.reasoning, true)));
        if (update.text.isEmpty())
            return;
        m_since.start();
        m_wrote = true;
        if (!m_json)
            Terminal::print(forOutput(update.text, m_terminal));
    }
    [[nodiscard]] QString servedBy() const { return m_servedBy; }
    void tellModel() { m_tellModel = true; }
    void endLine()
    {
        m_timer.stop();
        if (m_wrote && !m_json)
            Terminal::print("\n");
    }

private:
    void sayAwaited()
    {
        const double silent = m_since.isValid() ? double(m_since.elapsed()) : 0;
        if (silent >= 1900 && m_phase != ChatPhase::Over)
            Terminal::say(chatPhaseSentence(m_phase, silent));
    }
    bool m_json;
    bool m_terminal;
    bool m_tellModel = false;
    bool m_wrote = false;
    QString m_model;
    QString m_servedBy;
    ChatPhase m_phase = ChatPhase::Preparing;
    QElapsedTimer m_since;
    QTimer m_timer;
};

/// What Ctrl-C does: first the engine's count of running requests, then the end of ours.
struct Stopping {
    std::stop_source source;
    std::optional<double> before;
};

Task<void> countAndStop(ChatService &service, ChatTarget target, QString servedBy, std::shared_ptr<Stopping> stopping)
{
    std::stop_source limit;
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &timer, [&limit] { limit.request_stop(); });
    timer.start(CountTime);
    stopping->before = co_await service.runningNow(target, servedBy, limit.get_token());
    stopping->source.request_stop();
}

Task<int> runOne(ChatService &service, Options options, ChatRequest request, std::stop_token stop)
{
    const auto live = std::make_shared<Live>(options.json);
    if (request.model.isEmpty())
        live->tellModel();
    const ChatService::Sink sink = [live](const ChatUpdate &update) { live->take(update); };
    const auto stopping = std::make_shared<Stopping>();
    const std::stop_callback onStop(stop, [&service, target = request.target, live, stopping] { countAndStop(service, target, live->servedBy(), stopping); });
    const ChatAnswer answer = co_await service.stream(request, sink, stopping->source.get_token());
    live->endLine();
    if (options.json)
        Terminal::print(dumpJson(answerDocument(answer)) + '\n');
    if (answer.stopped) {
        Terminal::say(tr("Stopped."));
        const ChatTarget target = answer.target;
        const QString served = answer.path.servedBy;
        const ChatStopProof proof = co_await service.confirmStopped(target, served, stopping->before, {});
        Terminal::say(proof.sentence);
    }
    sayMetrics(answer);
    co_return answer.failure || answer.stopped ? ExitFailed : ExitDone;
}

QString spreadText(const std::optional<ChatSpread> &spread)
{
    if (!spread)
        return unknownText();
    if (spread->count == 1)
        return formatLatency(spread->median);
    return QStringLiteral("%1 (%2 - %3)").arg(formatLatency(spread->median), formatLatency(spread->least), formatLatency(spread->most));
}

Task<int> runComparison(ChatService &service, Options options, ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, std::stop_token stop)
{
    const ChatService::CompareEnded ended = [targets, repeat](int target, int run, const ChatAnswer &answer) {
        const QString end = answer.stopped ? tr("stopped") : answer.failure ? answer.failure->summary : tr("first token %1, total %2").arg(formatLatency(answer.timing.firstTokenMs), formatLatency(answer.timing.totalMs));
        Terminal::say(QStringLiteral("%1 %2/%3: %4").arg(targets.at(target).text()).arg(run + 1).arg(repeat).arg(end));
    };
    const ChatService::CompareSink none;
    const QList<ChatAnswer> answers = co_await service.compare(request, targets, repeat, atOnce, none, ended, stop);
    const ChatComparison comparison = compareAnswers(answers);
    if (options.json) {
        Terminal::print(dumpJson(comparisonDocument(answers)) + '\n');
    } else {
        QStringList lines;
        for (const ChatCompareRow &row : comparison.rows)
            lines.append(tr("%1  runs %2, failed %3  served by %4  first byte %5  first token %6  total %7  tokens/s %8")
                             .arg(row.target.text().leftJustified(12)).arg(row.runs).arg(row.failed)
                             .arg(row.servedBy.isEmpty() ? unknownText() : row.servedBy.join(u','), spreadText(row.firstByteMs), spreadText(row.firstTokenMs), spreadText(row.totalMs),
                                 row.tokensPerSecond ? QString::number(row.tokensPerSecond->median, 'f', 1) : unknownText()));
        Terminal::print((lines.join(u'\n') + u'\n').toUtf8());
    }
    for (const QString &sentence : comparison.sentences)
        Terminal::say(sentence);
    int failed = 0;
    for (const ChatAnswer &answer : answers) {
        if (answer.failure && failed++ == 0)
            sayFailure(*answer.failure);
    }
    if (answers.isEmpty() || failed == answers.size() || stop.stop_requested())
        co_return ExitFailed;
    co_return failed > 0 ? ExitUnhealthy : ExitDone;
}

} // namespace

Task<int> runChatCommand(Options options, ChatOptions chat, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<QList<ChatTarget>> targets = targetsOf(chat);
    if (!targets)
        co_return sayError(targets.error(), ExitUsage);
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    ChatMessage message;
    message.text = chat.text;
    if (chat.text == QLatin1String("-")) {
        const Result<QByteArray> text = co_await readStdin(stop);
        if (!text)
            co_return sayError(text.error(), text.error().kind == Error::Kind::Invalid ? ExitUsage : ExitFailed);
        message.text = QString::fromUtf8(*text).trimmed();
    }
    for (const QString &path : chat.images) {
        const Result<ChatImage> image = imageFrom(path);
        if (!image)
            co_return sayError(image.error(), ExitUsage);
        message.images.append(*image);
    }
    const Result<ChatRequest> settings = chat.preset.isEmpty() ? Result<ChatRequest>(chat.request) : withPreset(chat.preset, chat.request);
    if (!settings)
        co_return sayError(settings.error(), ExitUsage);
    ChatRequest request = *settings;
    request.messages = {message};
    request.target = targets->constFirst();
    const FleetConfig config = file->config();
    TerminalHostKey hostKeys;
    FleetSessionOptions sessionOptions;
    sessionOptions.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    sessionOptions.hostKeyMode = options.hostKey;
    sessionOptions.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    sessionOptions.schedule.dialTimeout = std::min(sessionOptions.schedule.dialTimeout, options.timeout);
    FleetSession session(narrowed(config), resolver, clock, sessionOptions);
    ChatService service(config, session, clock);
    for (const ChatTarget &target : *targets) {
        ChatRequest tried = request;
        tried.target = target;
        const Result<ChatRequestText> text = service.requestText(tried);
        if (!text)
            co_return sayError(text.error(), ExitUsage);
        if (options.dryRun && !options.json)
            Terminal::print((text->http + QStringLiteral("\n\n") + text->curl + QStringLiteral("\n\n") + text->python + u'\n').toUtf8());
        if (options.dryRun && options.json) {
            nlohmann::ordered_json document;
            document["dryRun"] = true;
            document["target"] = target.text().toStdString();
            document["http"] = text->http.toStdString();
            document["curl"] = text->curl.toStdString();
            document["python"] = text->python.toStdString();
            Terminal::print(dumpJson(document) + '\n'); // one document a target
        }
    }
    if (options.dryRun)
        co_return ExitDone;
    if (needsCloud(config, *targets))
        session.start();
    if (chat.compare.isEmpty() && chat.repeat == 1)
        co_return co_await runOne(service, options, request, stop);
    const QList<ChatTarget> all = *targets;
    co_return co_await runComparison(service, options, request, all, chat.repeat, chat.atOnce, stop);
}

} // namespace hybridge
