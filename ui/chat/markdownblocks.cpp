// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdownblocks.h"

#include <algorithm>

namespace hybridge {

namespace {

int indentOf(const QString &line)
{
    int at = 0;
    while (at < line.size() && (line.at(at) == QLatin1Char(' ') || line.at(at) == QLatin1Char('\t')))
        ++at;
    return at;
}

struct Fence {
    QChar mark;
    int length = 0;
    int indent = 0;
    QString info;
};

/// A line that opens or closes code; length 0 when it does neither.
Fence fenceOf(const QString &line)
{
    Fence fence;
    fence.indent = indentOf(line);
    int at = fence.indent;
    if (at >= line.size() || (line.at(at) != QLatin1Char('`') && line.at(at) != QLatin1Char('~')))
        return fence;
    fence.mark = line.at(at);
    while (at < line.size() && line.at(at) == fence.mark)
        ++at;
    if (at - fence.indent < 3)
        return fence;
    fence.info = line.mid(at).trimmed();
    if (fence.mark == QLatin1Char('`') && fence.info.contains(QLatin1Char('`')))
        return fence; // inline code
    fence.length = at - fence.indent;
    return fence;
}

bool isListItem(const QString &line)
{
    int at = indentOf(line);
    if (at >= line.size())
        return false;
    const QChar first = line.at(at);
    if (first == QLatin1Char('-') || first == QLatin1Char('*') || first == QLatin1Char('+'))
        return at + 1 < line.size() && line.at(at + 1).isSpace();
    const int from = at;
    while (at < line.size() && at - from < 9 && line.at(at).isDigit())
        ++at;
    return at > from && at + 1 < line.size() && (line.at(at) == QLatin1Char('.') || line.at(at) == QLatin1Char(')')) && line.at(at + 1).isSpace();
}

bool isHeading(const QString &line)
{
    return line.startsWith(QLatin1Char('#'));
}

/// "|---|:--:|"
bool isTableRule(const QString &line)
{
    bool hasDash = false;
    bool hasPipe = false;
    for (const QChar c : line) {
        hasDash |= c == QLatin1Char('-');
        hasPipe |= c == QLatin1Char('|');
        if (c != QLatin1Char('-') && c != QLatin1Char('|') && c != QLatin1Char(':') && !c.isSpace())
            return false;
    }
    return hasDash && hasPipe;
}

/// Where a text that is too long may be cut: behind a space near the end, never inside of a surrogate pair.
qsizetype cutAt(const QString &text, qsizetype most)
{
    const qsizetype space = text.lastIndexOf(QLatin1Char(' '), most - 1);
    if (space > most / 2)
        return space + 1;
    return text.at(most - 1).isHighSurrogate() ? most - 1 : most;
}

} // namespace

bool MarkdownSplitter::hasOpen() const
{
    return m_fence != QChar() || !m_open.text.isEmpty() || (!m_line.isEmpty() && !mayBecomeFence());
}

bool MarkdownSplitter::mayBecomeFence() const
{
    if (m_isFinished)
        return false;
    const QString start = m_line.trimmed();
    return start.startsWith(QLatin1String("```")) || start.startsWith(QLatin1String("~~~"))
        || start == QLatin1String("`") || start == QLatin1String("``") || start == QLatin1String("~") || start == QLatin1String("~~");
}

MarkdownBlock MarkdownSplitter::at(int index) const
{
    if (index < m_blocks.size())
        return m_blocks.at(index);
    MarkdownBlock block = m_open;
    if (!mayBecomeFence())
        block.text += m_line;
    while (block.text.endsWith(QLatin1Char('\n')))
        block.text.chop(1);
    return block;
}

void MarkdownSplitter::append(const QString &text)
{
    qsizetype from = 0;
    while (from < text.size()) {
        const qsizetype end = text.indexOf(QLatin1Char('\n'), from);
        if (end < 0) {
            m_line += QStringView(text).mid(from);
            boundLine();
            return;
        }
        m_line += QStringView(text).mid(from, end - from);
        boundLine();
        if (m_line.endsWith(QLatin1Char('\r')))
            m_line.chop(1);
        line(std::exchange(m_line, {}));
        from = end + 1;
    }
}

// A line may be as long as the whole answer.
void MarkdownSplitter::boundLine()
{
    if (!m_open.text.isEmpty() && m_open.text.size() + m_line.size() > Most)
        closeFull();
    while (m_line.size() > Most) {
        const qsizetype cut = cutAt(m_line, Most);
        m_open.text = m_line.left(cut);
        m_line.remove(0, cut);
        closeFull();
    }
}

void MarkdownSplitter::finish()
{
    if (!m_line.isEmpty())
        line(std::exchange(m_line, {}));
    m_isFinished = true;
    close();
    m_fence = QChar();
}

void MarkdownSplitter::line(const QString &text)
{
    const Fence fence = fenceOf(text);
    if (m_fence != QChar()) {
        if (fence.mark == m_fence && fence.length >= m_fenceLength && fence.info.isEmpty()) {
            if (m_open.text.isEmpty() && !m_open.continues)
                m_open.text = QStringLiteral("\n"); // empty code is shown as such
            close();
            m_fence = QChar();
            m_open = {};
            return;
        }
        codeLine(text);
        return;
    }
    if (fence.length > 0) {
        const bool wasInList = m_isInList;
        close();
        m_isInList = wasInList && fence.indent > 0;
        m_fence = fence.mark;
        m_fenceLength = fence.length;
        m_fenceIndent = fence.indent;
        m_open = {};
        m_open.kind = MarkdownBlock::Kind::Code;
        m_open.language = fence.info.section(QLatin1Char(' '), 0, 0).left(40);
        return;
    }
    textLine(text);
}

void MarkdownSplitter::codeLine(const QString &text)
{
    const QString bare = text.mid(std::min(indentOf(text), m_fenceIndent));
    if (!m_open.text.isEmpty() && m_open.text.size() + bare.size() + 1 > Most)
        closeFull();
    m_open.text += bare + QLatin1Char('\n');
}

void MarkdownSplitter::textLine(const QString &text)
{
    if (text.trimmed().isEmpty()) {
        if (!m_open.text.isEmpty()) {
            m_open.text += QLatin1Char('\n');
            m_sawBlank = true;
        }
        m_tableHead.clear();
        return;
    }
    const bool goesOn = m_isInList && (isListItem(text) || indentOf(text) >= 2);
    if (m_sawBlank && !goesOn && (m_open.text.size() >= Enough || isHeading(text)))
        close();
    if (!m_open.text.isEmpty() && m_open.text.size() + text.size() + 1 > Most)
        closeFull();
    if (isListItem(text))
        m_isInList = true;
    else if (m_sawBlank && !goesOn)
        m_isInList = false;
    m_sawBlank = false;
    if (m_tableHead.isEmpty() && isTableRule(text)) {
        const qsizetype before = m_open.text.lastIndexOf(QLatin1Char('\n'), -2);
        const QString head = m_open.text.mid(before + 1).trimmed();
        if (head.contains(QLatin1Char('|')) && head.size() < Most / 4)
            m_tableHead = head + QLatin1Char('\n') + text + QLatin1Char('\n');
    }
    m_open.text += text + QLatin1Char('\n');
}

/// Ends the open block for good.
void MarkdownSplitter::close()
{
    while (m_open.text.endsWith(QLatin1Char('\n')) && m_open.text.size() > 1)
        m_open.text.chop(1);
    if (!m_open.text.isEmpty() && (m_open.kind == MarkdownBlock::Kind::Code || !m_open.text.trimmed().isEmpty()))
        m_blocks.append(m_open);
    m_open = {};
    m_isInList = false;
    m_sawBlank = false;
    m_tableHead.clear();
}

/// Ends the open block because it is full: the next one goes on with the same thing.
void MarkdownSplitter::closeFull()
{
    const MarkdownBlock full = m_open;
    const QString head = m_tableHead;
    const bool wasInList = m_isInList;
    close();
    m_open.kind = full.kind;
    m_open.language = full.language;
    m_open.continues = full.kind == MarkdownBlock::Kind::Code;
    m_isInList = wasInList;
    if (full.kind == MarkdownBlock::Kind::Text) {
        m_tableHead = head;
        m_open.text = head;
    }
}

QList<MarkdownBlock> markdownBlocks(const QString &text)
{
    MarkdownSplitter splitter;
    splitter.append(text);
    splitter.finish();
    QList<MarkdownBlock> out;
    out.reserve(splitter.size());
    for (int i = 0; i < splitter.size(); ++i)
        out.append(splitter.at(i));
    return out;
}

} // namespace hybridge
