// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/checklist/checkrow.h"

#include "ui/widgets/lamppainter.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int Lamp = 16;
constexpr int Inset = 16; ///< from the card's edge to the title
constexpr int Chevron = 18;

NodeCondition conditionOf(const CheckCell &cell)
{
    if (cell.pending)
        return NodeCondition::Starting;
    switch (cell.verdict.state) {
    case CheckState::Pass: return NodeCondition::Healthy;
    case CheckState::Fail: return NodeCondition::Down;
    case CheckState::Unknown:
    case CheckState::NotApplicable: break;
    }
    return NodeCondition::Unknown;
}

Text::Tone toneOf(CheckState state)
{
    return state == CheckState::Fail ? Text::Tone::Down : state == CheckState::Pass ? Text::Tone::Ok : Text::Tone::Muted;
}

QRect cellRect(const CheckGeometry &geometry, int index, int height)
{
    return {geometry.left + index * geometry.width, 0, geometry.width, height};
}

/// A lamp that stands in a layout.
class CellLamp final : public QWidget {
public:
    CellLamp(const CheckCell &cell, QWidget *parent) : QWidget(parent), m_condition(conditionOf(cell)) { setFixedSize(Lamp, Lamp); }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        paintLamp(painter, rect(), m_condition, tokensFor(palette()));
    }

private:
    NodeCondition m_condition;
};

/// The lines of a diff, what goes red and what comes green, on a raised ground.
class Diff final : public QWidget {
public:
    Diff(const QString &diff, QWidget *parent) : QWidget(parent)
    {
        auto *column = new QVBoxLayout(this);
        column->setContentsMargins(space::M, space::S, space::M, space::S);
        column->setSpacing(1);
        for (const QString &line : diff.split(QLatin1Char('\n'))) {
            const bool file = line.startsWith(QLatin1String("---")) || line.startsWith(QLatin1String("+++"));
            auto *text = new Text(line, Type::Label, file ? Text::Tone::Muted : line.startsWith(QLatin1Char('+')) ? Text::Tone::Ok : line.startsWith(QLatin1Char('-')) ? Text::Tone::Down : Text::Tone::Text, this);
            text->setCode();
            text->setSelectable();
            column->addWidget(text);
        }
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Tokens &tokens = tokensFor(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(tokens.border);
        painter.setBrush(tokens.background);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Control, radius::Control);
    }
};

} // namespace

QString checkStateWord(CheckState state)
{
    switch (state) {
    case CheckState::Pass: return CheckRow::tr("Passed");
    case CheckState::Fail: return CheckRow::tr("Failed");
    case CheckState::Unknown: return CheckRow::tr("Unknown");
    case CheckState::NotApplicable: break;
    }
    return CheckRow::tr("Does not apply");
}

bool CheckLine::hasFailed() const
{
    return std::any_of(cells.begin(), cells.end(), [](const CheckCell &cell) { return cell.applies && cell.verdict.state == CheckState::Fail; });
}

CheckRow::CheckRow(const QList<CheckColumn> &columns, QWidget *parent) : QWidget(parent), m_columns(columns), m_layout(new QVBoxLayout(this))
{
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    m_layout->setContentsMargins(0, Height, 0, 0);
    m_layout->setSpacing(0);
}

void CheckRow::setLine(const CheckLine &line)
{
    if (m_line == line)
        return;
    m_line = line;
    setObjectName(QStringLiteral("row:") + line.id);
    setAccessibleName(spoken());
    // While a diff waits for an answer it stays where it is; it goes with the failure.
    const qsizetype asked = std::find_if(m_columns.begin(), m_columns.end(), [this](const CheckColumn &column) { return column.node == m_asking; }) - m_columns.begin();
    if (!m_asking.isEmpty() && (asked >= line.cells.size() || !line.cells.at(asked).verdict.fix))
        m_asking.clear();
    if (m_detail)
        buildDetail();
    update();
}

QString CheckRow::spoken() const
{
    QStringList words {m_line.title};
    for (qsizetype i = 0; i < m_line.cells.size() && i < m_columns.size(); ++i)
        if (m_line.cells.at(i).applies)
            words.append(QStringLiteral("%1: %2").arg(m_columns.at(i).label, checkStateWord(m_line.cells.at(i).verdict.state)));
    return words.join(QLatin1String(", "));
}

