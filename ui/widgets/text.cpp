// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/text.h"

#include "ui/widgets/tokens.h"

#include <QAction>
#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QPainter>
#include <QStyle>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace hybridge {

Text::Text(Type type, Tone tone, QWidget *parent) : QLabel(parent), m_type(type), m_tone(tone)
{
    setTextFormat(Qt::PlainText);
    setWordWrap(true);
    setFont(typeFont(type));
    applyTone();
    applyAlignment();
}

Text::Text(const QString &text, Type type, Tone tone, QWidget *parent) : Text(type, tone, parent)
{
    setText(text);
}

void Text::setTone(Tone tone)
{
    if (tone == m_tone)
        return;
    m_tone = tone;
    applyTone();
}

void Text::setBold(bool bold)
{
    QFont changed = font();
    changed.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    setFont(changed);
}

void Text::setFigures()
{
    setFont(figureFont(m_type, font().weight() > QFont::Normal));
}

void Text::setCode()
{
    setFont(codeFont(m_type));
}

void Text::setMaxLines(int lines)
{
    m_maxLines = lines;
    setWordWrap(lines != 1);
    updateGeometry();
}

void Text::setSelectable()
{
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setFocusPolicy(Qt::ClickFocus); // selectable by mouse; not a stop on every Tab
}

void Text::setCopyable()
{
    auto *copy = new QAction(tr("Copy"), this);
    connect(copy, &QAction::triggered, this, [this] { QGuiApplication::clipboard()->setText(text()); });
    addAction(copy);
    setContextMenuPolicy(Qt::ActionsContextMenu);
}

void Text::setAlignment(Qt::Alignment alignment)
{
    m_alignment = alignment;
    m_centred = alignment.testFlag(Qt::AlignVCenter);
    applyAlignment();
}

// QLabel mirrors by the direction of its text: an Arabic name among English sentences would jump to the other side.
void Text::applyAlignment()
{
    const Qt::Alignment wanted = QStyle::visualAlignment(layoutDirection(), m_alignment) | Qt::AlignAbsolute;
    if (QLabel::alignment() != wanted)
        QLabel::setAlignment(wanted);
}

void Text::put(const QString &text)
{
    if (text == this->text())
        return;
    setText(text);
    updateTip();
}

QSize Text::sizeHint() const
{
    if (m_maxLines == 0)
        return QLabel::sizeHint();
    const QFontMetrics metrics = fontMetrics();
    const int wide = metrics.horizontalAdvance(text()) + 1;
    return {m_maxLines == 1 ? wide : std::min(wide, 360), m_maxLines == 1 ? metrics.height() : heightForWidth(std::min(wide, 360))};
}

QSize Text::minimumSizeHint() const
{
    if (m_maxLines == 0 && !wordWrap())
        return QLabel::minimumSizeHint();
    return {std::min(sizeHint().width(), fontMetrics().averageCharWidth() * 6), fontMetrics().height()};
}

bool Text::hasHeightForWidth() const
{
    return m_maxLines != 1 && (m_maxLines > 1 || QLabel::hasHeightForWidth());
}

int Text::heightForWidth(int width) const
{
    if (m_maxLines == 0 && !breaksWords(width))
        return QLabel::heightForWidth(width);
    bool cut = false;
    const qsizetype lines = std::max<qsizetype>(1, linesFor(width, &cut).size());
    return int(lines) * fontMetrics().lineSpacing();
}

QStringList Text::linesFor(int width, bool *cut) const
{
    *cut = false;
    const QFontMetrics metrics = fontMetrics();
    QString whole = text();
    if (m_maxLines == 1) {
        whole.replace(QLatin1Char('\n'), QLatin1Char(' '));
        const QString line = metrics.elidedText(whole, Qt::ElideRight, width);
        *cut = line != whole;
        return {line};
    }
    QTextLayout layout(whole.replace(QLatin1Char('\n'), QChar::LineSeparator), font());
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(option);
    layout.beginLayout();
    QStringList out;
    for (;;) {
        QTextLine line = layout.createLine();
        if (!line.isValid())
            break;
        line.setLineWidth(width);
        if (m_maxLines > 0 && out.size() == m_maxLines - 1 && line.textStart() + line.textLength() < whole.size()) {
            QString rest = whole.mid(line.textStart());
            rest.replace(QChar::LineSeparator, QLatin1Char(' '));
            out.append(metrics.elidedText(rest, Qt::ElideRight, width));
            *cut = true;
            break;
        }
        out.append(whole.mid(line.textStart(), line.textLength()).trimmed());
    }
    layout.endLayout();
    return out;
}

bool Text::isCut() const
{
    bool cut = false;
    (void)linesFor(width(), &cut);
    return m_maxLines > 0 && cut;
}

// QLabel wraps at blanks alone: the widest word is the least it needs.
bool Text::breaksWords(int width) const
{
    return m_maxLines == 0 && wordWrap() && QLabel::minimumSizeHint().width() > width;
}

void Text::paintEvent(QPaintEvent *event)
{
    if (m_maxLines == 0 && !breaksWords(width())) {
        QLabel::paintEvent(event);
        return;
    }
    QPainter painter(this);
    painter.setPen(palette().color(isEnabled() ? QPalette::Normal : QPalette::Disabled, foregroundRole()));
    painter.setFont(font());
    const QFontMetrics metrics = fontMetrics();
    bool cut = false;
    const QStringList lines = linesFor(width(), &cut);
    const Qt::Alignment horizontal = m_alignment & Qt::AlignHorizontal_Mask;
    const int spare = height() - metrics.height() - int(lines.size() - 1) * metrics.lineSpacing();
    int y = m_maxLines == 1 || m_centred ? std::max(0, spare / 2) : 0;
    for (const QString &line : lines) {
        const Qt::Alignment where = QStyle::visualAlignment(layoutDirection(), horizontal);
        painter.drawText(QRect(0, y, width(), metrics.height()), int(where | Qt::AlignVCenter) | Qt::TextSingleLine, line);
        y += metrics.lineSpacing();
    }
}

void Text::changeEvent(QEvent *event)
{
    QLabel::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyTone();
    else if (event->type() == QEvent::LayoutDirectionChange)
        applyAlignment();
}

void Text::resizeEvent(QResizeEvent *event)
{
    QLabel::resizeEvent(event);
    updateTip();
}

void Text::applyTone()
{
    const Tokens &t = tokensFor(palette());
    const QColor colours[] {t.text, t.muted, t.accent, t.ok, t.warn, t.down};
    const QColor wanted = colours[std::size_t(m_tone)];
    if (palette().color(QPalette::WindowText) == wanted)
        return;
    QPalette changed = palette();
    changed.setColor(QPalette::WindowText, wanted);
    setPalette(changed);
}

void Text::updateTip()
{
    if (m_maxLines == 0)
        return;
    bool cut = false;
    const QStringList lines = linesFor(width(), &cut);
    Q_UNUSED(lines)
    if (cut) {
        setToolTip(text());
        m_tipIsOurs = true;
    } else if (m_tipIsOurs) {
        setToolTip({});
        m_tipIsOurs = false;
    }
}

} // namespace hybridge
