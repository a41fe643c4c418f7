// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/operationdialog.h"

#include "backend/base/units.h"
#include "ui/lifecycle/findingrow.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace hybridge {

namespace {

QWidget *planOf(const OperationPlan &plan, QWidget *parent)
{
    auto *box = new QWidget(parent);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    int number = 0;
    for (const StepReport &step : plan.steps)
        column->addWidget(new Text(QStringLiteral("%1. %2").arg(++number).arg(step.name), Type::Body, Text::Tone::Text, box));
    return box;
}

QWidget *callsOf(const OperationPlan &plan, QWidget *parent)
{
    auto *box = new QWidget(parent);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    for (const QString &call : plan.calls) {
        auto *text = new Text(safeText(call, 400), Type::Label, Text::Tone::Muted, box);
        text->setCode();
        text->setSelectable();
        column->addWidget(text);
    }
    return box;
}

} // namespace

OperationDialog::OperationDialog(const OperationProposal &proposal, const QString &label, const QColor &colour, QWidget *parent)
    : QDialog(parent), m_request(proposal.request), m_colour(colour), m_go(new QPushButton(this))
{
    setObjectName(QStringLiteral("operationDialog"));
    const QString title = operationTitle(m_request.kind, label, m_request.service);
    setWindowTitle(title);
    setMinimumWidth(560);
    auto *name = new Text(label == m_request.node ? label : QStringLiteral("%1 · %2").arg(label, m_request.node), Type::Label, Text::Tone::Muted, this);
    name->setMaxLines(1);
    auto *head = new Text(title, Type::Section, Text::Tone::Text, this);
    head->setBold(true);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addWidget(name);
    column->addWidget(head);

    auto *body = new QWidget;
    auto *parts = new QVBoxLayout(body);
    parts->setContentsMargins(0, 0, space::S, 0);
    parts->setSpacing(space::M);
    for (const GuardFinding &finding : proposal.findings) {
        GuardFinding shown = finding;
        // What lifts these two is asked for right below.
        if (finding.id == QLatin1String("last-backend") || finding.id == QLatin1String("local-ssd"))
            shown.remedy.clear();
        parts->addWidget(new FindingRow(shown, body));
        if (finding.weight != GuardFinding::Weight::Block)
            continue;
        if (finding.id == QLatin1String("last-backend"))
            m_needsName = true;
        else if (finding.id == QLatin1String("local-ssd"))
            m_needsSsd = true;
        else
            m_isBarred = true;
    }
    if (m_needsSsd && !m_isBarred) {
        auto *keep = new QRadioButton(tr("Keep what lies on the Local SSD"), body);
        keep->setObjectName(QStringLiteral("keepLocalSsd"));
        auto *discard = new QRadioButton(tr("Discard it"), body);
        discard->setObjectName(QStringLiteral("discardLocalSsd"));
        parts->addWidget(keep);
        parts->addWidget(discard);
        connect(keep, &QRadioButton::toggled, this, [this](bool on) {
            if (on)
                m_request.discardLocalSsd = false;
            refresh();
        });
        connect(discard, &QRadioButton::toggled, this, [this](bool on) {
            if (on)
                m_request.discardLocalSsd = true;
            refresh();
        });
    }
    if (m_needsName && !m_isBarred) {
        parts->addWidget(new Text(tr("To do it all the same, type the node's name: %1").arg(m_request.node), Type::Body, Text::Tone::Text, body));
        m_name = new QLineEdit(body);
        m_name->setObjectName(QStringLiteral("overrideName"));
        m_name->setAccessibleName(tr("Name of the node"));
        m_name->setPlaceholderText(m_request.node);
        parts->addWidget(m_name);
        connect(m_name, &QLineEdit::textChanged, this, [this](const QString &text) {
            m_request.lastBackendOverride = text.trimmed();
            refresh();
        });
    }
    if (!m_isBarred) {
        parts->addSpacing(space::Xs);
        parts->addWidget(new Text(tr("What will be done"), Type::Label, Text::Tone::Muted, body));
        parts->addWidget(planOf(proposal.plan, body));
        if (!proposal.plan.calls.isEmpty()) {
            auto *calls = callsOf(proposal.plan, body);
            calls->hide();
            auto *more = new QPushButton(tr("Show each call"), body);
            more->setObjectName(QStringLiteral("showCalls"));
            more->setProperty("kind", QStringLiteral("link"));
            parts->addWidget(more, 0, Qt::AlignLeft);
            parts->addWidget(calls);
            connect(more, &QPushButton::clicked, calls, [more, calls] {
                calls->setVisible(calls->isHidden());
                more->setText(calls->isHidden() ? OperationDialog::tr("Show each call") : OperationDialog::tr("Hide the calls"));
            });
        }
    }
    parts->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(body);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    const int wide = minimumWidth() - 2 * space::Xl - space::S;
    const int high = parts->hasHeightForWidth() ? parts->totalHeightForWidth(wide) : body->sizeHint().height();
    scroll->setMinimumHeight(std::clamp(high + space::S, 120, 480));
    column->addWidget(scroll, 1);

    auto *keepButton = new QPushButton(m_isBarred ? tr("Close") : tr("Leave it as it is"), this);
    keepButton->setObjectName(QStringLiteral("refuseOperation"));
    m_go->setText(title);
    m_go->setObjectName(QStringLiteral("acceptOperation"));
    m_go->setProperty("kind", QStringLiteral("primary"));
    m_go->setAutoDefault(false);
    m_go->setVisible(!m_isBarred);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(keepButton);
    buttons->addWidget(m_go);
    column->addLayout(buttons);
    connect(keepButton, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_go, &QPushButton::clicked, this, &QDialog::accept);
    keepButton->setDefault(true); // Enter by accident changes nothing
    keepButton->setFocus();
    refresh();
}

void OperationDialog::refresh()
{
    const bool nameGiven = !m_needsName || m_request.lastBackendOverride == m_request.node;
    const bool ssdGiven = !m_needsSsd || m_request.discardLocalSsd.has_value();
    m_go->setEnabled(!m_isBarred && nameGiven && ssdGiven);
}

void OperationDialog::paintEvent(QPaintEvent *event)
{
    QDialog::paintEvent(event);
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    painter.setPen(QPen(m_colour, 4));
    painter.drawRect(rect().adjusted(2, 2, -2, -2));
}

} // namespace hybridge
