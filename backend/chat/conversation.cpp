// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/conversation.h"

#include "backend/base/units.h"

#include <QRandomGenerator>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

bool Conversation::add(ChatTurn turn)
{
    if (turn.id.isEmpty() || m_index.contains(turn.id) || (!turn.parent.isEmpty() && !m_index.contains(turn.parent)))
        return false;
    m_index.insert(turn.id, int(m_turns.size()));
    m_children[turn.parent].append(turn.id);
    head.leaf = turn.id;
    m_turns.append(std::move(turn));
    return true;
}

const ChatTurn *Conversation::turn(const QString &id) const
{
    const auto it = m_index.constFind(id);
    return it == m_index.cend() ? nullptr : &m_turns.at(*it);
}

ChatTurn *Conversation::turn(const QString &id)
{
    const auto it = m_index.constFind(id);
    return it == m_index.cend() ? nullptr : &m_turns[*it];
}

QStringList Conversation::pathTo(const QString &id) const
{
    QStringList out;
    // A parent always stands before its child, so this ends.
    for (const ChatTurn *at = turn(id); at; at = turn(at->parent))
        out.append(at->id);
    std::reverse(out.begin(), out.end());
    return out;
}

QStringList Conversation::siblings(const QString &id) const
{
    const ChatTurn *one = turn(id);
    return one ? m_children.value(one->parent) : QStringList();
}

void Conversation::choose(const QString &id)
{
    if (!m_index.contains(id))
        return;
    head.leaf = id;
    for (QStringList below = m_children.value(id); !below.isEmpty(); below = m_children.value(head.leaf))
        head.leaf = below.last();
}

QList<ChatMessage> Conversation::messagesTo(const QString &last) const
{
    QList<ChatMessage> out;
    for (const QString &id : pathTo(last)) {
        const ChatTurn *one = turn(id);
        if (one->isAnswer() && one->message.text.isEmpty() && one->message.toolCalls.isEmpty())
            continue;
        ChatMessage message = one->message;
        message.reasoning.clear();
        out.append(message);
    }
    return out;
}

QString newTurnId()
{
    return u"%1"_s.arg(QRandomGenerator::system()->generate64(), 16, 16, '0'_L1);
}

QString titleFrom(const QString &prompt)
{
    constexpr int most = 60;
    QString line = safeText(prompt, 400).section('\n'_L1, 0, 0, QString::SectionSkipEmpty).simplified();
    while (line.startsWith('#'_L1) || line.startsWith('>'_L1))
        line = line.mid(1).trimmed();
    if (line.size() <= most)
        return line;
    const qsizetype space = line.lastIndexOf(' '_L1, most - 1);
    return line.left(space > most / 2 ? space : most - 1) + u'…';
}

QStringList cleanTags(const QStringList &tags)
{
    QStringList out;
    for (const QString &tag : tags) {
        const QString clean = safeText(tag, 40).simplified();
        if (!clean.isEmpty() && !out.contains(clean))
            out.append(clean);
    }
    out.sort(Qt::CaseInsensitive);
    return out.mid(0, 20);
}

} // namespace hybridge
