// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// How the chat keeps up: 5 000 tokens a second into the view (longest stall of the event loop), the cost of a further
// token after 10 000 and after 1 000 000 characters, and opening a conversation of 10 000 messages. Needs no display with
// QT_QPA_PLATFORM=offscreen.
#include "backend/chat/chathistory.h"
#include "tests/support/pending.h"
#include "ui/chat/conversationview.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTimer>

#include <algorithm>
#include <cstdio>

using namespace hybridge;

namespace {

const QString words = QStringLiteral("A fjord is a long, narrow arm of the sea between **steep cliffs**, carved by a `glacier` and filled when the ice went. ");

QString token(int i)
{
    // About four characters; a paragraph ends every 600, some of them are code.
    const int at = (i * 4) % int(words.size() - 4);
    QString piece = words.mid(at, 4);
    if (i % 150 == 149)
        piece += QStringLiteral("\n\n");
    if (i % 1500 == 1400)
        piece += QStringLiteral("\n\n```cpp\n");
    if (i % 1500 == 1499)
        piece += QStringLiteral("\n```\n\n");
    return piece;
}

ChatTurn answerTurn()
{
    ChatTurn turn;
    turn.id = QStringLiteral("a");
    turn.message.role = ChatRole::Assistant;
    turn.state = ChatTurn::State::Streaming;
    return turn;
}

ChatUpdate updateOf(const QString &text, int tokens)
{
    ChatUpdate update;
    update.text = text;
    update.phase = ChatPhase::Streaming;
    update.tokens = tokens;
    return update;
}

/// Median of what one frame (84 tokens) costs, in ms, when @p before characters have come.
double frameCost(int before)
{
    Conversation conversation;
    conversation.add(answerTurn());
    ConversationView view;
    view.resize(900, 700);
    view.show();
    view.setBranch(conversation);
    view.setLive(QStringLiteral("a"), 0);
    int i = 0;
    qint64 size = 0;
    QString block;
    while (size < before) {
        const QString piece = token(i++);
        size += piece.size();
        block += piece;
        if (block.size() > 20000 || size >= before) {
            view.grow(QStringLiteral("a"), updateOf(block, i));
            block.clear();
        }
    }
    view.layoutNow();
    QCoreApplication::processEvents();
    QList<double> costs;
    for (int frame = 0; frame < 200; ++frame) {
        QString piece;
        for (int n = 0; n < 84; ++n)
            piece += token(i++);
        QElapsedTimer timer;
        timer.start();
        view.grow(QStringLiteral("a"), updateOf(piece, i));
        view.layoutNow();
        costs.append(double(timer.nsecsElapsed()) / 1e6);
        QCoreApplication::processEvents();
    }
    std::sort(costs.begin(), costs.end());
    std::printf("  after %d characters: median %.2f ms, worst %.2f ms a frame of 84 tokens\n", before, costs.at(100), costs.last());
    return costs.at(100);
}

void stream()
{
    Conversation conversation;
    conversation.add(answerTurn());
    ConversationView view;
    view.resize(900, 700);
    view.show();
    view.setBranch(conversation);
    view.setLive(QStringLiteral("a"), 0);
    QCoreApplication::processEvents();
    // The source hands over what came since the last frame, as ChatService does; the probe sees how long nobody was served.
    constexpr int seconds = 10;
    int sent = 0;
    double worst = 0;
    QList<double> gaps;
    QElapsedTimer clock;
    clock.start();
    QTimer source;
    source.setTimerType(Qt::PreciseTimer);
    QObject::connect(&source, &QTimer::timeout, &view, [&] {
        const int due = int(clock.elapsed() * 5);
        QString piece;
        for (; sent < due; ++sent)
            piece += token(sent);
        view.grow(QStringLiteral("a"), updateOf(piece, sent));
    });
    source.start(16);
    double longest = 0;
    while (clock.elapsed() < seconds * 1000) {
        QElapsedTimer turn;
        turn.start();
        QCoreApplication::processEvents();
        longest = double(turn.nsecsElapsed()) / 1e6;
        worst = std::max(worst, longest);
        gaps.append(longest);
    }
    std::sort(gaps.begin(), gaps.end());
    std::printf("stream: %d tokens in %d s, longest stall %.1f ms, 99.9 %% under %.1f ms\n", sent, seconds, worst, gaps.at(gaps.size() * 999 / 1000));
}

void open()
{
    QTemporaryDir folder;
    ChatHistory history(folder.filePath(QStringLiteral("chat.sqlite")));
    Conversation conversation;
    conversation.head.id = QStringLiteral("c");
    QString parent;
    for (int i = 0; i < 10000; ++i) {
        ChatTurn turn;
        turn.id = QString::number(i);
        turn.parent = parent;
        turn.at = QDateTime::currentDateTimeUtc();
        turn.message.role = i % 2 ? ChatRole::Assistant : ChatRole::User;
        turn.message.text = words.repeated(i % 2 ? 4 : 1);
        conversation.add(turn);
        parent = turn.id;
    }
    if (!await(history.import(conversation)))
        std::printf("the history cannot be written\n");
    ConversationView view;
    view.resize(900, 700);
    view.show();
    QCoreApplication::processEvents();
    for (int i = 0; i < 3; ++i) {
        QElapsedTimer timer;
        timer.start();
        const Result<Conversation> read = await(history.read(QStringLiteral("c")));
        const double readMs = double(timer.nsecsElapsed()) / 1e6;
        if (!read)
            return;
        view.setBranch(Conversation());
        view.setBranch(*read);
        view.layoutNow();
        view.repaint();
        std::printf("open: 10 000 messages in %.0f ms (%.0f ms of it reading, on the store thread)\n", double(timer.nsecsElapsed()) / 1e6, readMs);
    }
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    const Theme theme(application, Theme::Choice::Light);
    std::printf("one further frame of a stream:\n");
    const double early = frameCost(10000);
    const double late = frameCost(1000000);
    std::printf("  ratio %.2f\n", late / early);
    stream();
    open();
    return 0;
}
