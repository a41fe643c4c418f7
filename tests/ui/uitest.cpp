// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"

#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QScrollArea>
#include <QSettings>
#include <QTest>

namespace hybridge {

UiTest::UiTest()
{
    QCoreApplication::setOrganizationName(QStringLiteral("hybridge-test"));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_settings.path());
    StateLamp::setMotionReduced(true);
}

UiTest::~UiTest() = default;

void UiTest::strict()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support propagateSizeHints)")));
}

QStringList UiTest::badlyPlaced(const QWidget &page)
{
    QStringList out;
    for (const Text *text : page.findChildren<const Text *>()) {
        if (!text->isVisibleTo(&page) || text->text().isEmpty())
            continue;
        const QRect place(text->mapTo(&page, QPoint()), text->size());
        const QString name = text->text().left(60);
        if (text->isCut())
            out.append(QStringLiteral("cut: %1").arg(name));
        // What is scrolled out of sight has its place in what is scrolled; beside it there is no way to it.
        const QScrollArea *scroll = nullptr;
        for (const QWidget *up = text->parentWidget(); up && up != &page && !scroll; up = up->parentWidget())
            scroll = qobject_cast<const QScrollArea *>(up);
        const QWidget &frame = scroll && scroll->widget() ? *scroll->widget() : page;
        const QRect inFrame(text->mapTo(&frame, QPoint()), text->size());
        const bool isAside = place.left() < 0 || place.right() >= page.width();
        if (isAside || !frame.rect().contains(inFrame))
            out.append(QStringLiteral("outside: %1 (%2..%3 of %4)").arg(name).arg(place.left()).arg(place.right()).arg(page.width()));
        if (text->hasHeightForWidth() && text->heightForWidth(text->width()) > text->height())
            out.append(QStringLiteral("too low: %1").arg(name));
    }
    return out;
}

} // namespace hybridge
