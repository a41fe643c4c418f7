// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/transientunits.h"

#include <algorithm>

namespace hybridge::lab {

TransientUnits::TransientUnits(World &world, Launch launch, Kill kill)
    : m_world(world)
    , m_launch(std::move(launch))
    , m_kill(std::move(kill))
{
}

TransientUnits::~TransientUnits()
{
    const std::lock_guard lock(m_mutex);
    for (const TransientUnit &unit : m_units)
        m_world.cancel(unit.timer);
}

/// A machine that stopped, or stopped and started again, has forgotten its transient units.
void TransientUnits::forgetDeadLocked()
{
    m_units.remove_if([this](const TransientUnit &unit) {
        const MachineState machine = m_world.machine(unit.node);
        return !machine.up || machine.lastStart > unit.since;
    });
}

TransientUnit *TransientUnits::findLocked(const std::string &node, const std::string &name)
{
    forgetDeadLocked();
    const auto found = std::find_if(m_units.begin(), m_units.end(),
        [&](const TransientUnit &unit) { return unit.node == node && unit.name == name; });
    return found == m_units.end() ? nullptr : &*found;
}

bool TransientUnits::arm(const std::string &node, const std::string &name, std::chrono::microseconds delay,
    std::vector<std::string> argv, bool collect, const std::string &description)
{
    const std::lock_guard lock(m_mutex);
    if (findLocked(node, name))
        return false;
    TransientUnit unit;
    unit.node = node;
    unit.name = name;
    unit.argv = std::move(argv);
    unit.description = description;
    unit.collect = collect;
    unit.hasTimer = true;
    unit.since = Wall::now();
    unit.due = unit.since + std::chrono::duration_cast<Wall::duration>(delay);
    unit.timer = m_world.after(
        delay, [this, node, name] { fire(node, name); }, node);
    m_units.push_back(std::move(unit));
    m_world.appendJournal(node, "systemd:" + name + ".timer", 6, "Started " + description + ".");
    return true;
}

bool TransientUnits::run(const std::string &node, const std::string &name, std::vector<std::string> argv, bool collect,
    const std::string &description)
{
    {
        const std::lock_guard lock(m_mutex);
        if (findLocked(node, name))
            return false;
        TransientUnit unit;
        unit.node = node;
        unit.name = name;
        unit.argv = std::move(argv);
        unit.description = description;
        unit.collect = collect;
        unit.since = Wall::now();
        m_units.push_back(std::move(unit));
    }
    fire(node, name);
    return true;
}

void TransientUnits::fire(const std::string &node, const std::string &name)
{
    std::vector<std::string> argv;
    std::string description;
    {
        const std::lock_guard lock(m_mutex);
        TransientUnit *unit = findLocked(node, name);
        if (!unit)
            return;
        unit->phase = TransientUnit::Phase::Running;
        argv = unit->argv;
        description = unit->description;
    }
    m_world.appendJournal(node, "systemd:" + name, 6, "Started " + description + ".");
    m_launch(node, name, std::move(argv), [this, node, name](int exitCode) { ended(node, name, exitCode); });
}

void TransientUnits::ended(const std::string &node, const std::string &name, int exitCode)
{
    {
        const std::lock_guard lock(m_mutex);
        TransientUnit *unit = findLocked(node, name);
        if (!unit)
            return;
        if (unit->stopping)
            exitCode = 0;
        if (exitCode == 0 || unit->collect) {
            m_units.remove_if([unit](const TransientUnit &other) { return &other == unit; });
        } else {
            unit->phase = TransientUnit::Phase::Failed;
            unit->exitCode = exitCode;
            unit->hasTimer = false;
        }
    }
    if (exitCode == 0) {
        m_world.appendJournal(node, "systemd:" + name, 6, name + ".service: Deactivated successfully.");
        return;
    }
    m_world.appendJournal(node, "systemd:" + name, 5,
        name + ".service: Main process exited, code=exited, status=" + std::to_string(exitCode) + "/n/a");
    m_world.appendJournal(node, "systemd:" + name, 4, name + ".service: Failed with result 'exit-code'.");
}

std::optional<TransientUnit> TransientUnits::find(const std::string &node, const std::string &name)
{
    const std::lock_guard lock(m_mutex);
    const TransientUnit *unit = findLocked(node, name);
    return unit ? std::optional(*unit) : std::nullopt;
}

std::vector<TransientUnit> TransientUnits::timers(const std::string &node)
{
    const std::lock_guard lock(m_mutex);
    forgetDeadLocked();
    std::vector<TransientUnit> list;
    std::copy_if(m_units.begin(), m_units.end(), std::back_inserter(list),
        [&](const TransientUnit &unit) { return unit.node == node && unit.hasTimer; });
    return list;
}

bool TransientUnits::stopTimer(const std::string &node, const std::string &name)
{
    const std::lock_guard lock(m_mutex);
    TransientUnit *unit = findLocked(node, name);
    if (!unit || !unit->hasTimer)
        return false;
    m_world.cancel(unit->timer);
    if (unit->phase == TransientUnit::Phase::Running)
        unit->hasTimer = false; // the service that it has started goes on
    else
        m_units.remove_if([unit](const TransientUnit &other) { return &other == unit; });
    return true;
}

bool TransientUnits::stopService(const std::string &node, const std::string &name)
{
    {
        const std::lock_guard lock(m_mutex);
        TransientUnit *unit = findLocked(node, name);
        if (!unit || unit->phase != TransientUnit::Phase::Running)
            return false;
        unit->stopping = true;
    }
    m_kill(node, name);
    return true;
}

bool TransientUnits::resetFailed(const std::string &node, const std::string &name)
{
    const std::lock_guard lock(m_mutex);
    TransientUnit *unit = findLocked(node, name);
    if (!unit || unit->phase != TransientUnit::Phase::Failed)
        return false;
    m_units.remove_if([unit](const TransientUnit &other) { return &other == unit; });
    return true;
}

} // namespace hybridge::lab