void CheckRow::setGeometryOfCells(const CheckGeometry &geometry)
{
    if (m_geometry == geometry)
        return;
    m_geometry = geometry;
    update();
}

QSize CheckRow::sizeHint() const
{
    return {320, Height + (m_detail ? m_detail->sizeHint().height() : 0)};
}

void CheckRow::setUnfolded(bool wanted)
{
    if (wanted == isUnfolded())
        return;
    if (wanted) {
        buildDetail();
    } else {
        dropDetail();
        m_asking.clear();
    }
    updateGeometry();
    update();
    Q_EMIT unfolded(wanted);
}

void CheckRow::setFixing(const QString &node, bool running, const QString &error, const QString &remedy)
{
    m_fixing = running ? node : QString();
    m_fixError = error;
    m_fixRemedy = remedy;
    m_fixErrorNode = error.isEmpty() ? QString() : node;
    m_asking.clear();
    if (m_detail)
        buildDetail();
}

/// Later: one of its buttons may be what asks for it.
void CheckRow::dropDetail()
{
    if (!m_detail)
        return;
    m_layout->removeWidget(m_detail);
    m_detail->hide();
    m_detail->setParent(nullptr);
    m_detail->deleteLater();
    m_detail = nullptr;
}

void CheckRow::buildDetail()
{
    dropDetail();
    m_detail = new QWidget(this);
    m_detail->setCursor(Qt::ArrowCursor);
    auto *column = new QVBoxLayout(m_detail);
    column->setContentsMargins(Inset + Chevron, 0, Inset, space::L);
    column->setSpacing(space::M);
    auto *top = new QHBoxLayout;
    top->setSpacing(space::M);
    auto *why = new Text(m_line.why, Type::Body, Text::Tone::Muted, m_detail);
    auto *again = new QPushButton(tr("Check this again"), m_detail);
    again->setObjectName(QStringLiteral("again"));
    again->setEnabled(std::none_of(m_line.cells.begin(), m_line.cells.end(), [](const CheckCell &cell) { return cell.applies && cell.pending; }));
    connect(again, &QPushButton::clicked, this, [this] { Q_EMIT runRequested(m_line.id); });
    top->addWidget(why, 1);
    top->addWidget(again, 0, Qt::AlignTop);
    column->addLayout(top);
    // What failed first; what passed below it, quieter.
    for (const CheckState state : {CheckState::Fail, CheckState::Unknown, CheckState::Pass})
        for (qsizetype i = 0; i < m_line.cells.size() && i < m_columns.size(); ++i)
            if (m_line.cells.at(i).applies && m_line.cells.at(i).verdict.state == state)
                addCell(column, m_columns.at(i), m_line.cells.at(i));
    m_layout->addWidget(m_detail);
    m_detail->show();
    updateGeometry();
}

