// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/blockviews.h"

#include "backend/base/units.h"
#include "ui/chat/codecolours.h"
#include "ui/chat/markdowndocument.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QAbstractTextDocumentLayout>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTextBlock>
#include <QTimer>
#include <QToolButton>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr int CodePad = 10;
constexpr int CodeHead = 30;

} // namespace

TextBlockView::TextBlockView(QWidget *parent) : QTextBrowser(parent), m_document(new StillDocument(this))
{
    setFrameShape(QFrame::NoFrame);
    setOpenLinks(false);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    setDocument(m_document);
    setTabChangesFocus(true);
    connect(this, &QTextBrowser::anchorClicked, this, &TextBlockView::linkActivated);
}

void TextBlockView::setMarkdown(const QString &markdown)
{
    if (markdown == m_markdown)
        return;
    m_markdown = markdown;
    render();
}

void TextBlockView::render()
{
    m_document->setBlock(m_markdown, tokensFor(palette()));
    setHorizontalScrollBarPolicy(m_document->hasTable() ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
}

int TextBlockView::heightFor(int width)
{
    if (m_document->textWidth() != width)
        m_document->setTextWidth(width);
    const QSizeF size = m_document->size();
    const bool isWide = m_document->hasTable() && size.width() > width + 1;
    return int(std::ceil(size.height())) + (isWide ? 12 : 0);
}

void TextBlockView::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    const Tokens &tokens = tokensFor(palette());
    for (QTextBlock block = m_document->begin(); block.isValid(); block = block.next()) {
        const int level = block.blockFormat().intProperty(QTextFormat::BlockQuoteLevel);
        if (level <= 0)
            continue;
        const QRectF rect = m_document->documentLayout()->blockBoundingRect(block);
        const bool isRight = block.textDirection() == Qt::RightToLeft;
        for (int i = 0; i < level; ++i)
            painter.fillRect(QRectF(isRight ? width() - 3 - 14 * i : 14 * i, rect.top(), 3, rect.height()), tokens.border);
    }
    painter.end();
    QTextBrowser::paintEvent(event);
}

// The conversation scrolls, not a block of it.
void TextBlockView::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

void TextBlockView::changeEvent(QEvent *event)
{
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && !m_markdown.isEmpty())
        render();
}

QVariant TextBlockView::loadResource(int /*type*/, const QUrl & /*name*/)
{
    return {};
}

CodeBlockView::CodeBlockView(QWidget *parent)
    : QFrame(parent), m_language(new Text(Type::Label, Text::Tone::Muted, this)), m_copy(new QToolButton(this)), m_code(new QPlainTextEdit(this))
{
    m_language->setMaxLines(1);
    m_copy->setObjectName(QStringLiteral("copyCode"));
    m_copy->setText(tr("Copy"));
    m_copy->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_copy->setFont(typeFont(Type::Label));
    m_code->setReadOnly(true);
    m_code->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_code->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_code->setFrameShape(QFrame::NoFrame);
    m_code->setFont(codeFont(Type::Body));
    m_code->document()->setDocumentMargin(0);
    m_code->setProperty("kind", QStringLiteral("plain"));
    m_code->setUndoRedoEnabled(false);
    m_code->setTabChangesFocus(true);
    m_code->viewport()->installEventFilter(this);
    connect(m_copy, &QToolButton::clicked, this, [this] {
        Q_EMIT copyRequested();
        m_copied = true;
        m_copy->setText(tr("Copied"));
        refreshIcon();
        QTimer::singleShot(1500, this, [this] {
            m_copied = false;
            m_copy->setText(tr("Copy"));
            refreshIcon();
        });
    });
    refreshIcon();
}

void CodeBlockView::setCode(const MarkdownBlock &block, bool goesOn)
{
    if (block == m_block && goesOn == m_goesOn)
        return;
    const QString safe = safeBlock(block.text);
    const QString old = m_code->toPlainText();
    if (!old.isEmpty() && safe.startsWith(old)) {
        // What streams grows at its end: nothing before is laid out again.
        QTextCursor cursor(m_code->document());
        cursor.movePosition(QTextCursor::End);
        cursor.insertText(safe.mid(old.size()));
    } else {
        m_code->setPlainText(safe);
    }
    const bool isOther = block.language != m_block.language;
    m_block = block;
    m_goesOn = goesOn;
    if (isOther)
        colour();
    m_language->put(block.continues ? QString() : safeText(block.language.isEmpty() ? tr("text") : block.language, 40));
    m_copy->setVisible(!block.continues);
    m_language->setVisible(!block.continues);
    m_lines = std::max(1, m_code->document()->blockCount());
    m_longest = 0;
    for (QTextBlock line = m_code->document()->begin(); line.isValid(); line = line.next())
        m_longest = std::max(m_longest, int(line.length()));
    update();
}

int CodeBlockView::headHeight() const
{
    return m_block.continues ? 0 : CodeHead;
}

int CodeBlockView::heightFor(int width)
{
    const int line = m_code->fontMetrics().lineSpacing();
    const int charWidth = m_code->fontMetrics().horizontalAdvance(QLatin1Char('m'));
    const bool isWide = m_longest * charWidth > width - 2 * CodePad;
    const int bottom = m_goesOn ? 0 : CodePad;
    const int top = headHeight();
    const int body = m_lines * line + 6 + (isWide ? 14 : 0);
    m_language->setGeometry(CodePad + 2, 0, width / 2, CodeHead);
    const QSize copy = m_copy->sizeHint();
    m_copy->setGeometry(width - copy.width() - 4, (CodeHead - copy.height()) / 2 + 1, copy.width(), copy.height());
    m_code->setGeometry(CodePad, top, width - 2 * CodePad, body);
    return top + body + bottom;
}

void CodeBlockView::paintEvent(QPaintEvent * /*event*/)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    // What was cut goes on without an edge between.
    QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    if (m_block.continues)
        frame.setTop(-2.0 * radius::Card);
    if (m_goesOn)
        frame.setBottom(height() + 2.0 * radius::Card);
    painter.setPen(tokens.border);
    painter.setBrush(mixed(tokens.background, tokens.surface, 0.35));
    painter.drawRoundedRect(frame, radius::Control, radius::Control);
}

void CodeBlockView::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        refreshIcon();
        colour();
    }
}

/// By the language, in the scheme of the palette.
void CodeBlockView::colour()
{
    delete m_colours;
    m_colours = colourCode(m_code->document(), m_block.language, palette());
}

bool CodeBlockView::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Wheel) {
        auto *wheel = static_cast<QWheelEvent *>(event);
        if (std::abs(wheel->angleDelta().y()) >= std::abs(wheel->angleDelta().x()) && !wheel->modifiers().testFlag(Qt::ShiftModifier)) {
            event->ignore();
            return true; // the filter's answer keeps it from the editor; ignored, it goes on to the conversation
        }
    }
    return QFrame::eventFilter(watched, event);
}

void CodeBlockView::refreshIcon()
{
    const Tokens &tokens = tokensFor(palette());
    m_copy->setIcon(tintedIcon(m_copied ? QStringLiteral("done") : QStringLiteral("copy"), m_copied ? tokens.ok : tokens.muted, 14));
}

} // namespace hybridge
