// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/monitordialog.h"

#include "backend/base/redact.h"
#include "backend/base/units.h"
#include "ui/routing/monitorscard.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

namespace hybridge {

namespace {

QSpinBox *numberBox(const char *name, int least, int most, int value, const QString &unit, QWidget *parent)
{
    auto *box = new QSpinBox(parent);
    box->setObjectName(QLatin1String(name));
    box->setRange(std::min(least, value), std::max(most, value));
    box->setValue(value);
    box->setSuffix(unit);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    return box;
}

} // namespace

MonitorDialog::MonitorDialog(const PoolMonitor &pool, const QStringList &alsoPools, bool canSendToken, QWidget *parent)
    : QDialog(parent), m_seen(*pool.monitor), m_path(new QLineEdit(m_seen.path, this)), m_codes(new QLineEdit(m_seen.expectedCodes, this)),
      m_interval(numberBox("monitorInterval", 5, 3600, m_seen.interval, tr(" s"), this)),
      m_timeout(numberBox("monitorTimeout", 1, 10, m_seen.timeout, tr(" s"), this)), m_retries(numberBox("monitorRetries", 0, 5, m_seen.retries, {}, this)),
      m_token(new QCheckBox(tr("Send this fleet's Access token as well"), this)), m_time(new Text(Type::Body, Text::Tone::Text, this)),
      m_warnings(new Text(Type::Label, Text::Tone::Warn, this)), m_patch(new Text(Type::Label, Text::Tone::Muted, this)),
      m_outcome(new Text(Type::Body, Text::Tone::Text, this)), m_try(new QPushButton(tr("Let the probes try it"), this)), m_save(new QPushButton(tr("Write the check"), this))
{
    setObjectName(QStringLiteral("monitorDialog"));
    setWindowTitle(tr("Health check of %1").arg(safeText(pool.poolName, 80)));
    setMinimumWidth(540);
    auto *title = new Text(windowTitle(), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    m_path->setObjectName(QStringLiteral("monitorPath"));
    m_codes->setObjectName(QStringLiteral("monitorCodes"));
    m_token->setObjectName(QStringLiteral("monitorToken"));
    m_time->setObjectName(QStringLiteral("monitorTime"));
    m_warnings->setObjectName(QStringLiteral("monitorWarnings"));
    m_patch->setObjectName(QStringLiteral("monitorPatch"));
    m_patch->setCode();
    m_outcome->setObjectName(QStringLiteral("monitorOutcome"));
    m_try->setObjectName(QStringLiteral("tryMonitor"));
    m_save->setObjectName(QStringLiteral("saveMonitor"));
    m_save->setProperty("kind", QStringLiteral("primary"));
    m_token->setVisible(canSendToken);
    QStringList sends;
    for (auto it = m_seen.headers.begin(); it != m_seen.headers.end(); ++it)
        sends.append(isSecretHeader(it.key().toUtf8()) ? tr("%1 (hidden)").arg(safeText(it.key(), 60))
                                                       : QStringLiteral("%1: %2").arg(safeText(it.key(), 60), safeText(it.value().join(QStringLiteral(", ")), 80)));
    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::M);
    form->setVerticalSpacing(space::S);
    form->setColumnStretch(1, 1);
    int at = 0;
    const auto line = [&](const QString &name, QWidget *field) {
        field->setAccessibleName(name);
        auto *label = new Text(name, Type::Body, Text::Tone::Muted, this);
        label->setMaxLines(1);
        label->setMinimumWidth(72);
        form->addWidget(label, at, 0);
        form->addWidget(field, at++, 1);
    };
    line(tr("Asks for"), m_path);
    line(tr("Expects"), m_codes);
    line(tr("Every"), m_interval);
    line(tr("Time-out"), m_timeout);
    line(tr("Retries"), m_retries);
    line(tr("Sends"), new Text(sends.isEmpty() ? tr("no header of its own") : sends.join(QStringLiteral(", ")), Type::Body, Text::Tone::Text, this));
    form->addWidget(m_token, at, 1);
    auto *close = new QPushButton(tr("Leave it as it is"), this);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addWidget(m_try);
    buttons->addStretch(1);
    buttons->addWidget(close);
    buttons->addWidget(m_save);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addWidget(title);
    if (!alsoPools.isEmpty())
        column->addWidget(new Text(tr("The same check looks after %1.").arg(alsoPools.join(QStringLiteral(", "))), Type::Label, Text::Tone::Muted, this));
    column->addLayout(form);
    column->addWidget(m_time);
    column->addWidget(m_warnings);
    column->addWidget(m_patch);
    column->addWidget(m_outcome);
    column->addLayout(buttons);
    m_outcome->hide();
    for (QLineEdit *edit : {m_path, m_codes})
        connect(edit, &QLineEdit::textChanged, this, &MonitorDialog::refresh);
    for (QSpinBox *box : {m_interval, m_timeout, m_retries})
        connect(box, &QSpinBox::valueChanged, this, &MonitorDialog::refresh);
    connect(m_token, &QCheckBox::toggled, this, &MonitorDialog::refresh);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_try, &QPushButton::clicked, this, &MonitorDialog::previewRequested);
    connect(m_save, &QPushButton::clicked, this, &MonitorDialog::saveRequested);
    refresh();
}