void CheckRow::addCell(QVBoxLayout *column, const CheckColumn &of, const CheckCell &cell)
{
    auto *row = new QHBoxLayout;
    row->setSpacing(space::S);
    auto *lamp = new CellLamp(cell, m_detail);
    lamp->setAccessibleName(checkStateWord(cell.verdict.state));
    row->addWidget(lamp, 0, Qt::AlignTop);
    auto *name = new Text(of.label, Type::Body, Text::Tone::Text, m_detail);
    name->setBold(true);
    name->setMaxLines(1);
    name->setFixedWidth(124);
    row->addWidget(name, 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setSpacing(space::Xs);
    auto *evidence = new Text(cell.verdict.evidence, Type::Body, cell.verdict.state == CheckState::Pass ? Text::Tone::Muted : Text::Tone::Text, m_detail);
    evidence->setSelectable();
    words->addWidget(evidence);
    if (!cell.verdict.remedy.isEmpty()) {
        auto *remedy = new Text(cell.verdict.remedy, Type::Body, toneOf(cell.verdict.state) == Text::Tone::Down ? Text::Tone::Accent : Text::Tone::Muted, m_detail);
        remedy->setSelectable();
        words->addWidget(remedy);
    }
    if (cell.verdict.fix)
        addFix(words, of, *cell.verdict.fix);
    row->addLayout(words, 1);
    column->addLayout(row);
}

void CheckRow::addFix(QVBoxLayout *column, const CheckColumn &of, const CheckFix &fix)
{
    if (!m_fixing.isEmpty() && m_fixing == of.node) {
        column->addWidget(new Text(tr("It is being put right, and read back."), Type::Body, Text::Tone::Muted, m_detail));
        return;
    }
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    if (m_fixErrorNode == of.node && !m_fixError.isEmpty()) {
        auto *error = new Text(m_fixError, Type::Body, Text::Tone::Down, m_detail);
        error->setSelectable();
        column->addWidget(error);
        if (!m_fixRemedy.isEmpty()) {
            auto *remedy = new Text(m_fixRemedy, Type::Label, Text::Tone::Text, m_detail);
            remedy->setCode();
            remedy->setSelectable();
            column->addWidget(remedy);
        }
    }
    if (m_asking == of.node) {
        column->addWidget(new Diff(fix.diff, m_detail));
        if (!fix.undo.isEmpty()) {
            auto *undo = new Text(tr("To take it back: %1").arg(fix.undo), Type::Label, Text::Tone::Muted, m_detail);
            undo->setSelectable();
            column->addWidget(undo);
        }
        auto *yes = new QPushButton(tr("%1 on %2").arg(fix.title, of.label), m_detail);
        yes->setObjectName(QStringLiteral("fixNow"));
        yes->setProperty("kind", QStringLiteral("primary"));
        connect(yes, &QPushButton::clicked, this, [this, node = of.node] { Q_EMIT fixRequested(m_line.id, node); });
        auto *no = new QPushButton(tr("Leave it"), m_detail);
        connect(no, &QPushButton::clicked, this, [this] {
            m_asking.clear();
            buildDetail();
        });
        buttons->addWidget(yes);
        buttons->addWidget(no);
    } else {
        auto *show = new QPushButton(tr("Show the fix…"), m_detail);
        show->setObjectName(QStringLiteral("fixShow"));
        show->setToolTip(fix.title);
        connect(show, &QPushButton::clicked, this, [this, node = of.node] {
            m_asking = node;
            m_fixErrorNode.clear();
            buildDetail();
        });
        buttons->addWidget(show);
    }
    buttons->addStretch(1);
    column->addLayout(buttons);
}

void CheckRow::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect top(0, 0, width(), Height);
    if (m_hovered || hasFocus())
        painter.fillRect(top.adjusted(1, 1, -1, 0), tokens.raised);
    painter.setPen(tokens.border);
    painter.drawLine(QPointF(Inset, 0.5), QPointF(width() - Inset, 0.5));
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const auto place = [&](const QRect &rect) { return mirrored ? QRect(width() - rect.x() - rect.width(), rect.y(), rect.width(), rect.height()) : rect; };
    // The chevron: right when folded, down when unfolded.
    painter.setPen(QPen(tokens.muted, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const QPointF centre = place(QRect(Inset, 0, 10, Height)).center();
    const double out = mirrored ? -3.0 : 3.0;
    if (m_detail)
        painter.drawPolyline(QPolygonF {centre + QPointF(-4, -2), centre + QPointF(0, 2), centre + QPointF(4, -2)});
    else
        painter.drawPolyline(QPolygonF {centre + QPointF(-out / 2, -4), centre + QPointF(out / 2, 0), centre + QPointF(-out / 2, 4)});
    painter.setFont(typeFont(Type::Body, m_line.hasFailed()));
    painter.setPen(tokens.text);
    const QRect room = place(QRect(Inset + Chevron, 0, m_geometry.left - Inset - Chevron - space::S, Height));
    painter.drawText(room, int(Qt::AlignVCenter | (mirrored ? Qt::AlignRight : Qt::AlignLeft)), painter.fontMetrics().elidedText(m_line.title, Qt::ElideRight, room.width()));
    for (qsizetype i = 0; i < m_line.cells.size(); ++i) {
        const QRect cell = place(cellRect(m_geometry, int(i), Height));
        if (!m_line.cells.at(i).applies) {
            painter.setPen(QPen(tokens.border, 2, Qt::SolidLine, Qt::RoundCap));
            painter.drawLine(QPointF(cell.center()) - QPointF(3, 0), QPointF(cell.center()) + QPointF(3, 0));
            continue;
        }
        paintLamp(painter, QRectF(cell.center().x() - Lamp / 2.0 + 0.5, cell.center().y() - Lamp / 2.0 + 0.5, Lamp, Lamp), conditionOf(m_line.cells.at(i)), tokens, 0.1);
    }
    if (hasFocus()) {
        painter.setPen(QPen(tokens.accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(top).adjusted(2, 2, -2, -2), radius::Control, radius::Control);
    }
}

void CheckRow::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton && event->position().y() < Height)
        setUnfolded(!isUnfolded());
    else
        QWidget::mousePressEvent(event);
}

void CheckRow::keyPressEvent(QKeyEvent *event)
{
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space: return setUnfolded(!isUnfolded());
    case Qt::Key_Right: return setUnfolded(true);
    case Qt::Key_Left: return setUnfolded(false);
    case Qt::Key_Down: focusNextChild(); return;
    case Qt::Key_Up: focusPreviousChild(); return;
    default: QWidget::keyPressEvent(event);
    }
}

