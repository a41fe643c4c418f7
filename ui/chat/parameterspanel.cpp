// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/parameterspanel.h"

#include "backend/base/redact.h"
#include "backend/base/units.h"
#include "backend/chat/conversationjson.h"
#include "ui/chat/composer.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QDialog>
#include <QGridLayout>
#include <QJsonDocument>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QVBoxLayout>

namespace hybridge {

namespace {

QStringList presetNames()
{
    QSettings settings;
    settings.beginGroup(QStringLiteral("chat/presets"));
    QStringList names;
    const QStringList keys = settings.childKeys();
    for (const QString &one : keys)
        names.append(QString::fromUtf8(QByteArray::fromHex(one.toLatin1())));
    names.sort(Qt::CaseInsensitive);
    return names;
}

std::optional<double> numberOf(const QLineEdit &field, bool *ok)
{
    const QString text = field.text().trimmed().replace(QLatin1Char(','), QLatin1Char('.'));
    *ok = true;
    if (text.isEmpty())
        return std::nullopt;
    const double value = QLocale::c().toDouble(text, ok);
    return *ok ? std::optional(value) : std::nullopt;
}

QString decimalText(const std::optional<double> &value)
{
    return value ? QLocale::c().toString(*value, 'g', 6) : QString();
}

} // namespace

QString extraJsonObstacle(const QString &text)
{
    if (text.trimmed().isEmpty())
        return {};
    QJsonParseError error;
    const QJsonDocument json = QJsonDocument::fromJson(text.toUtf8(), &error);
    if (error.error != QJsonParseError::NoError)
        return ParametersPanel::tr("The extra JSON is none: %1, at character %2.").arg(error.errorString()).arg(error.offset);
    if (!json.isObject())
        return ParametersPanel::tr("The extra JSON must be an object: {\"key\": value}.");
    return {};
}

ParametersPanel::ParametersPanel(QWidget *parent)
    : QWidget(parent), m_system(new QPlainTextEdit), m_temperature(new QLineEdit), m_topP(new QLineEdit), m_maxTokens(new QLineEdit), m_stop(new QLineEdit),
      m_seed(new QLineEdit), m_extra(new QPlainTextEdit), m_trouble(new Text(Type::Label, Text::Tone::Down)), m_presets(new PickButton(tr("Preset"))),
      m_keep(new QPushButton(tr("Save preset…"))), m_forget(new QPushButton(tr("Delete preset")))
{
    setObjectName(QStringLiteral("parameters"));
    auto *body = new QWidget;
    auto *column = new QVBoxLayout(body);
    column->setContentsMargins(space::L, space::L, space::L, space::L);
    column->setSpacing(space::Xs);
    auto *title = new Text(tr("Parameters"), Type::Section);
    title->setBold(true);
    column->addWidget(title);
    column->addWidget(new Text(tr("They hold from the next prompt on. What is empty is not sent."), Type::Label, Text::Tone::Muted));
    column->addSpacing(space::S);
    const auto label = [](const QString &words) { return new Text(words, Type::Label, Text::Tone::Muted); };
    column->addWidget(label(tr("System prompt")));
    m_system->setObjectName(QStringLiteral("systemPrompt"));
    m_system->setFixedHeight(110);
    m_system->setProperty("kind", QStringLiteral("field"));
    m_system->setTabChangesFocus(true);
    column->addWidget(m_system);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::S);
    grid->setVerticalSpacing(space::Xs);
    const auto field = [&](int row, int at, const QString &words, QLineEdit *edit, const QString &name, const QString &hint) {
        edit->setObjectName(name);
        edit->setPlaceholderText(hint);
        edit->setAccessibleName(words);
        auto *cell = new QVBoxLayout;
        cell->setSpacing(2);
        cell->addWidget(label(words));
        cell->addWidget(edit);
        grid->addLayout(cell, row, at);
        connect(edit, &QLineEdit::textEdited, this, &ParametersPanel::edited);
    };
    field(0, 0, tr("Temperature"), m_temperature, QStringLiteral("temperature"), tr("0 to 2"));
    field(0, 1, tr("top_p"), m_topP, QStringLiteral("topP"), tr("0 to 1"));
    field(1, 0, tr("max_tokens"), m_maxTokens, QStringLiteral("maxTokens"), tr("no limit"));
    field(1, 1, tr("Seed"), m_seed, QStringLiteral("seed"), tr("none"));
    column->addSpacing(space::S);
    column->addLayout(grid);
    column->addSpacing(space::S);
    column->addWidget(label(tr("Stop at, divided by |")));
    m_stop->setObjectName(QStringLiteral("stopWords"));
    column->addWidget(m_stop);
    column->addSpacing(space::S);
    column->addWidget(label(tr("Extra JSON: its keys win over the ones above")));
    m_extra->setObjectName(QStringLiteral("extraJson"));
    m_extra->setFixedHeight(84);
    m_extra->setProperty("kind", QStringLiteral("field"));
    m_extra->setFont(codeFont(Type::Label));
    m_extra->setTabChangesFocus(true);
    m_extra->setPlaceholderText(QStringLiteral("{\"min_p\": 0.05}"));
    column->addWidget(m_extra);
    m_trouble->setObjectName(QStringLiteral("parameterTrouble"));
    column->addWidget(m_trouble);
    column->addSpacing(space::M);
    column->addWidget(label(tr("Preset")));
    m_presets->setObjectName(QStringLiteral("presets"));
    m_presets->setEmptyWords(tr("none"));
    m_keep->setObjectName(QStringLiteral("savePreset"));
    m_forget->setProperty("kind", QStringLiteral("link"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_presets);
    row->addStretch(1);
    row->addWidget(m_keep);
    column->addLayout(row);
    column->addWidget(m_forget, 0, Qt::AlignLeft);
    column->addStretch(1);
    auto *scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(body);
    scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    connect(m_stop, &QLineEdit::textEdited, this, &ParametersPanel::edited);
    connect(m_system, &QPlainTextEdit::textChanged, this, &ParametersPanel::edited);
    connect(m_extra, &QPlainTextEdit::textChanged, this, &ParametersPanel::edited);
    connect(m_presets, &PickButton::chosen, this, &ParametersPanel::choosePreset);
    connect(m_keep, &QPushButton::clicked, this, &ParametersPanel::askPresetName);
    connect(m_forget, &QPushButton::clicked, this, [this] {
        QSettings().remove(chatPresetKey(m_presets->value()));
        m_presets->setValue({});
        refreshPresets();
    });
    refreshPresets();
    check();
}

void ParametersPanel::show(const ChatRequest &settings)
{
    m_isShowing = true;
    const auto put = [](auto *edit, const QString &text) {
        if constexpr (requires { edit->toPlainText(); }) {
            if (edit->toPlainText() != text)
                edit->setPlainText(text);
        } else if (edit->text() != text) {
            edit->setText(text);
        }
    };
    put(m_system, settings.system);
    bool ok = false;
    if (numberOf(*m_temperature, &ok) != settings.temperature)
        put(m_temperature, decimalText(settings.temperature));
    if (numberOf(*m_topP, &ok) != settings.topP)
        put(m_topP, decimalText(settings.topP));
    put(m_maxTokens, settings.maxTokens ? QString::number(*settings.maxTokens) : QString());
    put(m_seed, settings.seed ? QString::number(*settings.seed) : QString());
    if (m_stop->text().split(QLatin1Char('|'), Qt::SkipEmptyParts) != settings.stop)
        put(m_stop, settings.stop.join(QLatin1Char('|')));
    put(m_extra, settings.extraJson);
    m_isShowing = false;
    check();
}

void ParametersPanel::apply(ChatRequest &settings) const
{
    bool ok = false;
    settings.system = m_system->toPlainText();
    settings.temperature = numberOf(*m_temperature, &ok);
    settings.topP = numberOf(*m_topP, &ok);
    const int most = m_maxTokens->text().trimmed().toInt(&ok);
    settings.maxTokens = ok && most > 0 ? std::optional(most) : std::nullopt;
    const qint64 seed = m_seed->text().trimmed().toLongLong(&ok);
    settings.seed = ok ? std::optional(seed) : std::nullopt;
    settings.stop = m_stop->text().split(QLatin1Char('|'), Qt::SkipEmptyParts).mid(0, 4);
    settings.extraJson = m_extra->toPlainText().trimmed();
}

QString ParametersPanel::obstacle() const
{
    bool ok = false;
    const std::optional<double> temperature = numberOf(*m_temperature, &ok);
    if (!ok || (temperature && (*temperature < 0 || *temperature > 2)))
        return tr("The temperature must be a number from 0 to 2.");
    const std::optional<double> topP = numberOf(*m_topP, &ok);
    if (!ok || (topP && (*topP < 0 || *topP > 1)))
        return tr("top_p must be a number from 0 to 1.");
    if (!m_maxTokens->text().trimmed().isEmpty() && (m_maxTokens->text().trimmed().toInt(&ok) <= 0 || !ok))
        return tr("max_tokens must be a whole number above 0.");
    if (!m_seed->text().trimmed().isEmpty()) {
        (void)m_seed->text().trimmed().toLongLong(&ok);
        if (!ok)
            return tr("The seed must be a whole number.");
    }
    if (m_stop->text().split(QLatin1Char('|'), Qt::SkipEmptyParts).size() > 4)
        return tr("At most 4 stop texts can be sent.");
    return extraJsonObstacle(m_extra->toPlainText());
}

void ParametersPanel::check()
{
    const QString why = obstacle();
    m_trouble->put(why);
    m_trouble->setVisible(!why.isEmpty());
}

void ParametersPanel::edited()
{
    if (m_isShowing)
        return;
    check();
    Q_EMIT changed();
}

void ParametersPanel::refreshPresets()
{
    QList<PickButton::Choice> choices;
    const QStringList names = presetNames();
    for (const QString &name : names)
        choices.append({name, name, {}});
    m_presets->setChoices(choices);
    m_presets->setEnabled(!choices.isEmpty());
    m_forget->setVisible(!m_presets->value().isEmpty());
}

void ParametersPanel::choosePreset(const QString &name)
{
    const QByteArray stored = QSettings().value(chatPresetKey(name)).toByteArray();
    show(settingsFrom(stored));
    m_forget->setVisible(true);
    Q_EMIT changed();
}

void ParametersPanel::askPresetName()
{
    auto *dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("presetDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save preset"));
    dialog->setMinimumWidth(380);
    auto *field = new QLineEdit(m_presets->value(), dialog);
    field->setObjectName(QStringLiteral("presetName"));
    field->setMaxLength(60);
    auto *keep = new QPushButton(tr("Save preset"), dialog);
    keep->setProperty("kind", QStringLiteral("primary"));
    keep->setDefault(true);
    auto *column = new QVBoxLayout(dialog);
    column->setContentsMargins(space::Xl, space::L, space::Xl, space::L);
    column->addWidget(new Text(tr("Name"), Type::Label, Text::Tone::Muted, dialog));
    column->addWidget(field);
    column->addWidget(keep, 0, Qt::AlignRight);
    connect(keep, &QPushButton::clicked, dialog, &QDialog::accept);
    connect(dialog, &QDialog::accepted, this, [this, field] {
        const QString name = safeText(field->text(), 60).simplified();
        if (name.isEmpty())
            return;
        ChatRequest settings;
        apply(settings);
        // Settings are a plain file: nothing secret goes there.
        const Redactor redactor;
        settings.extraJson = redactor(settings.extraJson);
        settings.system = redactor(settings.system);
        QSettings().setValue(chatPresetKey(name), settingsJson(settings));
        m_presets->setValue(name);
        refreshPresets();
    });
    dialog->open();
}

} // namespace hybridge
