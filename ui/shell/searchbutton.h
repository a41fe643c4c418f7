// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

namespace hybridge {

/// Looks like a search field and says Ctrl+K; a click opens the palette.
class SearchButton final : public QAbstractButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SearchButton)
public:
    explicit SearchButton(QWidget *parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override { return {340, 34}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 34}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;
};

} // namespace hybridge