void CheckRow::enterEvent(QEnterEvent *)
{
    m_hovered = true;
    update();
}

void CheckRow::leaveEvent(QEvent *)
{
    m_hovered = false;
    update();
}

bool CheckRow::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const QPoint at = static_cast<QHelpEvent *>(event)->pos();
        for (qsizetype i = 0; i < m_line.cells.size() && i < m_columns.size(); ++i)
            if (at.y() < Height && m_line.cells.at(i).applies && cellRect(m_geometry, int(i), Height).contains(layoutDirection() == Qt::RightToLeft ? QPoint(width() - at.x(), at.y()) : at)) {
                QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(),
                    QStringLiteral("<p>%1: %2<br>%3</p>").arg(m_columns.at(i).label.toHtmlEscaped(), checkStateWord(m_line.cells.at(i).verdict.state), m_line.cells.at(i).verdict.evidence.toHtmlEscaped()), this);
                return true;
            }
    }
    return QWidget::event(event);
}

CheckHead::CheckHead(QWidget *parent) : QWidget(parent)
{
    setFixedHeight(34);
}

void CheckHead::setColumns(const QList<CheckColumn> &columns)
{
    m_columns = columns;
    update();
}

void CheckHead::setGeometryOfCells(const CheckGeometry &geometry)
{
    m_geometry = geometry;
    update();
}

void CheckHead::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setFont(typeFont(Type::Label));
    for (qsizetype i = 0; i < m_columns.size(); ++i) {
        QRect cell = cellRect(m_geometry, int(i), height());
        if (layoutDirection() == Qt::RightToLeft)
            cell.moveLeft(width() - cell.x() - cell.width());
        const QFontMetrics metrics = painter.fontMetrics();
        const bool whole = metrics.horizontalAdvance(m_columns.at(i).label) <= cell.width() - 6;
        painter.setPen(tokens.muted);
        painter.drawText(cell.adjusted(2, 0, -2, -6), int(Qt::AlignHCenter | Qt::AlignVCenter), metrics.elidedText(whole ? m_columns.at(i).label : m_columns.at(i).shortLabel, Qt::ElideRight, cell.width() - 6));
        if (m_columns.at(i).colour.isValid())
            painter.fillRect(QRect(cell.center().x() - 12, height() - 6, 24, 3), m_columns.at(i).colour);
    }
}

bool CheckHead::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const QPoint at = static_cast<QHelpEvent *>(event)->pos();
        for (qsizetype i = 0; i < m_columns.size(); ++i)
            if (cellRect(m_geometry, int(i), height()).contains(layoutDirection() == Qt::RightToLeft ? QPoint(width() - at.x(), at.y()) : at)) {
                QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(), m_columns.at(i).label.toHtmlEscaped(), this);
                return true;
            }
    }
    return QWidget::event(event);
}

} // namespace hybridge
