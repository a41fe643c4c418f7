// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/monitorservice.h"

#include <QDialog>

class QCheckBox;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace hybridge {

class Text;

/// Edits a pool's health check: what would be written stands in it, with the time to fail over and what is weak; the
/// probes can try it before it is saved.
class MonitorDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MonitorDialog)
public:
    /// @p alsoPools: others that the same check is used for. @p canSendToken: this fleet has an Access token to send.
    MonitorDialog(const PoolMonitor &pool, const QStringList &alsoPools, bool canSendToken, QWidget *parent = nullptr);
    [[nodiscard]] MonitorEdit edit() const;
    [[nodiscard]] bool sendsToken() const;
    [[nodiscard]] const cloudflare::Monitor &seen() const { return m_seen; }
    void setBusy(const QString &what);
    void showError(const Error &error);
    void showPreview(const QList<cloudflare::OriginHealth> &health);

Q_SIGNALS:
    void previewRequested();
    void saveRequested();

private:
    void refresh();

    const cloudflare::Monitor m_seen;
    bool m_busy = false;
    QLineEdit *m_path;
    QLineEdit *m_codes;
    QSpinBox *m_interval;
    QSpinBox *m_timeout;
    QSpinBox *m_retries;
    QCheckBox *m_token;
    Text *m_time;
    Text *m_warnings;
    Text *m_patch;
    Text *m_outcome;
    QPushButton *m_try;
    QPushButton *m_save;
};

} // namespace hybridge
