// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drilltypes.h"

#include "backend/base/units.h"
#include "backend/drill/drillstats.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QCryptographicHash>

#include <array>

namespace hybridge {

namespace {

using Json = nlohmann::ordered_json;

constexpr qsizetype mostSamples = 60000;

QString tr(const char *text)
{
    return QCoreApplication::translate("Drill", text);
}

Json orNull(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

/// Whole digits that mean something: milliseconds to a tenth.
double tenth(double value)
{
    return double(qint64(value * 10 + (value < 0 ? -0.5 : 0.5))) / 10;
}

Json rangeDocument(const std::optional<DrillRange> &range)
{
    return range ? Json {tenth(range->low), tenth(range->high)} : Json(nullptr);
}

Json sharesMap(const QMap<QString, double> &shares)
{
    Json out = Json::object();
    for (auto it = shares.begin(); it != shares.end(); ++it)
        out[it.key().toStdString()] = tenth(it.value());
    return out;
}

Json textMap(const QMap<QString, QString> &texts)
{
    Json out = Json::object();
    for (auto it = texts.begin(); it != texts.end(); ++it)
        out[it.key().toStdString()] = it.value().toStdString();
    return out;
}

Json list(const QStringList &texts)
{
    Json out = Json::array();
    for (const QString &text : texts)
        out.push_back(text.toStdString());
    return out;
}

/// A member of @p object if it has the type that is wanted; foreign files never throw.
QString text(const Json &object, const char *key)
{
    const auto found = object.is_object() ? object.find(key) : object.end();
    return object.is_object() && found != object.end() && found->is_string() ? safeText(QString::fromStdString(found->get<std::string>()), 1000) : QString();
}

std::optional<double> number(const Json &object, const char *key)
{
    if (!object.is_object())
        return std::nullopt;
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

Json member(const Json &object, const char *key)
{
    return object.is_object() && object.contains(key) ? object[key] : Json();
}

bool flag(const Json &object, const char *key)
{
    const Json found = member(object, key);
    return found.is_boolean() && found.get<bool>();
}

std::chrono::seconds seconds(const Json &object, const char *key, qint64 otherwise)
{
    return std::chrono::seconds(std::clamp<qint64>(qint64(number(object, key).value_or(double(otherwise))), 0, 7 * 86400));
}

QStringList texts(const Json &array)
{
    QStringList out;
    if (array.is_array())
        for (const Json &entry : array)
            if (entry.is_string() && out.size() < 100)
                out.append(safeText(QString::fromStdString(entry.get<std::string>()), 1000));
    return out;
}

QMap<QString, double> numbers(const Json &object)
{
    QMap<QString, double> out;
    if (object.is_object())
        for (const auto &[key, value] : object.items())
            if (value.is_number() && out.size() < 1000)
                out.insert(safeText(QString::fromStdString(key), 200), value.get<double>());
    return out;
}

QMap<QString, QString> textsByKey(const Json &object)
{
    QMap<QString, QString> out;
    if (object.is_object())
        for (const auto &[key, value] : object.items())
            if (value.is_string() && out.size() < 1000)
                out.insert(safeText(QString::fromStdString(key), 80), safeText(QString::fromStdString(value.get<std::string>()), 200));
    return out;
}

std::optional<DrillRange> range(const Json &object, const char *key)
{
    const Json found = member(object, key);
    if (!found.is_array() || found.size() != 2 || !found[0].is_number() || !found[1].is_number())
        return std::nullopt;
    return DrillRange {found[0].get<double>(), found[1].get<double>()};
}

/// One sample as a short list: half a day of them must fit into a record.
Json sampleDocument(const DrillSample &sample)
{
    return Json {double(qint64(sample.at * 1000 + 0.5)) / 1000, tenth(sample.ms), int(sample.outcome), sample.node.toStdString(), sample.attempts, sample.status,
        sample.layer.toStdString(), sample.cause.toStdString()};
}

std::optional<DrillSample> sampleFrom(const Json &json)
{
    if (!json.is_array() || json.size() != 8 || !json[0].is_number() || !json[1].is_number() || !json[2].is_number_integer() || !json[3].is_string()
        || !json[4].is_number_integer() || !json[5].is_number_integer() || !json[6].is_string() || !json[7].is_string())
        return std::nullopt;
    DrillSample sample;
    sample.at = json[0].get<double>();
    sample.ms = json[1].get<double>();
    sample.outcome = DrillSample::Outcome(std::clamp(json[2].get<int>(), 0, 2));
    sample.node = safeText(QString::fromStdString(json[3].get<std::string>()), 80);
    sample.attempts = json[4].get<int>();
    sample.status = json[5].get<int>();
    sample.layer = safeText(QString::fromStdString(json[6].get<std::string>()), 40);
    sample.cause = safeText(QString::fromStdString(json[7].get<std::string>()), 300);
    return sample;
}

template<class T, std::size_t N>
std::optional<T> valueOf(const std::array<std::pair<T, const char *>, N> &names, const QString &name)
{
    for (const auto &[value, word] : names)
        if (name == QLatin1String(word))
            return value;
    return std::nullopt;
}

template<class T, std::size_t N>
QString nameOf(const std::array<std::pair<T, const char *>, N> &names, T value)
{
    for (const auto &[one, word] : names)
        if (one == value)
            return QString::fromLatin1(word);
    return {};
}

constexpr std::array<std::pair<DrillFault, const char *>, 5> faultNames {{{DrillFault::Tunnel, "tunnel"}, {DrillFault::Engine, "engine"},
    {DrillFault::Weight, "weight"}, {DrillFault::Hang, "hang"}, {DrillFault::Network, "network"}}};
constexpr std::array<std::pair<DrillProbe, const char *>, 3> probeNames {{{DrillProbe::Models, "models"}, {DrillProbe::Chat, "chat"}, {DrillProbe::Stream, "stream"}}};
constexpr std::array<std::pair<DrillVerdict, const char *>, 4> verdictNames {{{DrillVerdict::Pass, "pass"}, {DrillVerdict::Fail, "fail"},
    {DrillVerdict::Aborted, "aborted"}, {DrillVerdict::Inconclusive, "inconclusive"}}};

} // namespace

QString drillFaultName(DrillFault fault)
{
    return nameOf(faultNames, fault);
}

std::optional<DrillFault> drillFaultOf(const QString &name)
{
    return valueOf(faultNames, name);
}

QList<DrillFault> drillFaults()
{
    return {DrillFault::Tunnel, DrillFault::Engine, DrillFault::Weight, DrillFault::Hang, DrillFault::Network};
}

QString drillFaultLabel(DrillFault fault)
{
    switch (fault) {
    case DrillFault::Tunnel: return tr("The connector is stopped");
    case DrillFault::Engine: return tr("The model server is stopped");
    case DrillFault::Weight: return tr("The router gives the node nothing");
    case DrillFault::Hang: return tr("The model server is frozen");
    case DrillFault::Network: return tr("The way to the edge is cut");
    }
    return {};
}

QString drillProbeName(DrillProbe probe)
{
    return nameOf(probeNames, probe);
}

std::optional<DrillProbe> drillProbeOf(const QString &name)
{
    return valueOf(probeNames, name);
}

QString drillVerdictName(DrillVerdict verdict)
{
    return nameOf(verdictNames, verdict);
}

QString drillVerdictLabel(DrillVerdict verdict)
{
    switch (verdict) {
    case DrillVerdict::Pass: return tr("Passed");
    case DrillVerdict::Fail: return tr("Failed");
    case DrillVerdict::Aborted: return tr("Aborted");
    case DrillVerdict::Inconclusive: return tr("Inconclusive");
    }
    return {};
}

QString drillPhaseLabel(DrillPhase phase)
{
    switch (phase) {
    case DrillPhase::Locking: return tr("Arming");
    case DrillPhase::Steady: return tr("Before the cut");
    case DrillPhase::Cut: return tr("Cut");
    case DrillPhase::Restore: return tr("Giving back");
    case DrillPhase::Recovery: return tr("Recovery");
    case DrillPhase::Ended: return tr("Ended");
    }
    return {};
}

Json drillRequestDocument(const DrillRequest &request)
{
    Json out;
    out["node"] = request.node.toStdString();
    out["fault"] = drillFaultName(request.fault).toStdString();
    out["durationSeconds"] = request.duration.count();
    out["leaseSeconds"] = request.lease ? Json(request.lease->count()) : Json(nullptr);
    out["steadySeconds"] = request.steady.count();
    out["rate"] = request.rate;
    out["probe"] = drillProbeName(request.probe).toStdString();
    out["mostRequests"] = request.mostRequests;
    out["hypothesis"] = {{"mostFailed", request.hypothesis.mostFailed}, {"slowestP95Ms", request.hypothesis.slowestP95.count()}, {"abortFailed", request.hypothesis.abortFailed}};
    out["override"] = request.lastBackendOverride.toStdString();
    out["scheduled"] = request.scheduled;
    return out;
}

DrillRequest drillRequestFrom(const Json &document)
{
    DrillRequest out;
    out.node = text(document, "node");
    out.fault = drillFaultOf(text(document, "fault")).value_or(DrillFault::Tunnel);
    out.duration = seconds(document, "durationSeconds", 30);
    if (number(document, "leaseSeconds"))
        out.lease = seconds(document, "leaseSeconds", 120);
    out.steady = seconds(document, "steadySeconds", 5);
    out.rate = std::clamp(number(document, "rate").value_or(5), 0.1, 200.0);
    out.probe = drillProbeOf(text(document, "probe")).value_or(DrillProbe::Models);
    out.mostRequests = int(std::clamp(number(document, "mostRequests").value_or(10000), 1.0, 1000000.0));
    const Json hypothesis = member(document, "hypothesis");
    out.hypothesis.mostFailed = std::clamp(number(hypothesis, "mostFailed").value_or(0.01), 0.0, 1.0);
    out.hypothesis.slowestP95 = std::chrono::milliseconds(qint64(std::clamp(number(hypothesis, "slowestP95Ms").value_or(10000), 1.0, 600000.0)));
    out.hypothesis.abortFailed = std::clamp(number(hypothesis, "abortFailed").value_or(0.5), 0.0, 1.0);
    out.lastBackendOverride = text(document, "override");
    out.scheduled = flag(document, "scheduled");
    return out;
}

Json drillDocument(const DrillReport &report, bool samples)
{
    Json out;
    out["id"] = report.id.toStdString();
    out["node"] = report.request.node.toStdString();
    out["fault"] = drillFaultName(report.request.fault).toStdString();
    out["verdict"] = drillVerdictName(report.verdict).toStdString();
    out["restored"] = report.restored;
    out["requests"] = {{"sent", report.counts.sent}, {"failed", report.counts.failed}, {"cut", report.counts.cut}, {"retried", report.counts.retried}, {"skipped", report.counts.skipped}};
    const auto whole = [](const std::optional<double> &ms) { return ms ? Json(qint64(*ms + 0.5)) : Json(nullptr); };
    out["times"] = {{"detectMs", whole(report.times.detect)}, {"shiftMs", whole(report.times.shift)}, {"recoverMs", whole(report.times.recover)}, {"uncertaintyMs", tenth(report.times.uncertainty)}};
    out["lease"] = {{"id", report.leaseId.toStdString()}, {"seconds", report.leaseTime.count()}};
    out["predicted"] = {{"detectMs", rangeDocument(report.predicted.detect)}, {"shiftMs", rangeDocument(report.predicted.shift)}, {"recoverMs", rangeDocument(report.predicted.recover)},
        {"because", report.predicted.because.toStdString()}};
    out["reasons"] = list(report.reasons);
    out["restoreNotes"] = list(report.restoreNotes);
    Json causes = Json::object();
    for (auto it = report.counts.causes.begin(); it != report.counts.causes.end(); ++it)
        causes[it.key().toStdString()] = it.value();
    out["causes"] = causes;
    out["routing"] = report.routing.isEmpty() ? Json(nullptr) : Json(report.routing.toStdString());
    out["shares"] = {{"before", sharesMap(report.sharesBefore)}, {"after", sharesMap(report.sharesAfter)}};
    out["request"] = drillRequestDocument(report.request);
    out["marks"] = {{"cut", orNull(report.marks.cut)}, {"cutDone", orNull(report.marks.cutDone)}, {"restore", orNull(report.marks.restore)},
        {"restored", orNull(report.marks.restored)}, {"proven", orNull(report.marks.proven)}, {"end", orNull(report.marks.end)}};
    out["begun"] = report.begun.toUTC().toString(Qt::ISODateWithMs).toStdString();
    out["ended"] = report.ended.isValid() ? Json(report.ended.toUTC().toString(Qt::ISODateWithMs).toStdString()) : Json(nullptr);
    out["fleet"] = report.fleet.toStdString();
    out["who"] = report.who.toStdString();
    out["nodes"] = {{"labels", textMap(report.labels)}, {"colours", textMap(report.colours)}};
    if (samples) {
        Json all = Json::array();
        for (const DrillSample &sample : report.samples.mid(0, mostSamples))
            all.push_back(sampleDocument(sample));
        out["samples"] = std::move(all);
    } else {
        Json seconds = Json::array();
        for (const DrillSecond &second : drillSeconds(report.samples)) {
            Json nodes = Json::object();
            for (auto it = second.byNode.begin(); it != second.byNode.end(); ++it)
                nodes[it.key().toStdString()] = it.value();
            seconds.push_back({{"second", second.second}, {"byNode", nodes}, {"failed", second.failed}});
        }
        out["bySecond"] = std::move(seconds);
    }
    out["digest"] = report.digest.toStdString();
    return out;
}

Result<DrillReport> drillFromDocument(const QByteArray &json)
{
    const Error bad(Error::Kind::Protocol, tr("This is no report of a drill."));
    const Json in = Json::parse(json.toStdString(), nullptr, false);
    if (!in.is_object() || text(in, "id").isEmpty() || !drillFaultOf(text(in, "fault")) || !valueOf(verdictNames, text(in, "verdict")))
        return bad;
    DrillReport out;
    out.id = text(in, "id");
    out.request = drillRequestFrom(member(in, "request"));
    out.verdict = *valueOf(verdictNames, text(in, "verdict"));
    out.restored = flag(in, "restored");
    const Json requests = member(in, "requests");
    out.counts.sent = qint64(number(requests, "sent").value_or(0));
    out.counts.failed = qint64(number(requests, "failed").value_or(0));
    out.counts.cut = qint64(number(requests, "cut").value_or(0));
    out.counts.retried = qint64(number(requests, "retried").value_or(0));
    out.counts.skipped = qint64(number(requests, "skipped").value_or(0));
    const QMap<QString, double> causes = numbers(member(in, "causes"));
    for (auto it = causes.begin(); it != causes.end(); ++it)
        out.counts.causes.insert(it.key(), qint64(it.value()));
    const Json times = member(in, "times");
    out.times.detect = number(times, "detectMs");
    out.times.shift = number(times, "shiftMs");
    out.times.recover = number(times, "recoverMs");
    out.times.uncertainty = number(times, "uncertaintyMs").value_or(0);
    const Json lease = member(in, "lease");
    out.leaseId = text(lease, "id");
    out.leaseTime = seconds(lease, "seconds", 0);
    const Json predicted = member(in, "predicted");
    out.predicted.detect = range(predicted, "detectMs");
    out.predicted.shift = range(predicted, "shiftMs");
    out.predicted.recover = range(predicted, "recoverMs");
    out.predicted.because = text(predicted, "because");
    out.reasons = texts(member(in, "reasons"));
    out.restoreNotes = texts(member(in, "restoreNotes"));
    out.routing = text(in, "routing");
    out.sharesBefore = numbers(member(member(in, "shares"), "before"));
    out.sharesAfter = numbers(member(member(in, "shares"), "after"));
    const Json marks = member(in, "marks");
    out.marks.cut = number(marks, "cut");
    out.marks.cutDone = number(marks, "cutDone");
    out.marks.restore = number(marks, "restore");
    out.marks.restored = number(marks, "restored");
    out.marks.proven = number(marks, "proven");
    out.marks.end = number(marks, "end");
    out.begun = QDateTime::fromString(text(in, "begun"), Qt::ISODateWithMs);
    out.ended = QDateTime::fromString(text(in, "ended"), Qt::ISODateWithMs);
    out.fleet = text(in, "fleet");
    out.who = text(in, "who");
    out.labels = textsByKey(member(member(in, "nodes"), "labels"));
    out.colours = textsByKey(member(member(in, "nodes"), "colours"));
    const Json samples = member(in, "samples");
    if (samples.is_array())
        for (const Json &entry : samples)
            if (const auto sample = sampleFrom(entry); sample && out.samples.size() < mostSamples)
                out.samples.append(*sample);
    out.digest = text(in, "digest");
    return out;
}

QString drillDigest(const DrillReport &report)
{
    Json document = drillDocument(report, true);
    document.erase("digest");
    const std::string bytes = document.dump(-1, ' ', false, Json::error_handler_t::replace);
    return QString::fromLatin1(QCryptographicHash::hash(QByteArrayView(bytes.data(), qsizetype(bytes.size())), QCryptographicHash::Sha256).toHex());
}

} // namespace hybridge
