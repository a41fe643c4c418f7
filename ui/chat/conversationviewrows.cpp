// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of a conversation: which there are, what widgets show them, what is done with them.
#include "backend/base/units.h"
#include "ui/chat/blockviews.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/turnrows.h"
#include "ui/widgets/tokens.h"

#include <QClipboard>
#include <QCursor>
#include <QDesktopServices>
#include <QGuiApplication>
#include <QMenu>
#include <QUrl>

#include <algorithm>

namespace hybridge {

namespace {
constexpr int GuessGap = 20;
} // namespace

int ConversationView::guess(const TurnItem &one, const TurnRow &row) const
{
    const int perLine = std::max(20, columnWidth() / 7);
    switch (row.kind) {
    case RowKind::Text: {
        const QString text = one.blocks->at(row.block).text;
        return int(text.size() / perLine + text.count(QLatin1Char('\n')) + 1) * 21;
    }
    case RowKind::Code:
        return int(one.blocks->at(row.block).text.count(QLatin1Char('\n')) + 1) * 17 + 40;
    case RowKind::Prompt:
        return int(std::min<qsizetype>(one.turn.message.text.size(), PromptRow::MostShown) / perLine + 1) * 18 + 50;
    case RowKind::Failure:
        return 120;
    case RowKind::Reasoning:
    case RowKind::Tools:
    case RowKind::Waiting:
    case RowKind::Foot:
        break;
    }
    return 26;
}

int ConversationView::guessItem(const TurnItem &one) const
{
    const int perLine = std::max(20, columnWidth() / 7);
    const qsizetype size = one.turn.isAnswer() ? one.turn.message.text.size() : std::min<qsizetype>(one.turn.message.text.size(), PromptRow::MostShown);
    return int(size / perLine + 1) * 21 + 60 + GuessGap;
}

void ConversationView::buildRows(TurnItem &one)
{
    const auto keyOf = [](RowKind kind, int block) { return std::pair(int(kind), block); };
    QHash<std::pair<int, int>, TurnRow> old;
    for (const TurnRow &row : std::as_const(one.rows))
        old.insert(keyOf(row.kind, row.block), row);
    one.rows.clear();
    const auto add = [&](RowKind kind, int block) {
        TurnRow row = old.take(keyOf(kind, block));
        const bool isNew = row.height == 0;
        row.kind = kind;
        row.block = block;
        row.isDirty = true;
        if (isNew)
            row.height = guess(one, row);
        one.rows.append(row);
    };
    if (!one.turn.isAnswer()) {
        add(RowKind::Prompt, -1);
    } else {
        if (!one.blocks) {
            one.blocks = std::make_shared<MarkdownSplitter>();
            one.blocks->append(one.turn.message.text);
            if (!one.isLive)
                one.blocks->finish();
        }
        if (!one.turn.message.reasoning.isEmpty())
            add(RowKind::Reasoning, -1);
        for (int i = 0; i < one.blocks->size(); ++i)
            add(one.blocks->kindAt(i) == MarkdownBlock::Kind::Code ? RowKind::Code : RowKind::Text, i);
        if (!one.turn.message.toolCalls.isEmpty())
            add(RowKind::Tools, -1);
        if (!one.isLive && !one.turn.facts.isEmpty() && one.answer().failure)
            add(RowKind::Failure, -1);
        if (one.isWaiting())
            add(RowKind::Waiting, -1);
        if (one.wantsFoot())
            add(RowKind::Foot, -1);
    }
    for (const TurnRow &row : std::as_const(old))
        drop(row.widget);
}

/// The blocks of an answer that has grown: the last one of before may be another now, and some may be new.
void ConversationView::syncBlocks(TurnItem &one)
{
    qsizetype first = 0;
    while (first < one.rows.size() && one.rows.at(first).block < 0 && one.rows.at(first).kind == RowKind::Reasoning)
        ++first;
    qsizetype end = one.rows.size();
    while (end > first && one.rows.at(end - 1).block < 0)
        --end;
    const int known = int(end - first);
    const int now = one.blocks->size();
    for (int i = std::max(0, std::min(known, now) - 1); i < now; ++i) {
        const RowKind kind = one.blocks->kindAt(i) == MarkdownBlock::Kind::Code ? RowKind::Code : RowKind::Text;
        if (i < known) {
            TurnRow &row = one.rows[first + i];
            if (row.kind != kind)
                drop(std::exchange(row.widget, nullptr));
            row.kind = kind;
            row.isDirty = true;
            continue;
        }
        TurnRow row;
        row.kind = kind;
        row.block = i;
        row.height = guess(one, row);
        one.rows.insert(first + i, row);
    }
    for (int i = known; i > now; --i)
        drop(one.rows.takeAt(first + i - 1).widget);
    for (TurnRow *row : {&one.rows.first(), &one.rows.last(), &one.rows[std::max<qsizetype>(0, one.rows.size() - 2)]})
        if (row->block < 0)
            row->isDirty = true;
}

void ConversationView::drop(QWidget *widget)
{
    if (!widget)
        return;
    widget->hide();
    widget->deleteLater();
}

void ConversationView::ensureWidget(TurnItem &one, TurnRow &row)
{
    if (row.widget)
        return;
    const QString id = one.turn.id;
    row.isDirty = true;
    switch (row.kind) {
    case RowKind::Prompt: {
        auto *prompt = new PromptRow(viewport());
        connect(prompt, &PromptRow::editRequested, this, [this, id] { Q_EMIT editRequested(id); });
        connect(prompt, &PromptRow::branchChosen, this, &ConversationView::branchChosen);
        connect(prompt, &PromptRow::copyRequested, this, [this, id] {
            if (const TurnItem *found = item(id))
                QGuiApplication::clipboard()->setText(found->turn.message.text);
        });
        connect(prompt, &PromptRow::wholeRequested, this, [this, id] {
            if (TurnItem *found = item(id)) {
                found->isWhole = !found->isWhole;
                buildRows(*found);
                schedule();
            }
        });
        row.widget = prompt;
        break;
    }
    case RowKind::Reasoning:
    case RowKind::Tools: {
        auto *folded = new FoldedRow(viewport());
        folded->setObjectName(row.kind == RowKind::Tools ? QStringLiteral("toolCalls") : QStringLiteral("reasoning"));
        connect(folded, &FoldedRow::toggled, this, [this, id] {
            if (TurnItem *found = item(id)) {
                found->isThinkingShown = !found->isThinkingShown;
                for (TurnRow &other : found->rows)
                    other.isDirty |= other.kind == RowKind::Reasoning || other.kind == RowKind::Tools;
                schedule();
            }
        });
        row.widget = folded;
        break;
    }
    case RowKind::Text: {
        auto *text = new TextBlockView(viewport());
        connect(text, &TextBlockView::linkActivated, this, &ConversationView::askLink);
        row.widget = text;
        break;
    }
    case RowKind::Code: {
        auto *code = new CodeBlockView(viewport());
        connect(code, &CodeBlockView::copyRequested, this, [this, id, block = row.block] {
            if (const TurnItem *found = item(id))
                copyCode(*found, block);
        });
        row.widget = code;
        break;
    }
    case RowKind::Waiting:
        row.widget = new WaitingRow(viewport());
        break;
    case RowKind::Failure: {
        auto *failure = new FailureRow(viewport());
        connect(failure, &FailureRow::nodeRequested, this, &ConversationView::nodeRequested);
        row.widget = failure;
        break;
    }
    case RowKind::Foot: {
        auto *foot = new AnswerFoot(viewport());
        connect(foot, &AnswerFoot::toggled, this, [this, id] {
            if (const TurnItem *found = item(id)) {
                // What unfolds grows downwards from where it is, also at the end.
                m_follows = false;
                noteAnchor();
                setUnfolded(id, !found->isUnfolded);
            }
        });
        connect(foot, &AnswerFoot::copyRequested, this, [this, id] {
            if (const TurnItem *found = item(id))
                QGuiApplication::clipboard()->setText(found->turn.message.text);
        });
        connect(foot, &AnswerFoot::regenerateRequested, this, [this, id] { Q_EMIT regenerateRequested(id); });
        connect(foot, &AnswerFoot::continueRequested, this, [this, id] { Q_EMIT continueRequested(id); });
        connect(foot, &AnswerFoot::requestRequested, this, [this, id] { Q_EMIT requestRequested(id); });
        connect(foot, &AnswerFoot::branchChosen, this, &ConversationView::branchChosen);
        row.widget = foot;
        break;
    }
    }
}

void ConversationView::fill(TurnItem &one, TurnRow &row)
{
    const int width = columnWidth();
    switch (row.kind) {
    case RowKind::Prompt: {
        auto *prompt = static_cast<PromptRow *>(row.widget);
        prompt->show(one);
        row.height = prompt->heightFor(width);
        break;
    }
    case RowKind::Reasoning: {
        auto *folded = static_cast<FoldedRow *>(row.widget);
        folded->show(one.isLive && one.turn.message.text.isEmpty() ? tr("Thinking") : tr("Thought"), one.turn.message.reasoning, one.isThinkingShown, false);
        row.height = folded->heightFor(width);
        break;
    }
    case RowKind::Tools: {
        auto *folded = static_cast<FoldedRow *>(row.widget);
        QStringList calls;
        for (const ChatToolCall &call : one.turn.message.toolCalls)
            calls.append(call.name + QLatin1Char('(') + call.arguments + QLatin1Char(')'));
        folded->show(calls.size() == 1 ? tr("Asks for a tool; nothing is run here") : tr("Asks for %1 tools; nothing is run here").arg(calls.size()), calls.join(QLatin1Char('\n')), true, true);
        row.height = folded->heightFor(width);
        break;
    }
    case RowKind::Text: {
        auto *text = static_cast<TextBlockView *>(row.widget);
        text->setMarkdown(one.blocks->at(row.block).text);
        row.height = text->heightFor(width);
        break;
    }
    case RowKind::Code: {
        auto *code = static_cast<CodeBlockView *>(row.widget);
        const bool goesOn = row.block + 1 < one.blocks->size() && one.blocks->at(row.block + 1).continues;
        code->setCode(one.blocks->at(row.block), goesOn);
        row.height = code->heightFor(width);
        break;
    }
    case RowKind::Waiting: {
        auto *waiting = static_cast<WaitingRow *>(row.widget);
        waiting->show(one);
        row.height = waiting->heightFor(width);
        break;
    }
    case RowKind::Failure: {
        auto *failure = static_cast<FailureRow *>(row.widget);
        failure->show(one.answer(), m_labels);
        row.height = failure->heightFor(width);
        break;
    }
    case RowKind::Foot: {
        auto *foot = static_cast<AnswerFoot *>(row.widget);
        foot->show(one, m_labels, one.turn.id == m_items.last().turn.id, m_isBusy);
        row.height = foot->heightFor(width);
        break;
    }
    }
    row.isDirty = false;
    row.isMeasured = true;
}

/// Code that was cut into blocks is copied whole.
void ConversationView::copyCode(const TurnItem &one, int block) const
{
    QString code = one.blocks->at(block).text;
    for (int i = block + 1; i < one.blocks->size() && one.blocks->at(i).continues; ++i)
        code += QLatin1Char('\n') + one.blocks->at(i).text;
    QGuiApplication::clipboard()->setText(code);
}

/// Where a link leads is shown before it is followed.
void ConversationView::askLink(const QUrl &url)
{
    linkMenu(url)->popup(QCursor::pos());
}

QMenu *ConversationView::linkMenu(const QUrl &url)
{
    const QString address = url.toString(QUrl::FullyEncoded);
    auto *menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("linkMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction *where = menu->addAction(safeText(address, 160));
    where->setEnabled(false);
    menu->addSeparator();
    const QString scheme = url.scheme();
    if (scheme == QLatin1String("https") || scheme == QLatin1String("http") || scheme == QLatin1String("mailto"))
        connect(menu->addAction(tr("Open in the browser")), &QAction::triggered, this, [url] { QDesktopServices::openUrl(url); });
    connect(menu->addAction(tr("Copy the address")), &QAction::triggered, this, [address] { QGuiApplication::clipboard()->setText(address); });
    return menu;
}

} // namespace hybridge