MonitorEdit MonitorDialog::edit() const
{
    MonitorEdit edit;
    edit.path = m_path->text().trimmed();
    edit.expectedCodes = m_codes->text().trimmed();
    edit.interval = m_interval->value();
    edit.timeout = m_timeout->value();
    edit.retries = m_retries->value();
    return edit;
}

bool MonitorDialog::sendsToken() const
{
    return m_token->isChecked();
}

void MonitorDialog::refresh()
{
    const MonitorEdit wanted = edit();
    cloudflare::Monitor after = m_seen;
    after.path = *wanted.path;
    after.expectedCodes = *wanted.expectedCodes;
    after.interval = *wanted.interval;
    after.timeout = *wanted.timeout;
    after.retries = *wanted.retries;
    m_time->put(failoverWords(failoverTime(after)));
    const QStringList warnings = monitorWarnings(after);
    m_warnings->put(warnings.join(QLatin1Char('\n')));
    m_warnings->setVisible(!warnings.isEmpty());
    const Result<QString> patch = monitorPatchText(m_seen, wanted);
    const bool changes = patch && (!patch->isEmpty() || sendsToken());
    m_patch->setTone(patch ? Text::Tone::Muted : Text::Tone::Warn);
    m_patch->put(!patch ? patch.error().summary : patch->isEmpty() ? tr("No field would change.") : QStringLiteral("PATCH ") + *patch);
    m_save->setEnabled(changes && !m_busy);
    m_try->setEnabled(patch && !m_busy);
}

void MonitorDialog::setBusy(const QString &what)
{
    m_busy = true;
    m_outcome->setTone(Text::Tone::Muted);
    m_outcome->put(what);
    m_outcome->show();
    refresh();
}

void MonitorDialog::showError(const Error &error)
{
    m_busy = false;
    m_outcome->setTone(Text::Tone::Warn);
    m_outcome->put(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy));
    m_outcome->show();
    refresh();
}

void MonitorDialog::showPreview(const QList<cloudflare::OriginHealth> &health)
{
    m_busy = false;
    QStringList lines;
    bool isGood = !health.isEmpty();
    for (const cloudflare::OriginHealth &one : health) {
        const QString word = !one.healthy ? tr("not told") : *one.healthy ? tr("healthy") : tr("not healthy");
        isGood = isGood && one.healthy.value_or(false);
        lines.append(QStringLiteral("%1: %2%3 %4").arg(safeText(one.address, 80), word, one.code > 0 ? QStringLiteral(", HTTP %1").arg(one.code) : QString(), safeText(one.reason, 120)).trimmed());
    }
    m_outcome->setTone(isGood ? Text::Tone::Ok : Text::Tone::Warn);
    m_outcome->put(lines.isEmpty() ? tr("The probes have not answered within 30 s.") : lines.join(QLatin1Char('\n')));
    m_outcome->show();
    refresh();
}

} // namespace hybridge
