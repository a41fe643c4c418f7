// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/host/acceleratorfacts.h"
#include "backend/host/nvidiafields.h"

#include <QByteArray>
#include <QByteArrayView>

#include <string_view>
#include <vector>

namespace hybridge {

/// Reads the CSV of a running `nvidia-smi --query-gpu`, in pieces as they come, and parts it into rounds: one row of each
/// card. Pure, incremental, bounded (16 KiB a line, 256 cards a round, 16 KiB of messages); a few µs a row.
///
/// A round ends when as many rows came as in the round before, when a card comes a second time, or when takeRound() is
/// called because nothing more came for a while. Lines that are no rows are kept as messages; one that tells of a lost
/// card becomes an entry of its round without index and with an error.
class NvidiaRows {
public:
    explicit NvidiaRows(QList<NvidiaField> fields);

    /// Takes what came; returns the rounds that it completed, oldest first.
    [[nodiscard]] QList<QList<AcceleratorFacts>> feed(QByteArrayView bytes);
    [[nodiscard]] bool isRoundPending() const { return !m_round.isEmpty(); }
    /// Ends the pending round; empty when there is none, or when it began in the middle of one.
    [[nodiscard]] QList<AcceleratorFacts> takeRound();
    /// Reads a last line that has no line end. Call when the process has ended, before takeRound().
    [[nodiscard]] QList<QList<AcceleratorFacts>> finish();

    /// Rows read since the start.
    [[nodiscard]] quint64 rows() const { return m_rows; }
    /// Rounds given out since the start.
    [[nodiscard]] quint64 rounds() const { return m_rounds; }
    /// What was printed beside rows since the last row that had a value; foreign text.
    [[nodiscard]] const QByteArray &messages() const { return m_messages; }

private:
    struct Texts { ///< the words of a card, decoded once and shared by all its samples
        QByteArray rawName, rawUuid, rawDriver;
        QString name, uuid, driver;
    };

    void line(std::string_view text, QList<QList<AcceleratorFacts>> &rounds);
    void message(std::string_view text, QList<QList<AcceleratorFacts>> &rounds);
    void append(AcceleratorFacts facts, const QByteArray &key, QList<QList<AcceleratorFacts>> &rounds);
    void endRound(QList<QList<AcceleratorFacts>> &rounds);
    void readColumn(NvidiaField field, std::string_view text, AcceleratorFacts &facts, Texts &texts);
    void refuse(NvidiaField field, std::string_view text, AcceleratorFacts &facts) const;
    [[nodiscard]] bool split(std::string_view text);

    QList<NvidiaField> m_fields;
    qsizetype m_nameColumn;
    QByteArray m_partial;
    bool m_skipLine = false; ///< the present line is too long
    std::vector<std::string_view> m_columns;
    std::vector<Texts> m_texts; ///< by place in the round
    QList<AcceleratorFacts> m_round;
    std::vector<QByteArray> m_keys; ///< of the pending round; empty key: unknown
    int m_lastIndex = -1; ///< highest of the pending round
    QByteArray m_firstKey; ///< of the last round
    bool m_halfRound = false; ///< the pending round began in the middle of one
    qsizetype m_cards = 0; ///< size of the last round; 0: none yet
    quint64 m_rows = 0;
    quint64 m_rounds = 0;
    QByteArray m_messages;
    QStringList m_warnings;
    int m_unknownErrors = 0; ///< columns of the present row that say "[Unknown Error]" and the like
};

} // namespace hybridge
