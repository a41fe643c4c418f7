// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QTemporaryDir>

class QWidget;

namespace hybridge {

/// What every test of a page needs: settings in a folder of its own, still lamps, our theme. Make one in initTestCase().
/// Any warning fails the test, but for the one that the offscreen platform prints by itself.
class UiTest final {
public:
    UiTest();
    ~UiTest();
    /// Call in init(): failOnWarning holds for one test function.
    static void strict();
    /// Texts under @p page (visible ones) that are cut, reach out of what they stand in, or have less height than they
    /// need: one line each, for the message of a failed test.
    [[nodiscard]] static QStringList badlyPlaced(const QWidget &page);

private:
    QTemporaryDir m_settings;
};

} // namespace hybridge
