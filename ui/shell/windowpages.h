// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QKeySequence>
#include <QString>

#include <span>

namespace hybridge {

/// One page of the window, as rail, palette, keyboard and the list of shortcuts name it.
struct WindowPage {
    const char *id;
    const char *icon;
    const char *name; ///< translated by words()
    const char *keys; ///< portable text: "Ctrl+1"

    [[nodiscard]] QString idText() const { return QString::fromLatin1(id); }
    [[nodiscard]] QString iconName() const { return QString::fromLatin1(icon); }
    [[nodiscard]] QString words() const;
    [[nodiscard]] QKeySequence shortcut() const { return QKeySequence(QString::fromLatin1(keys), QKeySequence::PortableText); }
    [[nodiscard]] QString shortcutText() const { return shortcut().toString(QKeySequence::NativeText); }
};

namespace Page {
inline constexpr char Fleet[] = "fleet";
inline constexpr char Activity[] = "log";
inline constexpr char Cost[] = "cost";
inline constexpr char Routing[] = "route";
inline constexpr char Chat[] = "chat";
inline constexpr char Drill[] = "drill";
inline constexpr char Checklist[] = "check";
} // namespace Page

/// All of them, in the rail's order. Any thread.
[[nodiscard]] std::span<const WindowPage> windowPages();

} // namespace hybridge
