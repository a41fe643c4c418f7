// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drilljournal.h"

#include "backend/store/sql.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QByteArray bytesOf(const DrillReport &report, bool samples)
{
    return QByteArray::fromStdString(drillDocument(report, samples).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

/// An empty QString would be bound as NULL.
QString bound(const QString &text)
{
    return text.isNull() ? u""_s : text;
}

Result<QList<DrillReport>> read(QSqlDatabase &database, const QString &where, const QVariantList &values)
{
    Result<QSqlQuery> query = runSql(database, u"SELECT summary FROM drills WHERE "_s + where, values);
    if (!query)
        return query.error();
    QList<DrillReport> out;
    while (query->next())
        if (Result<DrillReport> report = drillFromDocument(query->value(0).toByteArray()))
            out.append(*report);
    if (const std::optional<Error> failure = readFailure(*query, database))
        return *failure;
    return out;
}

} // namespace

DrillJournal::DrillJournal(Database &database, QString fleet, QObject *parent) : QObject(parent), m_database(database), m_fleet(std::move(fleet)) { }

Task<Result<void>> DrillJournal::keep(DrillReport report)
{
    const std::function<Result<void>(QSqlDatabase &)> work = [report, fleet = m_fleet](QSqlDatabase &database) -> Result<void> {
        const QVariant ended = report.ended.isValid() ? QVariant(report.ended.toMSecsSinceEpoch()) : QVariant(QMetaType::fromType<qlonglong>());
        const Result<QSqlQuery> done = runSql(database,
            u"INSERT OR REPLACE INTO drills(id, fleet, begun, ended, sent, summary, document) VALUES(?,?,?,?,?,?,?)"_s,
            {report.id, bound(fleet), report.begun.toMSecsSinceEpoch(), ended, report.counts.sent, bytesOf(report, false), qCompress(bytesOf(report, true))});
        return done ? Result<void>() : done.error();
    };
    return m_database.run<void>(work);
}

Task<Result<QString>> DrillJournal::digest(DrillReport report)
{
    const std::function<Result<QString>(QSqlDatabase &)> work = [report](QSqlDatabase &) -> Result<QString> { return drillDigest(report); };
    return m_database.run<QString>(work);
}

Task<Result<QList<DrillReport>>> DrillJournal::list(int most)
{
    const std::function<Result<QList<DrillReport>>(QSqlDatabase &)> work = [fleet = m_fleet, most = std::clamp(most, 1, 1000)](QSqlDatabase &database) {
        return read(database, u"fleet = ? ORDER BY begun DESC LIMIT ?"_s, {bound(fleet), most});
    };
    return m_database.run<QList<DrillReport>>(work);
}

Task<Result<QList<DrillReport>>> DrillJournal::open()
{
    const std::function<Result<QList<DrillReport>>(QSqlDatabase &)> work = [fleet = m_fleet](QSqlDatabase &database) {
        return read(database, u"fleet = ? AND ended IS NULL ORDER BY begun LIMIT 100"_s, {bound(fleet)});
    };
    return m_database.run<QList<DrillReport>>(work);
}

Task<Result<DrillReport>> DrillJournal::load(QString id)
{
    const std::function<Result<DrillReport>(QSqlDatabase &)> work = [fleet = m_fleet, id](QSqlDatabase &database) -> Result<DrillReport> {
        Result<QSqlQuery> query = runSql(database, u"SELECT document FROM drills WHERE fleet = ? AND substr(id, 1, ?) = ? ORDER BY begun DESC LIMIT 2"_s, {bound(fleet), int(id.size()), bound(id)});
        if (!query)
            return query.error();
        if (id.isEmpty() || !query->next())
            return Error(Error::Kind::NotFound, QCoreApplication::translate("DrillJournal", "No drill \"%1\" is on record.").arg(id));
        const QByteArray document = qUncompress(query->value(0).toByteArray());
        if (query->next())
            return Error(Error::Kind::Invalid, QCoreApplication::translate("DrillJournal", "Several drills begin with \"%1\".").arg(id));
        return drillFromDocument(document);
    };
    return m_database.run<DrillReport>(work);
}

Task<Result<qint64>> DrillJournal::sentSince(QDateTime from)
{
    const std::function<Result<qint64>(QSqlDatabase &)> work = [from](QSqlDatabase &database) -> Result<qint64> {
        const Result<QVariant> sum = readSql(database, u"SELECT COALESCE(SUM(sent), 0) FROM drills WHERE begun >= ?"_s, {from.toMSecsSinceEpoch()});
        if (!sum)
            return sum.error();
        return sum->toLongLong();
    };
    return m_database.run<qint64>(work);
}

} // namespace hybridge
