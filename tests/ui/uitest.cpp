// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"

#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"

#include <QCoreApplication>
#include <QRegularExpression>
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
        if (!page.rect().contains(place))
            out.append(QStringLiteral("outside: %1 (%2..%3 of %4)").arg(name).arg(place.left()).arg(place.right()).arg(page.width()));
        if (text->hasHeightForWidth() && text->heightForWidth(text->width()) > text->height())
            out.append(QStringLiteral("too low: %1").arg(name));
    }
    return out;
}

} // namespace hybridge
