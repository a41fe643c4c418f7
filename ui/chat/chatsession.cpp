// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chatsession.h"

#include "backend/chat/conversationjson.h"
#include "ui/chat/settledtext.h"

#include <QTimer>
#include <QTimerEvent>

#include <utility>

namespace hybridge {

ChatSession::ChatSession(QObject *parent) : QObject(parent) { }

ChatSession::~ChatSession()
{
    leave();
}

/// What is coming in is stopped and written down as far as it came.
void ChatSession::leave()
{
    if (!isBusy())
        return;
    const QString id = std::exchange(m_answer, {});
    m_stop.request_stop();
    m_tickTimer.stop();
    m_saveTimer.stop();
    m_unsavedText.clear();
    m_unsavedReasoning.clear();
    if (ChatTurn *turn = m_conversation.turn(id)) {
        ChatAnswer facts = answerFactsFrom(turn->facts);
        facts.stopped = true;
        turn->facts = answerFactsJson(facts);
        turn->state = ChatTurn::State::Complete;
        if (m_history)
            watch(this, m_history->finish(m_conversation.head.id, *turn));
    }
    m_before.clear();
    m_thoughtBefore.clear();
    Q_EMIT busyChanged(false);
}

void ChatSession::setBackends(ChatSource *source, ChatHistory *history, const Clock *clock)
{
    leave();
    m_source = source;
    m_history = history;
    m_clock = clock;
    m_conversation = {};
    m_raw.clear();
    m_rawOrder.clear();
    begin();
}

void ChatSession::begin()
{
    leave();
    m_wanted.clear();
    const ChatRequest settings = m_conversation.head.settings;
    m_conversation = {};
    m_conversation.head.settings = settings;
    m_conversation.head.id = newTurnId();
    Q_EMIT branchChanged();
    Q_EMIT headChanged();
}

void ChatSession::open(const QString &id)
{
    if (!m_history || id == m_conversation.head.id)
        return;
    leave();
    m_wanted = id;
    read(this, id);
}

Task<void> ChatSession::read(QPointer<ChatSession> self, QString id)
{
    const Result<Conversation> found = co_await self->m_history->read(id);
    if (!self || self->m_wanted != id)
        co_return;
    self->m_wanted.clear();
    if (!found) {
        Q_EMIT self->troubled(found.error());
        co_return;
    }
    self->m_conversation = *found;
    // What a program that is gone left unfinished is put in order now.
    for (const ChatTurn &turn : self->m_conversation.turns())
        if (turn.state == ChatTurn::State::CutOff && self->m_history)
            watch(self, self->m_history->finish(id, turn));
    Q_EMIT self->branchChanged();
    Q_EMIT self->headChanged();
}

void ChatSession::setSettings(const ChatRequest &settings)
{
    if (settings == m_conversation.head.settings)
        return;
    m_conversation.head.settings = settings;
    m_conversation.head.settings.messages.clear();
    putHead();
    Q_EMIT headChanged();
}

void ChatSession::rename(const QString &title)
{
    m_conversation.head.title = title;
    putHead();
    Q_EMIT headChanged();
}

void ChatSession::setTags(const QStringList &tags)
{
    m_conversation.head.tags = cleanTags(tags);
    putHead();
    Q_EMIT headChanged();
}

void ChatSession::putHead()
{
    if (m_history && !isFresh())
        watch(this, m_history->put(m_conversation.head));
}

ChatRequest ChatSession::requestTo(const QString &last) const
{
    ChatRequest request = m_conversation.head.settings;
    request.messages = m_conversation.messagesTo(last);
    request.conversationId = m_conversation.head.id;
    return request;
}

ChatRequest ChatSession::requestOf(const QString &answer) const
{
    const ChatTurn *turn = m_conversation.turn(answer);
    ChatRequest request = requestTo(turn ? turn->parent : QString());
    if (turn && !turn->facts.isEmpty()) {
        const ChatAnswer facts = answerFactsFrom(turn->facts);
        request.target = facts.target;
        if (!facts.askedModel.isEmpty())
            request.model = facts.askedModel;
    }
    return request;
}

void ChatSession::send(const QString &text, const QList<ChatImage> &images)
{
    if (isBusy() || !m_source || !m_clock || (text.trimmed().isEmpty() && images.isEmpty()))
        return;
    ChatTurn turn;
    turn.id = newTurnId();
    turn.parent = m_conversation.head.leaf;
    turn.at = m_clock->now();
    turn.message.text = text;
    turn.message.images = images;
    if (isFresh()) {
        m_conversation.head.created = turn.at;
        if (m_conversation.head.title.isEmpty())
            m_conversation.head.title = titleFrom(text);
    }
    m_conversation.add(turn);
    m_conversation.head.changed = turn.at;
    putHead();
    if (m_history)
        watch(this, m_history->add(m_conversation.head.id, turn));
    Q_EMIT headChanged();
    ask(turn.id);
}

void ChatSession::resend(const QString &id, const QString &text, const QList<ChatImage> &images)
{
    const ChatTurn *old = m_conversation.turn(id);
    if (isBusy() || !old)
        return;
    m_conversation.head.leaf = old->parent;
    send(text, images);
}

void ChatSession::regenerate(const QString &id)
{
    const ChatTurn *old = m_conversation.turn(id);
    if (isBusy() || !old || !old->isAnswer())
        return;
    const QString prompt = old->parent;
    ask(prompt);
}

void ChatSession::ask(const QString &parent)
{
    if (!m_source || !m_clock)
        return;
    ChatTurn turn;
    turn.id = newTurnId();
    turn.parent = parent;
    turn.at = m_clock->now();
    turn.message.role = ChatRole::Assistant;
    turn.state = ChatTurn::State::Streaming;
    ChatAnswer facts;
    facts.target = settings().target;
    facts.askedModel = settings().model;
    turn.facts = answerFactsJson(facts);
    ChatRequest request = requestTo(parent);
    m_conversation.add(turn);
    m_conversation.head.changed = turn.at;
    if (m_history)
        watch(this, m_history->add(m_conversation.head.id, turn));
    putHead();
    m_before.clear();
    m_thoughtBefore.clear();
    begin(turn, request);
}

void ChatSession::continueAnswer(const QString &id)
{
    ChatTurn *turn = m_conversation.turn(id);
    if (isBusy() || !m_source || !m_clock || !turn || !turn->isAnswer())
        return;
    ChatRequest request = requestTo(id);
    request.continueLast = true;
    turn->state = ChatTurn::State::Streaming;
    m_before = turn->message.text;
    m_thoughtBefore = turn->message.reasoning;
    if (m_history)
        watch(this, m_history->reopen(m_conversation.head.id, id));
    begin(*turn, request);
}

void ChatSession::begin(const ChatTurn &turn, ChatRequest request)
{
    m_answer = turn.id;
    m_wanted.clear(); // who sends stays here: what was being opened is not shown over it
    m_phase = ChatPhase::Preparing;
    m_target = request.target;
    m_servedBy.clear();
    m_counted.reset();
    m_isStopping = false;
    m_heldText = m_heldReasoning = 0;
    m_since = m_clock->monotonic();
    m_stop = {};
    Q_EMIT branchChanged();
    Q_EMIT turnChanged(turn);
    Q_EMIT busyChanged(true);
    m_tickTimer.start(TickMs, this);
    m_saveTimer.start(SaveMs, this);
    Q_EMIT lives(m_answer, 0, {});
    run(this, turn.id, std::move(request), m_stop.get_token());
}

Task<void> ChatSession::run(QPointer<ChatSession> self, QString id, ChatRequest request, std::stop_token stop)
{
    const ChatSource::Sink sink = [self, id](const ChatUpdate &update) {
        if (self && self->m_answer == id)
            self->take(id, update);
    };
    const ChatAnswer answer = co_await self->m_source->stream(request, sink, stop);
    if (self && self->m_answer == id)
        self->end(id, answer);
}

void ChatSession::take(const QString &id, const ChatUpdate &update)
{
    ChatTurn *turn = m_conversation.turn(id);
    if (!turn)
        return;
    turn->message.text += update.text;
    turn->message.reasoning += update.reasoning;
    if (!update.toolCalls.isEmpty())
        turn->message.toolCalls = update.toolCalls;
    m_unsavedText += update.text;
    m_unsavedReasoning += update.reasoning;
    m_phase = update.phase;
    m_servedBy = update.path.servedBy;
    if (!update.raw.isEmpty()) {
        if (!m_raw.contains(id))
            m_rawOrder.append(id);
        m_raw[id] += update.raw;
        while (m_rawOrder.size() > MostRaw)
            m_raw.remove(m_rawOrder.takeFirst());
    }
    Q_EMIT grew(id, update);
}

void ChatSession::end(const QString &id, const ChatAnswer &answer)
{
    m_tickTimer.stop();
    m_saveTimer.stop();
    m_unsavedText.clear();
    m_unsavedReasoning.clear();
    m_answer.clear();
    ChatTurn *turn = m_conversation.turn(id);
    if (!turn)
        return;
    turn->message = answer.message;
    turn->message.role = ChatRole::Assistant;
    if (!m_before.isEmpty())
        turn->message.text.prepend(m_before);
    turn->message.reasoning.prepend(m_thoughtBefore);
    m_before.clear();
    m_thoughtBefore.clear();
    turn->facts = answerFactsJson(answer);
    turn->state = ChatTurn::State::Complete;
    if (m_history)
        watch(this, m_history->finish(m_conversation.head.id, *turn));
    const ChatTurn copy = *turn;
    Q_EMIT turnChanged(copy);
    Q_EMIT busyChanged(false);
    if (answer.stopped)
        proveStop(this, id, answer);
}

Task<void> ChatSession::countThenStop(QPointer<ChatSession> self, QString id, ChatTarget target, QString servedBy, std::stop_source stop)
{
    std::stop_source limit;
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &timer, [&limit] { limit.request_stop(); });
    timer.start(CountTime);
    const std::optional<double> count = co_await self->m_source->runningNow(target, servedBy, limit.get_token());
    if (self && self->m_answer == id)
        self->m_counted = count;
    stop.request_stop();
}

