// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/markdowndocument.h"

#include "backend/base/units.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QTextBlock>
#include <QTextCursor>
#include <QTextList>
#include <QTextTable>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr int LinePercent = 138;

/// The number of an ordered list's item; -1: no such line.
int orderedNumber(const QString &line)
{
    qsizetype at = 0;
    while (at < line.size() && at < 4 && line.at(at) == ' '_L1)
        ++at;
    const qsizetype from = at;
    while (at < line.size() && at - from < 9 && line.at(at).isDigit())
        ++at;
    if (at == from || at + 1 >= line.size() || (line.at(at) != '.'_L1 && line.at(at) != ')'_L1) || !line.at(at + 1).isSpace())
        return -1;
    return line.mid(from, at - from).toInt();
}

/// Where the outermost ordered lists of a text begin to count.
QList<int> listStarts(const QString &markdown)
{
    QList<int> out;
    bool isInList = false;
    bool sawBlank = false;
    const QStringList lines = markdown.split('\n'_L1);
    for (const QString &line : lines) {
        if (line.trimmed().isEmpty()) {
            sawBlank = true;
            continue;
        }
        if (const int number = orderedNumber(line); number >= 0) {
            if (!isInList)
                out.append(number);
            isInList = true;
        } else if (!line.startsWith("  "_L1) && (sawBlank || line.startsWith('#'_L1) || line.startsWith('-'_L1) || line.startsWith('*'_L1))) {
            isInList = false;
        }
        sawBlank = false;
    }
    return out;
}

} // namespace

QString safeBlock(const QString &foreign)
{
    if (foreign.isEmpty())
        return {};
    // safeText() trims; blanks at the ends of a piece of code mean something.
    QString guarded = u"|"_s + foreign;
    while (guarded.endsWith(QChar(0x1B)))
        guarded.chop(1);
    guarded += '|'_L1;
    QString out = safeText(guarded, int(guarded.size()) + 2);
    out.remove(0, 1);
    if (out.endsWith('|'_L1))
        out.chop(1);
    return out;
}

StillDocument::StillDocument(QObject *parent) : QTextDocument(parent)
{
    setUndoRedoEnabled(false);
    setDocumentMargin(0);
    setIndentWidth(22);
}

QVariant StillDocument::loadResource(int /*type*/, const QUrl & /*name*/)
{
    return {};
}

void StillDocument::setBlock(const QString &markdown, const Tokens &tokens)
{
    QFont font = typeFont(Type::Body);
    font.setPixelSize(int(Type::Body) + 1);
    setDefaultFont(font);
    const QString safe = safeBlock(markdown);
    setMarkdown(safe, MarkdownFeatures(MarkdownDialectGitHub | MarkdownNoHTML));
    // All in one: else each touch of a format lays the text out again, which costs five times as much. Not around the
    // import: tables are found only when the edit that made them has ended.
    QTextCursor whole(this);
    whole.beginEditBlock();
    dressBlocks(safe, tokens);
    dressTables(tokens);
    whole.endEditBlock();
}

void StillDocument::dressBlocks(const QString &markdown, const Tokens &tokens)
{
    numberLists(markdown);
    for (QTextBlock block = begin(); block.isValid(); block = block.next()) {
        QTextBlockFormat format = block.blockFormat();
        const int heading = format.headingLevel();
        const bool isCode = format.hasProperty(QTextFormat::BlockCodeFence) || format.hasProperty(QTextFormat::BlockCodeLanguage) || format.nonBreakableLines();
        QTextCursor cursor(block);
        const bool isInTable = cursor.currentTable() != nullptr;
        format.setLineHeight(LinePercent, QTextBlockFormat::ProportionalHeight);
        const bool isItem = block.textList() != nullptr;
        const bool isTight = isItem && block.next().isValid() && block.next().textList() != nullptr;
        format.setTopMargin(heading > 0 && block != begin() ? 10 : 0);
        format.setBottomMargin(isInTable || isCode ? 0 : isTight ? 3 : heading > 0 ? 6 : block.next().isValid() ? 10 : 0);
        if (format.hasProperty(QTextFormat::BlockQuoteLevel))
            format.setLeftMargin(14.0 * format.intProperty(QTextFormat::BlockQuoteLevel));
        format.clearBackground();
        cursor.setBlockFormat(format);
        QTextCharFormat all;
        all.setForeground(format.hasProperty(QTextFormat::BlockQuoteLevel) ? tokens.muted : tokens.text);
        if (heading > 0) {
            // Steps of Qt's: 1 is a fifth larger than the text, 2 a half.
            all.setProperty(QTextFormat::FontSizeAdjustment, heading <= 1 ? 2 : heading == 2 ? 1 : 0);
            all.setFontWeight(QFont::Bold);
        } else if (isCode) {
            all.setFont(codeFont(Type::Body));
        }
        cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
        cursor.mergeCharFormat(all);
        dressFragments(block, tokens, heading > 0);
    }
}

