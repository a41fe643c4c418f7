// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

namespace hybridge {

/// A piece of an answer that is laid out by itself.
struct MarkdownBlock {
    enum class Kind { Text, Code };
    Kind kind = Kind::Text;
    QString text; ///< Markdown, or code without its fences
    QString language; ///< of code, as written behind the fence; foreign
    bool continues = false; ///< code: goes on where the block before it was cut
    bool operator==(const MarkdownBlock &) const = default;
};

/// Cuts Markdown into blocks of at most Most characters while it comes in: only the last block can still change, so that
/// the cost of a further token does not depend on how many came before. Cuts where a blank line allows it, keeps lists and
/// tables together as long as they fit (a table that does not is given its head again). Pure; one thread.
class MarkdownSplitter {
public:
    static constexpr int Most = 4000;
    /// A block of text is closed at the first blank line after so many characters.
    static constexpr int Enough = 500;

    void append(const QString &text);
    /// No more will come: what was held back (a line that may have become a fence) is shown as it is.
    void finish();

    [[nodiscard]] int size() const { return int(m_blocks.size()) + (hasOpen() ? 1 : 0); }
    /// @p index below settled(): as it will stay.
    [[nodiscard]] MarkdownBlock at(int index) const;
    [[nodiscard]] MarkdownBlock::Kind kindAt(int index) const { return index < m_blocks.size() ? m_blocks.at(index).kind : m_open.kind; }
    [[nodiscard]] int settled() const { return int(m_blocks.size()); }

private:
    [[nodiscard]] bool hasOpen() const;
    [[nodiscard]] bool mayBecomeFence() const;
    void line(const QString &text);
    void textLine(const QString &text);
    void codeLine(const QString &text);
    void close();
    void closeFull();
    void boundLine();

    QList<MarkdownBlock> m_blocks; ///< settled
    MarkdownBlock m_open;
    QString m_line; ///< the last line, without its end
    QString m_tableHead; ///< of a table that the open block is in
    QChar m_fence; ///< null: not in code
    int m_fenceLength = 0;
    int m_fenceIndent = 0;
    bool m_isInList = false;
    bool m_sawBlank = false;
    bool m_isFinished = false;
};

/// All blocks of a finished text.
[[nodiscard]] QList<MarkdownBlock> markdownBlocks(const QString &text);

} // namespace hybridge
