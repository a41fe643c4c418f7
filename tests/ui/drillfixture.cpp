// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/drillfixture.h"

#include "backend/drill/drillstats.h"

#include <cmath>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

/// 0 to 1, the same for the same number.
double noise(int i)
{
    const double value = std::sin(i * 12.9898) * 43758.5453;
    return value - std::floor(value);
}

} // namespace

DrillRequest DrillFixture::request(DrillFault fault) const
{
    DrillRequest out;
    out.node = m_fleet.id(0);
    out.fault = fault;
    out.duration = std::chrono::seconds(20);
    return out;
}

DrillPlan DrillFixture::plan(bool blocked) const
{
    DrillFacts facts;
    RoutingState routing;
    routing.place = WeightPlace::RoutesBinding;
    routing.readAt = m_fleet.clock().now();
    for (int i = 0; i < std::min(2, m_fleet.fleet().nodeCount()); ++i) {
        facts.leases.insert(m_fleet.id(i), LeaseStatus());
        RouteTarget target;
        target.node = m_fleet.id(i);
        target.share = target.weight = i == 0 ? 80 : 20;
        routing.targets.append(target);
    }
    facts.routing = routing;
    if (blocked)
        facts.leases.insert(m_fleet.id(0), Error(Error::Kind::NotFound, u"GCP L4 has no lease helper installed."_s, u"env: '/usr/local/sbin/hybridge-lease': No such file or directory"_s)
                .withRemedy(u"Install it with: hybridgectl prepare gcp"_s));
    return drillPlan(m_fleet.fleet(), request(), facts);
}

DrillReport DrillFixture::report(const QString &what, double rate) const
{
    DrillReport out;
    out.id = u"7f1c0d5e-%1"_s.arg(what);
    out.fleet = u"demo"_s;
    out.who = u"op@desk, hybridge"_s;
    out.routing = u"worker"_s;
    out.request = request(what == u"hang" ? DrillFault::Hang : DrillFault::Tunnel);
    out.request.rate = rate;
    out.leaseId = u"drill-7f1c0d5e"_s;
    out.leaseTime = std::chrono::seconds(120);
    out.begun = m_fleet.clock().now().addSecs(-3600);
    out.ended = what == u"open" ? QDateTime() : out.begun.addSecs(48);
    for (int i = 0; i < m_fleet.fleet().nodeCount(); ++i) {
        out.labels.insert(m_fleet.id(i), m_fleet.fleet().at(i).config.label);
        out.colours.insert(m_fleet.id(i), m_fleet.fleet().at(i).config.colour);
    }
    const QString drilled = m_fleet.id(0);
    const QString other = m_fleet.id(1);
    out.marks = {5.0, 5.2, 25.0, 25.4, 26.1, 46.0};
    out.restored = what != u"unrestored" && what != u"open";
    out.sharesBefore = out.sharesAfter = {{drilled, 80}, {other, 20}};
    for (int i = 0; i / rate < 46; ++i) {
        DrillSample sample;
        sample.at = i / rate;
        sample.status = 200;
        sample.attempts = 1;
        const bool wantsDrilled = noise(i) < 0.8;
        const bool away = sample.at >= 5 && sample.at < 38;
        sample.node = wantsDrilled && !away ? drilled : other;
        sample.ms = 14 + 22 * noise(i + 7) + (sample.node == other ? 20 : 0);
        if (wantsDrilled && sample.at >= 5 && sample.at < 6.1) {
            sample.attempts = 2;
            sample.ms = what == u"hang" ? 5000 + 40 * noise(i) : 60 + 30 * noise(i);
        }
        if ((what == u"fail" || what == u"unrestored") && wantsDrilled && sample.at >= 5 && sample.at < 14) {
            sample.outcome = DrillSample::Outcome::Failed;
            sample.node.clear();
            sample.status = 530;
            sample.layer = u"tunnel"_s;
            sample.cause = u"No connector is there for the tunnel."_s;
            sample.ms = 30 + 20 * noise(i);
        }
        out.samples.append(sample);
    }
    out.predicted = predictWorker(out.request, {}, 0.8);
    out.counts = drillCounts(out.samples, 0);
    out.times = drillTimes(out.samples, out.marks, drilled, rate);
    const DrillJudgement judged = judgeDrill(out, what == u"aborted" ? u"Aborted by the operator."_s : QString());
    out.verdict = judged.verdict;
    out.reasons = judged.reasons;
    if (out.restored)
        out.restoreNotes = {u"The node gave back and read it back: nothing is open there."_s, u"A token came from GCP L4 through the edge, after 212 ms."_s, u"The shares are as before: gcp 80 %, home 20 %."_s};
    else if (what != u"open")
        out.restoreNotes = {u"gcp could not be given back: The lease helper of GCP L4 refused. systemd:cloudflared could not be started, next try in 10 s"_s, u"No token came from gcp through the edge: No connector is there for the tunnel."_s};
    out.digest = drillDigest(out);
    return out;
}

