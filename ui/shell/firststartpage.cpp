// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/firststartpage.h"

#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace hybridge {

namespace {

/// An icon that follows the theme.
class Picture final : public QLabel {
public:
    Picture(const QString &icon, QWidget *parent) : QLabel(parent), m_icon(icon) { refresh(); }

protected:
    void changeEvent(QEvent *event) override
    {
        QLabel::changeEvent(event);
        if (event->type() == QEvent::PaletteChange)
            refresh();
    }

private:
    void refresh() { setPixmap(iconPixmap(m_icon, tokensFor(palette()).accent, 28, std::max(2.0, devicePixelRatioF()))); }
    QString m_icon;
};

} // namespace

FirstStartPage::FirstStartPage(QWidget *parent)
    : QWidget(parent), m_demo(new QPushButton(tr("Open the demo cloud"), this)), m_file(new QPushButton(tr("Open a fleet file…"), this)),
      m_errors(new Banner(this)), m_opening(new Banner(this))
{
    setObjectName(QStringLiteral("firstStart"));
    m_demo->setObjectName(QStringLiteral("openDemo"));
    m_demo->setProperty("kind", QStringLiteral("primary"));
    m_file->setObjectName(QStringLiteral("openFile"));
    m_errors->setObjectName(QStringLiteral("fleetFileErrors"));
    m_errors->setCondition(NodeCondition::Down);
    m_errors->hide();
    m_opening->setObjectName(QStringLiteral("opening"));
    m_opening->setCondition(NodeCondition::Starting);
    m_opening->hide();
    connect(m_demo, &QPushButton::clicked, this, &FirstStartPage::demoRequested);
    connect(m_file, &QPushButton::clicked, this, &FirstStartPage::fileRequested);

    auto *title = new Text(tr("Which fleet do you want to see?"), Type::Title, Text::Tone::Text, this);
    title->setBold(true);
    auto *words = new Text(tr("Hybridge watches GPU nodes behind Cloudflare tunnels: machine, engine, tunnel and edge of each, and names what is "
                              "broken at its root."),
        Type::Body, Text::Tone::Muted, this);
    auto *choices = new QHBoxLayout;
    choices->setSpacing(space::L);
    choices->addWidget(choice(QStringLiteral("flask"), tr("Demo cloud"),
                           tr("A whole hybrid cloud on this computer: two nodes, a tunnel each, engines that answer. No account, no network; "
                              "break it as you like."),
                           m_demo),
        1);
    choices->addWidget(choice(QStringLiteral("file"), tr("Your own fleet"),
                           tr("A JSON file that names your nodes, tunnels and endpoint. Secrets stay where they are: the file only refers to "
                              "them."),
                           m_file),
        1);
    auto *inner = new QWidget(this);
    inner->setMaximumWidth(760);
    auto *column = new QVBoxLayout(inner);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::L);
    column->addWidget(title);
    column->addWidget(words);
    column->addSpacing(space::S);
    column->addLayout(choices);
    column->addWidget(m_opening);
    column->addWidget(m_errors);
    auto *row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(inner, 1000);
    row->addStretch(1);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(space::Xl, space::Xl, space::Xl, space::Xl);
    whole->addStretch(2);
    whole->addLayout(row);
    whole->addStretch(3);
}

QWidget *FirstStartPage::choice(const QString &icon, const QString &title, const QString &words, QPushButton *button)
{
    auto *card = new Card(this);
    auto *head = new Text(title, Type::Section, Text::Tone::Text, card);
    head->setBold(true);
    auto *body = new Text(words, Type::Body, Text::Tone::Muted, card);
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::Xl);
    column->setSpacing(space::S);
    column->addWidget(new Picture(icon, card));
    column->addSpacing(space::Xs);
    column->addWidget(head);
    column->addWidget(body);
    column->addStretch(1);
    column->addSpacing(space::M);
    column->addWidget(button, 0, Qt::AlignLeft);
    return card;
}

void FirstStartPage::setOpening(const QString &what)
{
    const bool opening = !what.isEmpty();
    m_opening->setParts(what, {}, {});
    m_opening->setVisible(opening);
    m_demo->setEnabled(!opening);
    m_file->setEnabled(!opening);
    if (opening)
        m_errors->hide();
}

void FirstStartPage::setErrors(const QString &path, const QList<Error> &errors)
{
    setOpening({});
    m_errors->setVisible(!errors.isEmpty());
    if (errors.isEmpty())
        return;
    QStringList lines;
    for (const Error &error : errors)
        lines.append(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy));
    constexpr qsizetype Most = 6;
    if (lines.size() > Most) {
        const qsizetype more = lines.size() - Most;
        lines = lines.mid(0, Most);
        lines.append(tr("… and %1 more").arg(more));
    }
    QStringList details;
    for (const Error &error : errors)
        if (!error.detail.isEmpty())
            details.append(error.detail);
    m_errors->setParts(tr("%1 was not opened; nothing of it is in use").arg(path), lines.join(QLatin1Char('\n')),
        tr("Correct the file and open it again."));
    m_errors->setDetails(details.join(QLatin1Char('\n')));
}

} // namespace hybridge
