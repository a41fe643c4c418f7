// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTemporaryDir>

namespace hybridge {

/// What every test of a page needs: settings in a folder of its own, still lamps, our theme. Make one in initTestCase().
/// Any warning fails the test, but for the one that the offscreen platform prints by itself.
class UiTest final {
public:
    UiTest();
    ~UiTest();
    /// Call in init(): failOnWarning holds for one test function.
    static void strict();

private:
    QTemporaryDir m_settings;
};

} // namespace hybridge
