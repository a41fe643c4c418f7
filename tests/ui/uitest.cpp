// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"

#include "ui/widgets/statelamp.h"

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

} // namespace hybridge