DrillLive DrillFixture::live(double seconds) const
{
    DrillLive out;
    out.plan = plan(false);
    out.report = report(u"pass"_s);
    out.report.id += u"-live"_s;
    out.report.samples.removeIf([seconds](const DrillSample &sample) { return sample.at + sample.ms / 1000 > seconds; });
    const auto keep = [seconds](std::optional<double> &mark) {
        if (mark && *mark > seconds)
            mark.reset();
    };
    keep(out.report.marks.cut);
    keep(out.report.marks.cutDone);
    keep(out.report.marks.restore);
    keep(out.report.marks.restored);
    keep(out.report.marks.proven);
    keep(out.report.marks.end);
    out.phase = seconds < 5 ? DrillPhase::Steady : seconds < 25 ? DrillPhase::Cut : DrillPhase::Recovery;
    const QList<std::pair<QString, double>> steps {{u"Lock the other nodes"_s, -2}, {u"Arm a lease at the router"_s, -1}, {u"Watch before the cut"_s, 0}, {u"Look at everything again"_s, 5},
        {u"Arm the lease on GCP L4 and cut"_s, 5.1}, {u"Hold the fault"_s, 5.2}, {u"Give back"_s, 25}, {u"Prove it with a token from GCP L4"_s, 25.4}, {u"Watch until requests reach GCP L4 again"_s, 26.1},
        {u"End the leases and read the shares"_s, 40}};
    for (qsizetype i = 0; i < steps.size(); ++i) {
        StepReport step;
        step.name = steps.at(i).first;
        const double end = i + 1 < steps.size() ? steps.at(i + 1).second : 46;
        step.state = seconds >= end ? StepState::Done : seconds >= steps.at(i).second ? StepState::Running : StepState::Pending;
        if (step.state != StepState::Pending)
            step.seconds = std::min(seconds, end) - steps.at(i).second;
        if (step.state == StepState::Done && i == 4)
            step.detail = u"Read back: systemd:cloudflared is away, given back in 1 min 59 s at the latest."_s;
        out.steps.steps.append(step);
    }
    return out;
}

QList<DrillReport> DrillFixture::history(int count) const
{
    QList<DrillReport> out;
    const QStringList kinds {u"pass"_s, u"pass"_s, u"hang"_s, u"fail"_s, u"pass"_s, u"aborted"_s};
    for (int i = 0; i < count; ++i) {
        DrillReport one = report(kinds.at(i % kinds.size()));
        one.id += QString::number(i);
        one.begun = one.begun.addDays(-7 * i);
        one.ended = one.begun.addSecs(48);
        if (one.times.recover)
            one.times.recover = *one.times.recover * (0.5 + noise(i));
        one.samples.clear();
        out.append(one);
    }
    return out;
}

} // namespace hybridge