Task<void> ChatSession::proveStop(QPointer<ChatSession> self, QString id, ChatAnswer answer)
{
    if (!self->m_source)
        co_return;
    const ChatStopProof proof = co_await self->m_source->confirmStopped(answer.target, answer.path.servedBy, self->m_counted, std::stop_token());
    if (self)
        Q_EMIT self->stopProved(id, proof);
}

void ChatSession::choose(const QString &id)
{
    if (isBusy())
        return;
    m_conversation.choose(id);
    putHead();
    Q_EMIT branchChanged();
}

/// The part that came is kept: the answer ends as stopped.
void ChatSession::stop()
{
    if (!isBusy())
        return;
    save();
    if (std::exchange(m_isStopping, true) || !m_source)
        m_stop.request_stop();
    else
        countThenStop(this, m_answer, m_target, m_servedBy, m_stop);
}

void ChatSession::save()
{
    if (m_answer.isEmpty() || !m_history || (m_unsavedText.isEmpty() && m_unsavedReasoning.isEmpty()))
        return;
    const QString text = takeSettled(m_unsavedText, m_heldText);
    const QString reasoning = takeSettled(m_unsavedReasoning, m_heldReasoning);
    if (!text.isEmpty() || !reasoning.isEmpty())
        watch(this, m_history->append(m_conversation.head.id, m_answer, text, reasoning));
}

template<class T>
Task<void> ChatSession::watch(QPointer<ChatSession> self, Task<Result<T>> written)
{
    const Result<T> done = co_await std::move(written);
    if (self && !done)
        Q_EMIT self->troubled(done.error());
}

void ChatSession::tick()
{
    const bool isAwaiting = m_phase == ChatPhase::AwaitingAnswer || m_phase == ChatPhase::AwaitingToken;
    const QString queue = isAwaiting && m_source ? m_source->queueSentence(m_target, m_servedBy) : QString();
    Q_EMIT lives(m_answer, double((m_clock->monotonic() - m_since).count()), queue);
}

void ChatSession::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_saveTimer.timerId())
        save();
    else if (event->timerId() == m_tickTimer.timerId() && m_clock && isBusy())
        tick();
    else
        QObject::timerEvent(event);
}

} // namespace hybridge
