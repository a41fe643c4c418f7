// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/galleryoperations.h"

#include "backend/gcp/failure.h"
#include "tests/lifecycle/fakeways.h"
#include "tests/support/pending.h"
#include "ui/lifecycle/operationdialog.h"
#include "ui/lifecycle/operationspanel.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>

namespace hybridge {

using namespace test;

namespace {

struct SequenceStepName {
    const char *name;
    StepState state;
};

OperationRequest requestOf(OperationKind kind, const char *node)
{
    OperationRequest request;
    request.kind = kind;
    request.node = QString::fromLatin1(node);
    return request;
}

void shootProposal(LifecycleService &service, MainWindow &window, const OperationRequest &request, const ShootDialog &shoot, const QString &name)
{
    const OperationProposal proposal = await(service.propose(request, {}));
    const bool isGcp = request.node == QLatin1String("gcp");
    OperationDialog dialog(proposal, isGcp ? QStringLiteral("GCP L4") : QStringLiteral("Home 3090"), isGcp ? QColor(0x42, 0x85, 0xF4) : QColor(0xF4, 0xA1, 0x42), &window);
    shoot(window, dialog, name);
}

} // namespace

void shootOperations(const ShootWindow &shootWindow, const ShootDialog &shootDialog)
{
    QTemporaryDir folder;
    FakeWays ways;
    ActivityLog log(folder.filePath(QStringLiteral("activity.sqlite")), ways.clock, QStringLiteral("hybridge"));
    LifecycleService service(ways, log, QStringLiteral("test"));
    MainWindow window;
    window.setFleet(&ways.state());
    window.setLifecycle(&service);
    window.show();
    const auto settle = [&] {
        QElapsedTimer watch;
        watch.start();
        while (watch.elapsed() < 300)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    };
    shootWindow(window, QStringLiteral("ops-fleet"));
    window.showNode(QStringLiteral("gcp"));
    shootWindow(window, QStringLiteral("ops-node"));
    window.showOperations();
    shootWindow(window, QStringLiteral("ops-empty"));

    // Questions: an ordinary one, one that is blocked by the last-node guard, one about a Local SSD.
    ways.nodes[QStringLiteral("gcp")].running = 3;
    ways.publish(QStringLiteral("gcp"));
    ways.state().flush();
    shootProposal(service, window, requestOf(OperationKind::Down, "gcp"), shootDialog, QStringLiteral("ops-dialog-down"));
    ways.nodes[QStringLiteral("home")].services[QStringLiteral("systemd:cloudflared")] = ServiceState::Inactive;
    ways.publish(QStringLiteral("home"));
    ways.state().flush();
    shootProposal(service, window, requestOf(OperationKind::Down, "gcp"), shootDialog, QStringLiteral("ops-dialog-last"));
    shootProposal(service, window, requestOf(OperationKind::MachineStop, "home"), shootDialog, QStringLiteral("ops-dialog-barred"));
    ways.nodes[QStringLiteral("home")].services[QStringLiteral("systemd:cloudflared")] = ServiceState::Active;
    ways.publish(QStringLiteral("home"));
    ways.state().flush();

    // One that runs (its requests do not end), beside one that was done.
    (void)await(service.run(requestOf(OperationKind::Down, "home"), true, {}));
    OperationRequest down = requestOf(OperationKind::Down, "gcp");
    down.drainLimit = std::chrono::seconds(3600);
    down.lastBackendOverride = down.node;
    RunningOperation *running = await(service.start(down, true, {}));
    settle();
    window.showNode(QStringLiteral("gcp"));
    window.showOperations();
    shootWindow(window, QStringLiteral("ops-running"));
    running->requestStop();
    settle();
    ways.nodes[QStringLiteral("gcp")].running = 0;
    down.drainLimit = std::chrono::seconds(5);
    (void)await(service.run(down, true, {}));
    ways.failures.emplace(QStringLiteral("start gcp"), gcp::noCapacity(QStringLiteral("us-central1-a")));
    ways.failures.emplace(QStringLiteral("start gcp as 0"), gcp::noCapacity(QStringLiteral("us-central1-b")));
    (void)await(service.run(requestOf(OperationKind::Up, "gcp"), true, {}));
    settle();
    window.showOperations();
    shootWindow(window, QStringLiteral("ops-failed"));

    OperationSummary cut;
    cut.id = newOperationId();
    cut.kind = QStringLiteral("down");
    cut.target = QStringLiteral("gcp");
    cut.who = QStringLiteral("op@desk, hybridge");
    cut.begun = ways.clock.now();
    for (const SequenceStepName &step : {SequenceStepName {"Take the node out of routing", StepState::Skipped}, SequenceStepName {"Wait until no request runs", StepState::Done},
             SequenceStepName {"Stop the model server", StepState::Running}, SequenceStepName {"Stop the machine", StepState::Pending}}) {
        StepReport report;
        report.name = QString::fromLatin1(step.name);
        report.state = step.state;
        cut.steps.append(report);
    }
    window.setInterrupted({cut});
    window.showOperations();
    shootWindow(window, QStringLiteral("ops-interrupted"));
    window.setFleet(nullptr);
}

} // namespace hybridge
