// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What nearly every file of the backend and its tests includes anyway, parsed once for all of them. A source file still
// includes what it uses: the build without precompiled headers must work too (CMAKE_DISABLE_PRECOMPILE_HEADERS).
#pragma once

#include <QCoroSignal>
#include <QCoroTask>

#include <QByteArray>
#include <QCoreApplication>
#include <QDateTime>
#include <QHash>
#include <QList>
#include <QObject>
#include <QPointer>
#include <QRegularExpression>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <QUrl>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