void StillDocument::dressFragments(const QTextBlock &block, const Tokens &tokens, bool isHeading)
{
    struct Span {
        int from;
        int length;
        QTextCharFormat format;
    };
    QList<Span> spans;
    for (auto it = block.begin(); !it.atEnd(); ++it) {
        const QTextFragment fragment = it.fragment();
        const QTextCharFormat format = fragment.charFormat();
        if (format.isAnchor() || format.isImageFormat() || format.fontFixedPitch())
            spans.append({fragment.position(), fragment.length(), format});
    }
    // From the end: a picture that becomes words moves what stands behind it.
    std::reverse(spans.begin(), spans.end());
    for (const Span &span : std::as_const(spans)) {
        QTextCursor cursor(this);
        cursor.setPosition(span.from);
        cursor.setPosition(span.from + span.length, QTextCursor::KeepAnchor);
        if (span.format.isImageFormat()) {
            const QTextImageFormat image = span.format.toImageFormat();
            const QString words = image.stringProperty(QTextFormat::ImageAltText);
            QTextCharFormat link;
            link.setAnchor(true);
            link.setAnchorHref(image.name());
            link.setForeground(tokens.accent);
            link.setFontUnderline(true);
            cursor.insertText(tr("[picture, not loaded: %1]").arg(safeText(words.isEmpty() ? image.name() : words, 120)), link);
            continue;
        }
        QTextCharFormat more;
        if (span.format.isAnchor()) {
            more.setForeground(tokens.accent);
            more.setFontUnderline(true);
        } else if (!isHeading) {
            more.setFont(codeFont(Type::Body));
            more.setBackground(tokens.raised);
        }
        cursor.mergeCharFormat(more);
    }
}

// Before Qt 6.6 a list cannot begin with another number than 1; code between two items makes such lists every day.
void StillDocument::numberLists(const QString &markdown)
{
    QList<int> starts = listStarts(markdown);
    if (std::all_of(starts.cbegin(), starts.cend(), [](int start) { return start == 1; }))
        return;
    QList<QTextList *> known;
    for (QTextBlock block = begin(); block.isValid(); block = block.next()) {
        QTextList *list = block.textList();
        if (!list || known.contains(list) || list->format().style() != QTextListFormat::ListDecimal || list->format().indent() > 1)
            continue;
        known.append(list);
        const int start = starts.isEmpty() ? 1 : starts.takeFirst();
        if (start == 1)
            continue;
        QList<QTextBlock> items;
        for (int i = 0; i < list->count(); ++i)
            items.append(list->item(i));
        int number = start;
        for (const QTextBlock &item : std::as_const(items)) {
            list->remove(item);
            QTextCursor cursor(item);
            QTextBlockFormat format = item.blockFormat();
            format.setIndent(0);
            format.setLeftMargin(indentWidth());
            format.setTextIndent(-indentWidth() + 4);
            cursor.setBlockFormat(format);
            cursor.insertText(u"%1. "_s.arg(number++), QTextCharFormat());
        }
    }
}

void StillDocument::dressTables(const Tokens &tokens)
{
    m_hasTable = false;
    const QList<QTextFrame *> frames = rootFrame()->childFrames();
    for (QTextFrame *frame : frames) {
        auto *table = qobject_cast<QTextTable *>(frame);
        if (!table)
            continue;
        m_hasTable = true;
        QTextTableFormat format = table->format();
        format.setCellPadding(6);
        format.setCellSpacing(0);
        format.setBorder(1);
        format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
        format.setBorderBrush(tokens.border);
        format.setBorderCollapse(true);
        format.setTopMargin(2);
        format.setBottomMargin(10);
        table->setFormat(format);
        for (int column = 0; column < table->columns(); ++column) {
            QTextTableCell cell = table->cellAt(0, column);
            QTextCharFormat head = cell.format();
            head.setBackground(tokens.raised);
            cell.setFormat(head);
            QTextCursor cursor = cell.firstCursorPosition();
            cursor.setPosition(cell.lastCursorPosition().position(), QTextCursor::KeepAnchor);
            QTextCharFormat bold;
            bold.setFontWeight(QFont::Bold);
            cursor.mergeCharFormat(bold);
        }
    }
}

} // namespace hybridge
